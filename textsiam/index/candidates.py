"""All pairs of texts that a model calls the same: exactly where products tell, else among near texts, with a recall."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
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
    """Places i < j of texts, int64 (m,) each, and the probabilities, float32 (m,), by rising (i, j).

    ``recall``: None where none can have been missed.
    """

    left: Array
    right: Array
    probabilities: Array
    recall: Recall | None


class Corpus(NamedTuple):
    """Distinct texts, their vectors, float32 (n, D), and the model that made them."""

    model: Scorer
    texts: list[str]
    vectors: Array


def pairs_of_corpus(
    corpus: Corpus, threshold: float, *, neighbours: int, threads: int | None, show_progress: bool
) -> Reaching:
    """Find the pairs whose probability reaches a threshold.

    Where the head's score follows from products of vectors, all of them; else those among each text's ``neighbours``
    nearest by cosine, and a recall that was measured by scoring some texts against all. Raises OptionError where more
    than 20 million pairs reach it.
    """
    bound = corpus.model.products(corpus.vectors, threshold)
    if bound is not None:
        return _gathered(_by_products(corpus, bound, threads, show_progress), threshold)
    with progress("looking for near texts", len(corpus.texts), "texts", show=show_progress) as bar:
        near = nearest(_unit(corpus.vectors), neighbours, threads=threads, advance=bar.advance)
    found = _gathered(_among(corpus, near, show_progress), threshold)
    recall = None if near.shape[1] >= len(corpus.texts) - 1 else _measured_recall(corpus, near, threshold)
    return found._replace(recall=recall)


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


def _by_products(corpus: Corpus, bound: Bound, threads: int | None, show: bool) -> Generator[Scored, None, None]:
    number = len(corpus.texts)
    with progress("searching", number * (number + 1) // 2, "pairs", show=show) as bar:
        parts = pairs_reaching(bound.left, bound.right, bound.at_least, one_list=True, threads=threads)
        for part in parts:
            for first in range(0, len(part.left), SCORED_AT_ONCE):
                left, right = (side[first : first + SCORED_AT_ONCE] for side in (part.left, part.right))
                yield left, right, probabilities_of(corpus, left, right)
            bar.advance(part.looked_at)


def _among(corpus: Corpus, near: Array, show: bool) -> Generator[Scored, None, None]:
    """Score each text with its near ones, each pair once."""
    number = len(near)
    rows = np.repeat(np.arange(number), near.shape[1])
    keys = np.unique(np.minimum(rows, near.ravel()) * number + np.maximum(rows, near.ravel()))
    with progress("scoring", len(keys), "pairs", show=show) as bar:
        for first in range(0, len(keys), SCORED_AT_ONCE):
            left, right = np.divmod(keys[first : first + SCORED_AT_ONCE], number)
            yield left, right, probabilities_of(corpus, left, right)
            bar.advance(len(left))


def _gathered(parts: Generator[Scored, None, None], threshold: float) -> Reaching:
    kept, number = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))], 0
    with closing(parts):  # threads end at once where an error is raised
        for left, right, probabilities in parts:
            reach = probabilities >= np.float32(threshold)
            kept.append((left[reach], right[reach], probabilities[reach]))
            number += int(reach.sum())
            if number > MOST_PAIRS:
                raise TooManyPairsError(
                    f"more than {MOST_PAIRS:,} pairs reach the threshold {threshold:g}; give a higher one"
                )
    left, right, probabilities = (np.concatenate(side) for side in zip(*kept, strict=True))
    order = np.lexsort((right, left))
    return Reaching(left[order], right[order], probabilities[order], None)


def _measured_recall(corpus: Corpus, near: Array, threshold: float) -> Recall:
    """Score some texts, from all over, with all others."""
    number = len(near)
    rows = np.unique(np.linspace(0, number - 1, max(LEAST_ROWS, SCORED_FOR_RECALL // number)).astype(np.int64))
    found = reaching = 0
    everything = np.arange(number)
    for row in rows.tolist():
        others = everything[everything != row]
        reach = others[probabilities_of(corpus, np.full(len(others), row), others) >= np.float32(threshold)]
        is_near = np.isin(reach, near[row]) | (near[reach] == row).any(axis=1)
        found, reaching = found + int(is_near.sum()), reaching + len(reach)
    return Recall(found, reaching, len(rows))


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Array = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit
