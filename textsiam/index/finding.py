"""Which entries of an index are the same as a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.index.cosines import cosines_of
from textsiam.index.matrix import Nearest
from textsiam.index.memory_search import Search
from textsiam.index.relations import text_hash
from textsiam.index.scorer import IndexModel
from textsiam.index.store import Entry, Store
from textsiam.text.normalization import normalize_text

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

    def __init__(self, store: Store, search: Search, model: IndexModel, neighbours: int) -> None:
        self.store, self.search, self.model, self.neighbours = store, search, model, neighbours

    def find(self, texts: Sequence[str], vectors: Array, wanted: Wanted) -> list[list[Match]]:
        """Find the matches of each text, by falling probability; inside of a reading transaction."""
        self.search.refresh()
        count = 2 * (wanted.limit or 50) + 8
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
        while True:
            ids = sorted({*near.ids.tolist(), *surely.values()})
            found = self._scored(text, vector, ids, verdicts, wanted)
            if near.all or self._are_enough(found, wanted):
                return found[: wanted.limit]
            count *= WIDER
            near = self.search.near(vector[None], count, wanted.threshold)[0]

    def _are_enough(self, found: list[Match], wanted: Wanted) -> bool:
        """Tell whether those further off need no look: they are less probable, or that many are never scored."""
        if wanted.limit is None:
            return not self.search.ranks
        return len(found) >= wanted.limit or not (self.search.ranks or wanted.where)

    def _scored(
        self, text: str, vector: Array, ids: list[int], verdicts: Mapping[bytes, bool], wanted: Wanted
    ) -> list[Match]:
        # what is gone meanwhile is not there, and empty texts are not the same as anything
        texts = {number: text for number, text in self.store.texts(ids).items() if normalize_text(text.text)}
        there, vectors = self.store.vectors(texts)
        if not there:
            return []
        probabilities = self._probabilities(text, vector, [texts[number].text for number in there], vectors)
        cosines = cosines_of(np.broadcast_to(vector, vectors.shape), vectors)
        own = text_hash(text)
        ranked: list[tuple[float, float, int, bool | None]] = []
        for number, probability, cosine in zip(there, probabilities.tolist(), cosines.tolist(), strict=True):
            other = texts[number].hash
            verdict = verdicts.get(other)
            if other == own:
                ranked.append((-1.0, -1.0, number, None))
            elif verdict or (verdict is None and probability >= np.float32(wanted.threshold)):
                ranked.append((-1.0 if verdict else -probability, -cosine, number, verdict))
        entries = self.store.entries_of(number for *_, number, _ in ranked)
        return [
            Match(entry.key, entry.text, -probability, -cosine, entry.attributes, verdict)
            for probability, cosine, number, verdict in sorted(ranked, key=lambda rank: rank[:3])
            for entry in entries.get(number, ())
            if wanted.fits(entry)
        ]

    def _probabilities(self, text: str, vector: Array, texts: list[str], vectors: Array) -> Array:
        try:
            return self.model.compare_vectors(np.repeat(vector[None], len(vectors), axis=0), vectors)
        except OptionError:  # the head compares tokens of texts
            return self.model.score_pairs([(text, other) for other in texts])


def _is(value: object, wanted: object) -> bool:
    if isinstance(wanted, list | tuple | set | frozenset):
        return any(_is(value, one) for one in wanted)
    return type(value) is type(wanted) and value == wanted
