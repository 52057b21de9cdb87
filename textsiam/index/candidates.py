"""All pairs of texts that a model calls the same: exactly where products tell, else among near texts, with a recall."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.index.neighbours import nearest
from textsiam.index.scorer import Bound, Scorer
from textsiam.index.search import pairs_reaching
from textsiam.progress import progress

SCORED_AT_ONCE = 20_000
MOST_PAIRS = 20_000_000
SCORED_FOR_RECALL = 1_000_000  # pairs, about, by which a recall is measured
LEAST_ROWS = 20

Scored = tuple[Array, Array, Array]  # places on the left, on the right, probabilities


class TooManyPairsError(OptionError):
    """A threshold lets more pairs through than are kept."""


class Recall(NamedTuple):
    """Of ``reaching`` pairs that reach a threshold ``found`` were found: those of ``texts`` texts with all others.

    A pair of two of these texts counts for each of them.
    """

    found: int
    reaching: int
    texts: int


class Reaching(NamedTuple):
    """Places of texts, int64 (m,) each, and the probabilities, float32 (m,), that reach a threshold, by rising places.

    ``recall``: None where none can have been missed.
    """

    left: Array
    right: Array
    probabilities: Array
    threshold: float
    recall: Recall | None


class Sides(NamedTuple):
    """Two lists in one corpus: rising places of the texts of each, int64, which may share some.

    ``rows``: the number of rows, int64 (n,), that each of all places stands for on the left.
    """

    left: Array
    right: Array
    rows: Array


class Corpus(NamedTuple):
    """Distinct texts, their vectors, float32 (n, D), and the model that made them.

    Pairs are looked for among all of them, i < j, or between two ``sides``, where a text is no pair with itself.
    """

    model: Scorer
    texts: list[str]
    vectors: Array
    sides: Sides | None = None

    def of_sides(self, left: Array, right: Array) -> tuple[Array, Array]:
        """Give what belongs to the texts of either side, of arrays (n, ...) for all."""
        return (left, right) if self.sides is None else (left[self.sides.left], right[self.sides.right])

    def places(self, left: Array, right: Array) -> tuple[Array, Array]:
        """Give the places in the corpus of pairs by their places on the two sides; none of a text with itself."""
        if self.sides is None:
            return left, right
        left, right = self.sides.left[left], self.sides.right[right]
        other = left != right
        return left[other], right[other]


@dataclass(frozen=True)
class Search:
    """How the pairs of a corpus are looked for.

    Where the head's score follows from products of vectors, all are found; else those among each text's ``neighbours``
    nearest by cosine, and a recall is measured by scoring some texts against all. ``threads``: None takes all
    processors.
    """

    corpus: Corpus
    neighbours: int
    threads: int | None
    show_progress: bool

    def pairs(self, threshold: float) -> Reaching:
        """Find the pairs whose probability reaches a threshold; TooManyPairsError for more than 20 million."""
        bound = self.corpus.model.products(self.corpus.vectors, threshold)
        if bound is not None:
            return self._gathered(self._by_products(bound), threshold)
        near = self._near()
        found = self._gathered(self._among(near), threshold)
        others = len(self.corpus.texts) - 1 if self.corpus.sides is None else len(self.corpus.sides.right)
        if not len(near) or near.shape[1] >= others:
            return found
        return found._replace(recall=_measured_recall(self.corpus, near, found))

    def again(self, found: Reaching, threshold: float) -> Reaching:
        """Give the pairs of another threshold: of a higher one those of ``found`` that reach it."""
        if threshold < found.threshold:
            return self.pairs(threshold)
        reach = found.probabilities >= np.float32(threshold)
        left, right, probabilities = (side[reach] for side in found[:3])
        return Reaching(left, right, probabilities, threshold, found.recall)

    def _near(self) -> Array:
        """Give the places, on the right, of the nearest of each text on the left."""
        unit = _unit(self.corpus.vectors)
        left, right = self.corpus.of_sides(unit, unit)
        with progress("looking for near texts", len(left), "texts", show=self.show_progress) as bar:
            among = None if self.corpus.sides is None else right
            return nearest(left, self.neighbours, among=among, threads=self.threads, advance=bar.advance)

    def _by_products(self, bound: Bound) -> Generator[Scored, None, None]:
        left, right = self.corpus.of_sides(bound.left, bound.right)
        one_list = self.corpus.sides is None
        total = len(left) * (len(left) + 1) // 2 if one_list else len(left) * len(right)
        with (
            progress("searching", total, "pairs", show=self.show_progress) as bar,
            closing(pairs_reaching(left, right, bound.at_least, one_list=one_list, threads=self.threads)) as parts,
        ):
            for part in parts:
                yield self._scored(part.left, part.right)
                bar.advance(part.looked_at)

    def _among(self, near: Array) -> Generator[Scored, None, None]:
        """Score each text with its near ones, each pair once."""
        rows, others = np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()
        width = len(near)
        if self.corpus.sides is None:
            rows, others = np.minimum(rows, others), np.maximum(rows, others)
        else:
            width = len(self.corpus.sides.right)
        keys = np.unique(rows * width + others)
        with progress("scoring", len(keys), "pairs", show=self.show_progress) as bar:
            for first in range(0, len(keys), SCORED_AT_ONCE):
                some = keys[first : first + SCORED_AT_ONCE]
                yield self._scored(*np.divmod(some, width))
                bar.advance(len(some))

    def _scored(self, left: Array, right: Array) -> Scored:
        left, right = self.corpus.places(left, right)
        return left, right, probabilities_of(self.corpus, left, right)

    def _gathered(self, parts: Generator[Scored, None, None], threshold: float) -> Reaching:
        kept, number = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))], 0
        with closing(parts):  # threads end at once where an error is raised
            for left, right, probabilities in parts:
                reach = probabilities >= np.float32(threshold)
                if not reach.any():
                    continue
                kept.append((left[reach], right[reach], probabilities[reach]))
                number += self._rows(left[reach])
                if number > MOST_PAIRS:
                    raise TooManyPairsError(
                        f"more than {MOST_PAIRS:,} pairs reach the threshold {threshold:g}; give a higher one"
                    )
        left, right, probabilities = (np.concatenate(side) for side in zip(*kept, strict=True))
        order = np.lexsort((right, left))
        return Reaching(left[order], right[order], probabilities[order], threshold, None)

    def _rows(self, left: Array) -> int:
        """Count the pairs of rows that pairs of texts stand for."""
        return len(left) if self.corpus.sides is None else int(self.corpus.sides.rows[left].sum())


def probabilities_of(corpus: Corpus, left: Array, right: Array) -> Array:
    """Score pairs of texts by their places, (m,) each, float32 (m,)."""
    parts = [np.zeros(0, dtype=np.float32)]
    for first in range(0, len(left), SCORED_AT_ONCE):
        i, j = left[first : first + SCORED_AT_ONCE], right[first : first + SCORED_AT_ONCE]
        try:
            parts.append(corpus.model.compare_vectors(corpus.vectors[i], corpus.vectors[j]))
        except OptionError:  # the head compares tokens of texts
            texts = corpus.texts
            pairs = [(texts[a], texts[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
            parts.append(corpus.model.score_pairs(pairs))
    return np.concatenate(parts)


def _measured_recall(corpus: Corpus, near: Array, searched: Reaching) -> Recall:
    """Score some texts of the left, from all over, with all of the right."""
    places = np.arange(len(corpus.texts))
    left, right = corpus.of_sides(places, places)
    rows = np.unique(np.linspace(0, len(left) - 1, max(LEAST_ROWS, SCORED_FOR_RECALL // len(right))).astype(np.int64))
    found = reaching = 0
    for row in rows.tolist():
        others = np.flatnonzero(right != left[row])
        probabilities = probabilities_of(corpus, np.full(len(others), left[row]), right[others])
        reach = others[probabilities >= np.float32(searched.threshold)]
        is_near = np.isin(reach, near[row])
        if corpus.sides is None:
            is_near |= (near[reach] == row).any(axis=1)
        found, reaching = found + int(is_near.sum()), reaching + len(reach)
    return Recall(found, reaching, len(rows))


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Array = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit
