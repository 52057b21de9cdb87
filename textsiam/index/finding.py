"""Which entries of an index are the same as a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.index.cosines import cosines_of
from textsiam.index.matrix import Nearest
from textsiam.index.memory_search import Search
from textsiam.index.relations import text_hash
from textsiam.index.scorer import Scorer
from textsiam.index.store import Entry, Store
from textsiam.text.normalization import normalize_text

NOTHING = text_hash("")  # of blank texts, which nothing is the same as
WIDER = 8  # times as many texts are looked at where too few entries have the attributes that are asked for


class Match(NamedTuple):
    """An entry of an index that is the same as a text; copies, but for case and white space, have probability 1.

    ``verdict``: whether a person said so (then the probability is 1), else None.
    """

    key: str
    text: str
    probability: float
    cosine: float
    attributes: Mapping[str, Any]
    verdict: bool | None


class Wanted(NamedTuple):
    """What is looked for: at most ``limit`` entries (None: all) from ``threshold`` on, with attributes ``where``."""

    limit: int | None
    threshold: float
    where: Mapping[str, Any]

    def fits(self, entry: Entry) -> bool:
        """Tell whether an entry has the attributes; of several values that are given it needs one."""
        return all(
            name in entry.attributes and _is(entry.attributes[name], value) for name, value in self.where.items()
        )


class Finder:
    """Finds in the ``store`` by ``search``; heads of which products tell nothing score ``neighbours`` near texts."""

    def __init__(self, store: Store, search: Search, model: Scorer, neighbours: int) -> None:
        self.store, self.search, self.model, self.neighbours = store, search, model, neighbours

    def find(self, texts: Sequence[str], vectors: Array, wanted: Wanted) -> list[list[Match]]:
        """Find the matches of each text, by falling probability; inside of a reading transaction."""
        self.search.refresh()
        count = max(2 * (wanted.limit or 50), 16)
        count = count if self.search.ranks else max(self.neighbours, count)
        near = self.search.near(vectors, count, wanted.threshold)
        return [
            self._matches(text, vector, wanted, first, count)
            for text, vector, first in zip(texts, vectors, near, strict=True)
        ]

    def _matches(self, text: str, vector: Array, wanted: Wanted, near: Nearest, count: int) -> list[Match]:
        if not normalize_text(text):
            return []
        verdicts = self.store.relations.verdicts_of(text_hash(text))
        surely = self.store.ids([text_hash(text), *(other for other, same in verdicts.items() if same)])
        query = _Query(text, vector, verdicts, wanted)
        fitting = self._scored(query, surely.values())
        looked_at = set(surely.values())
        while True:
            new = [number for number in near.ids.tolist() if number not in looked_at]
            fitting += self._scored(query, new)
            looked_at.update(new)
            if near.all or self._are_enough(fitting, wanted):
                return self._ranked(fitting, wanted)
            count *= WIDER
            near = self.search.near(vector[None], count, wanted.threshold)[0]

    def _are_enough(self, fitting: list[_Scored], wanted: Wanted) -> bool:
        """Tell whether texts further off need no look: they are less probable, or that many are never scored."""
        if not self.search.ranks:
            return len(fitting) >= self.neighbours
        found = sum(len(one.entries) for one in fitting if one.reaches)
        return wanted.limit is not None and found >= wanted.limit

    def _ranked(self, fitting: list[_Scored], wanted: Wanted) -> list[Match]:
        found = sorted((one for one in fitting if one.reaches), key=_rank)
        matches = [
            Match(entry.key, entry.text, -one.probability, -one.cosine, entry.attributes, one.verdict)
            for one in found
            for entry in one.entries
        ]
        return matches[: wanted.limit]

    def _scored(self, query: _Query, ids: Iterable[int]) -> list[_Scored]:
        """Score those of some texts that are there, are not empty and have entries with the attributes."""
        text, vector, verdicts, wanted = query
        entries = self._fitting(ids, wanted) if wanted.where else None  # before anything is scored, where few may fit
        texts, vectors = self.store.texts_and_vectors(ids if entries is None else entries)
        if not texts:
            return []
        probabilities = self._probabilities(text, vector, [other.text for other in texts], vectors)
        cosines = cosines_of(vector[None], vectors)
        own, found = text_hash(text), []
        for (number, other, _), probability, cosine in zip(
            texts, probabilities.tolist(), cosines.tolist(), strict=True
        ):
            verdict = verdicts.get(other)
            if other == own:
                found.append(_Scored(-1.0, -1.0, number, None, True, []))
            elif other != NOTHING:
                reaches = verdict or (verdict is None and probability >= np.float32(wanted.threshold))
                found.append(_Scored(-1.0 if verdict else -probability, -cosine, number, verdict, bool(reaches), []))
        if entries is None:
            best = sorted((one for one in found if one.reaches), key=_rank)[
                : wanted.limit
            ]  # each has an entry at least
            entries = self._fitting((one.id for one in best), wanted)
        return [one._replace(entries=entries.get(one.id, [])) for one in found]

    def _fitting(self, ids: Iterable[int], wanted: Wanted) -> dict[int, list[Entry]]:
        """Give the entries of some texts that have the attributes, of those texts that have some."""
        entries = self.store.entries_of(ids).items()
        fitting = ((number, [entry for entry in own if wanted.fits(entry)]) for number, own in entries)
        return {number: own for number, own in fitting if own}

    def _probabilities(self, text: str, vector: Array, texts: list[str], vectors: Array) -> Array:
        try:
            return self.model.compare_vectors(np.repeat(vector[None], len(vectors), axis=0), vectors)
        except OptionError:  # the head compares tokens of texts
            return self.model.score_pairs([(text, other) for other in texts])


class _Query(NamedTuple):
    """A text that is looked for, its vector, what people said of it and others, by their hashes, and what is wanted."""

    text: str
    vector: Array
    verdicts: Mapping[bytes, bool]
    wanted: Wanted


class _Scored(NamedTuple):
    """A text of the index with the entries that fit; probability and cosine are negative, so that it sorts by them."""

    probability: float
    cosine: float
    id: int
    verdict: bool | None
    reaches: bool
    entries: list[Entry]


def _rank(one: _Scored) -> tuple[float, float, int]:
    return one[:3]


def _is(value: object, wanted: object) -> bool:
    if isinstance(wanted, list):
        return any(_is(value, one) for one in wanted)
    return type(value) is type(wanted) and value == wanted
