"""Texts and vectors among which pairs are looked for, in one list or between two, and how pairs are scored."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.index.scorer import Scorer

SCORED_AT_ONCE = 20_000


class Sides(NamedTuple):
    """Two lists in one corpus: rising places of the texts of each, int64, which may share some.

    ``rows``: the number of rows, int64 (n,), that each of all places stands for on the left.
    """

    left: Array
    right: Array
    rows: Array


class Bound(NamedTuple):
    """Pairs (i, j) that can reach a threshold have ``left[i] @ right[j] >= at_least``, but for rounding.

    float32 (n, K) each; infinite where no pair can, minus infinity where all might. ``ranking``: see ``scorer.Frame``.
    """

    left: Array
    right: Array
    at_least: float
    ranking: str


class Corpus(NamedTuple):
    """Distinct texts, their vectors, float32 (n, D), and the model that made them.

    Pairs are looked for among all of them, i < j, or between two ``sides``, where a text is no pair with itself.
    """

    model: Scorer
    texts: list[str]
    vectors: Array
    sides: Sides | None = None

    def bound(self, threshold: float) -> Bound | None:
        """Give the products that tell which pairs can reach a threshold; None where the head lets none tell."""
        frame = self.model.frame(self.vectors) if len(self.vectors) else None
        if frame is None:
            return None
        at_least = frame.at_least(self.model.calibration.least_raw(threshold))
        return Bound(*frame.sides(self.vectors), at_least, frame.ranking)

    def of_sides(self, left: Array, right: Array) -> tuple[Array, Array]:
        """Give what belongs to the texts of either side, of arrays (n, ...) for all."""
        return (left, right) if self.sides is None else (left[self.sides.left], right[self.sides.right])

    def places(self, left: Array, right: Array) -> tuple[Array, Array]:
        """Give the places in the corpus of pairs by their places on the two sides; none of a text with itself."""
        if self.sides is not None:
            left, right = self.sides.left[left], self.sides.right[right]
        other = left != right
        return left[other], right[other]


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
