"""All pairs of texts that a model calls the same: exactly where products tell, else among near texts, with a recall."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.index.neighbours import nearest
from textsiam.index.run_folder import Run, Scored, joined
from textsiam.index.scorer import Bound, Scorer
from textsiam.index.search import BLOCK, pairs_reaching
from textsiam.progress import progress

SCORED_AT_ONCE = 20_000
MOST_PAIRS = 20_000_000
SCORED_FOR_RECALL = 1_000_000  # pairs, about, by which a recall is measured
LEAST_ROWS = 20
SAMPLE = 200  # texts by which a model is known again


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

    def pairs(self, threshold: float, run: Run | None = None) -> Reaching:
        """Find the pairs whose probability reaches a threshold; TooManyPairsError for more than 20 million.

        ``run`` keeps them, and may have some already, from the same search that was stopped.
        """
        run = run or Run()
        if run.folder is not None:
            run.begin(self._identity(threshold), self._sample())
        bound = self.corpus.model.products(self.corpus.vectors, threshold)
        if bound is not None:
            return self._gathered(self._by_products(bound, run), threshold, run)
        near = run.array("near", self._near)
        found = self._gathered(self._among(near, run), threshold, run)
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

    def _by_products(self, bound: Bound, run: Run) -> Generator[Scored, None, None]:
        left, right = self.corpus.of_sides(bound.left, bound.right)
        one_list = self.corpus.sides is None
        total = len(left) * (len(left) + 1) // 2 if one_list else len(left) * len(right)
        parts = pairs_reaching(left, right, bound.at_least, one_list=one_list, threads=self.threads, skip=run.done)
        with progress("searching", total, "pairs", show=self.show_progress, done=run.looked_at) as bar, closing(parts):
            for part in parts:
                yield self._scored(*part)
                bar.advance(part.looked_at)

    def _among(self, near: Array, run: Run) -> Generator[Scored, None, None]:
        """Score each text with its near ones, each pair once."""
        rows, others = np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()
        width = len(near)
        if self.corpus.sides is None:
            rows, others = np.minimum(rows, others), np.maximum(rows, others)
        else:
            width = len(self.corpus.sides.right)
        keys = np.unique(rows * width + others)
        with progress("scoring", len(keys), "pairs", show=self.show_progress, done=run.looked_at) as bar:
            for first in range(run.done * SCORED_AT_ONCE, len(keys), SCORED_AT_ONCE):
                some = keys[first : first + SCORED_AT_ONCE]
                yield self._scored(*np.divmod(some, width), len(some))
                bar.advance(len(some))

    def _scored(self, left: Array, right: Array, looked_at: int) -> Scored:
        left, right = self.corpus.places(left, right)
        return Scored(left, right, probabilities_of(self.corpus, left, right), looked_at)

    def _gathered(self, parts: Generator[Scored, None, None], threshold: float, run: Run) -> Reaching:
        number = sum(self._rows(part.left) for part in run.parts)
        with run.kept(), closing(parts):  # threads end at once where an error is raised
            for left, right, probabilities, looked_at in parts:
                reach = probabilities >= np.float32(threshold)
                part = Scored(left[reach], right[reach], probabilities[reach], looked_at)
                number += self._rows(part.left)
                if number > MOST_PAIRS:
                    run.remove()
                    raise TooManyPairsError(
                        f"more than {MOST_PAIRS:,} pairs reach the threshold {threshold:g}; give a higher one"
                    )
                run.add(part)
        left, right, probabilities = joined(run.parts)[:3]
        order = np.lexsort((right, left))
        return Reaching(left[order], right[order], probabilities[order], threshold, None)

    def _identity(self, threshold: float) -> str:
        """Give a fingerprint of texts and options; the size of steps is part of it."""
        sides = () if self.corpus.sides is None else self.corpus.sides
        options = (self.neighbours, threshold, BLOCK, SCORED_AT_ONCE, len(self.corpus.texts), *map(len, sides))
        found = hashlib.blake2b(repr(options).encode(), digest_size=16)
        for text in self.corpus.texts:
            spelled = text.encode("utf-8", "surrogatepass")
            found.update(len(spelled).to_bytes(8, "little") + spelled)
        for side in sides:
            found.update(side.tobytes())
        return found.hexdigest()

    def _sample(self) -> Array:
        """Give what the model makes of some texts, from all over, and of each with the next: vectors, probabilities."""
        number = len(self.corpus.texts)
        if number < 2:
            return np.zeros(0, dtype=np.float32)
        places = np.linspace(0, number - 2, min(number - 1, SAMPLE)).astype(np.int64)
        vectors = self.corpus.vectors[places].ravel()
        probabilities = probabilities_of(self.corpus, places, places + 1)
        return np.concatenate([vectors / max(np.abs(vectors).max(), 1e-20), probabilities])

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
