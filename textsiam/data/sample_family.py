"""Families of the sample corpus: one question, a contrasting question for each kind, and pairs drawn between them.

A *question* is an intent with its slots filled. It belongs to one family at most, so no text is in two families and
components stay small.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from textsiam.data.sample_catalogue import Catalogue, neighbours, opposites
from textsiam.data.sample_topics import Intent, Topic
from textsiam.data.sample_wording import Manner, can_exchange_clauses, draw_manner, write_text

KINDS = ("slot", "order", "negation", "intent")
PAIRS_IN_QUAD = 4
QUADS_IN_FAMILY = 5
_TRIES = 60

Link = tuple[str, str, str]
"""Two texts and the kind of their pair: "duplicate" or one of ``KINDS``."""


@dataclass(frozen=True, slots=True)
class _Question:
    """An intent with its slots filled; ``values`` are in the order of the topic's slots."""

    topic: Topic
    intent: Intent
    values: tuple[str, ...]

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        return self.intent.name, self.values


class FamilySource:
    """Draws families whose questions are in no family before."""

    def __init__(self, catalogue: Catalogue, rng: random.Random) -> None:
        self._values, self._rng = catalogue.values, rng
        self._taken: set[tuple[str, tuple[str, ...]]] = set()
        bases = [(topic, intent) for topic in catalogue.topics for intent in topic.intents]
        self._bases = {kind: [base for base in bases if kind in kinds_of(*base)] for kind in KINDS}

    def family(self, needs: Counter[str]) -> list[Link]:
        """Draw a family of up to ``QUADS_IN_FAMILY`` quads of the kinds most needed, and take them off ``needs``."""
        leading = _most_needed(needs, KINDS)
        while True:
            topic, intent = base = self._rng.choice(self._bases[leading])
            plan = _plan(needs, kinds_of(topic, intent))
            questions = self._claim(topic, intent, plan)
            if questions is not None:
                break
            self._bases[leading].remove(base)
        needs.subtract(plan)
        family = _Family(self._rng, questions["duplicate"])
        return [link for kind in plan for link in family.quad(kind, questions[kind])]

    def _claim(self, topic: Topic, intent: Intent, plan: list[str]) -> dict[str, _Question] | None:
        """Find free questions for the base and for each kind of ``plan``; None if there seem to be none left."""
        for _ in range(_TRIES):
            base = _Question(topic, intent, self._draw_values(topic))
            questions = {"duplicate": base} | {kind: self._contrast(base, kind) for kind in sorted(set(plan))}
            keys = {question.key for question in questions.values()}
            if not keys & self._taken:
                self._taken |= keys
                return questions
        return None

    def _draw_values(self, topic: Topic) -> tuple[str, ...]:
        values: list[str] = []
        for kind in topic.slots.values():
            values.append(self._rng.choice([value for value in self._values[kind] if value not in values]))
        return tuple(values)

    def _contrast(self, base: _Question, kind: str) -> _Question:
        topic, intent, values = base.topic, base.intent, base.values
        if kind == "negation":
            return _Question(topic, self._rng.choice(opposites(topic, intent)), values)
        if kind == "intent":
            return _Question(topic, self._rng.choice(neighbours(topic, intent)), values)
        names = list(topic.slots)
        changed = list(values)
        if kind == "order" and topic.ordered is not None:
            first, second = (names.index(name) for name in topic.ordered)
            changed[first], changed[second] = values[second], values[first]
        else:
            place = self._rng.randrange(len(values))
            others = [value for value in self._values[topic.slots[names[place]]] if value not in values]
            changed[place] = self._rng.choice(others)
        return _Question(topic, intent, tuple(changed))


@dataclass(slots=True)
class _Family:
    """Writes the texts of a family and joins them in quads."""

    rng: random.Random
    base: _Question
    manners: dict[tuple[object, int], Manner] = field(default_factory=dict)
    joined: set[frozenset[str]] = field(default_factory=set)

    def quad(self, kind: str, contrast: _Question) -> list[Link]:
        """Join two texts of the base and two of ``contrast`` in a ring whose pairs are all new."""
        for _ in range(_TRIES):
            same_words = kind == "order" and self.rng.random() < 0.5
            texts = self._same_words(contrast) if same_words else self._two_phrasings(kind, contrast)
            # Two phrasings of an "order" quad must go crosswise: straight on, no duplicates would hold the same words.
            crosswise = (kind == "order" and not same_words) or self._coin()
            links = list(_ring(kind, *texts, crosswise=crosswise))
            pairs = {frozenset(link[:2]) for link in links}
            if not pairs & self.joined:
                self.joined |= pairs
                return links
        raise AssertionError(f"intent {self.base.intent.name} has too few phrasings for a family")

    def _same_words(self, contrast: _Question) -> tuple[str, str, str, str]:
        intent = self.base.intent
        able = [i for i, phrasing in enumerate(intent.phrasings) if can_exchange_clauses(phrasing)]
        chosen = self.rng.choice(able)
        x1, x2 = (self._text(self.base, chosen, exchange) for exchange in (False, True))
        y1, y2 = (self._text(contrast, chosen, exchange) for exchange in (False, True))
        return x1, x2, y1, y2

    def _two_phrasings(self, kind: str, contrast: _Question) -> tuple[str, str, str, str]:
        first, second = self.rng.sample(range(len(self.base.intent.phrasings)), 2)
        # A neighbouring intent has phrasings of its own; those of an opposite mirror the base's, number by number.
        alike = kind != "intent" and max(first, second) < len(contrast.intent.phrasings)
        third, fourth = (first, second) if alike else self.rng.sample(range(len(contrast.intent.phrasings)), 2)
        x1, x2 = (self._text(self.base, i, self._coin()) for i in (first, second))
        y1, y2 = (self._text(contrast, i, self._coin()) for i in (third, fourth))
        return x1, x2, y1, y2

    def _text(self, question: _Question, phrasing: int, exchange: bool) -> str:
        # Questions whose slots are exchanged share their manner: only then do their texts hold the same words.
        owner: object = question.intent.name, frozenset(question.values)
        manner = self.manners.get((owner, phrasing)) or self.manners.setdefault(
            (owner, phrasing), draw_manner(self.rng)
        )
        values = dict(zip(question.topic.slots, question.values, strict=True))
        return write_text(question.intent.phrasings[phrasing], values, manner, exchange_clauses=exchange)

    def _coin(self) -> bool:
        return self.rng.random() < 0.5


def kinds_of(topic: Topic, intent: Intent) -> list[str]:
    """Kinds of contrast that ``intent`` has, in the order of ``KINDS``."""
    has = {
        "slot": True,
        "order": topic.ordered is not None,
        "negation": bool(opposites(topic, intent)),
        "intent": bool(neighbours(topic, intent)),
    }
    return [kind for kind in KINDS if has[kind]]


def _ring(kind: str, x1: str, x2: str, y1: str, y2: str, *, crosswise: bool) -> Iterator[Link]:
    yield x1, x2, "duplicate"
    yield x1, y2 if crosswise else y1, kind
    yield y1, y2, "duplicate"
    yield x2, y1 if crosswise else y2, kind


def _most_needed(needs: Counter[str], kinds: tuple[str, ...] | list[str]) -> str:
    return max(kinds, key=lambda kind: needs[kind])


def _plan(needs: Counter[str], kinds: list[str]) -> list[str]:
    left = Counter({kind: needs[kind] for kind in kinds})
    plan: list[str] = []
    while len(plan) < QUADS_IN_FAMILY and left.total():
        kind = _most_needed(left, kinds)
        plan.append(kind)
        left[kind] -= 1
    return plan
