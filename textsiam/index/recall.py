"""How many of the pairs that reach a threshold are among near texts, by a sample of texts compared with all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.index.corpus import SCORED_AT_ONCE, Bound, Corpus, probabilities_of
from textsiam.index.search import pairs_reaching

# pairs, about, by which a recall is measured: each scored, or looked at where products tell which can reach
SCORED_FOR_RECALL, LOOKED_AT_FOR_RECALL = 1_000_000, 1_000_000_000
LEAST_ROWS = 20


class Recall(NamedTuple):
    """Of ``reaching`` pairs that reach a threshold ``found`` were found: those of ``texts`` texts with all others.

    A pair of two of these texts counts for each of them.
    """

    found: int
    reaching: int
    texts: int


def measured_recall(corpus: Corpus, near: Array, threshold: float, bound: Bound | None, threads: int | None) -> Recall:
    """Compare some texts of the left, from all over, with all of the right.

    ``near``: the places, on the right, of near texts of each on the left, int64 (n, k). ``bound``: products that tell
    which pairs can reach the threshold, if any do; then far more texts can be sampled.
    """
    places = np.arange(len(corpus.texts))
    left, right = corpus.of_sides(places, places)
    compared = SCORED_FOR_RECALL if bound is None else LOOKED_AT_FOR_RECALL
    number = min(len(left), max(LEAST_ROWS, compared // len(right)))
    rows = np.linspace(0, len(left) - 1, number).astype(np.int64)
    found = reaching = 0
    for some, others in _compared(corpus, rows, len(right), bound, threads):
        other = np.flatnonzero(left[some] != right[others])
        probabilities = probabilities_of(corpus, left[some[other]], right[others[other]])
        reach = other[probabilities >= np.float32(threshold)]
        i, j = some[reach], others[reach]
        is_near = (near[i] == j[:, None]).any(axis=1)
        if corpus.sides is None:
            is_near |= (near[j] == i[:, None]).any(axis=1)
        found, reaching = found + int(is_near.sum()), reaching + len(i)
    return Recall(found, reaching, len(rows))


def _compared(
    corpus: Corpus, rows: Array, others: int, bound: Bound | None, threads: int | None
) -> Iterator[tuple[Array, Array]]:
    """Give the pairs of some rows of the left with all rows of the right that can reach the threshold, in parts."""
    if bound is None:
        for row in rows.tolist():
            yield np.full(others, row), np.arange(others)
        return
    left, right = corpus.of_sides(bound.left, bound.right)
    for part in pairs_reaching(left[rows], right, bound.at_least, one_list=False, threads=threads):
        for first in range(0, len(part.left), SCORED_AT_ONCE):
            some = slice(first, first + SCORED_AT_ONCE)
            yield rows[part.left[some]], part.right[some]
