"""Pairs that were found, and the lists of texts in which they are looked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from numbers import Real
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError, check_integer
from textsiam.index.approximate import usearch
from textsiam.index.corpus import SCORED_AT_ONCE, Corpus
from textsiam.index.cosines import cosines_of
from textsiam.text.checks import check_no_table, checked_texts
from textsiam.text.normalization import normalize_text


class FoundPair(NamedTuple):
    """Two rows whose texts are the same, of one list row_a < row_b; copies have probability and cosine 1.

    Of texts with copies the least spelling is scored.
    """

    row_a: int
    row_b: int
    text_a: str
    text_b: str
    probability: float
    cosine: float


class FoundRows(NamedTuple):
    """Pairs as arrays, int64 (n,): rows of the two lists, and the places of their texts in a corpus, equal of copies.

    ``probabilities``: float32 (n,).
    """

    rows_a: Array
    rows_b: Array
    left: Array
    right: Array
    probabilities: Array

    def pairs(self, corpus: Corpus, texts: list[str], against: list[str]) -> Iterator[FoundPair]:
        """Give them by falling probability, then by rows, a few at a time, for millions take gigabytes."""
        order = np.lexsort((self.rows_b, self.rows_a, -self.probabilities))
        for first in range(0, len(order), SCORED_AT_ONCE):
            rows_a, rows_b, left, right, probabilities = (side[order[first : first + SCORED_AT_ONCE]] for side in self)
            cosines = cosines_of(corpus.vectors[left], corpus.vectors[right])
            cosines[left == right] = 1
            columns = (side.tolist() for side in (rows_a, rows_b, probabilities, cosines))
            for i, j, probability, cosine in zip(*columns, strict=True):
                yield FoundPair(i, j, texts[i], against[j], probability, cosine)


def copies_of(texts: list[str]) -> dict[str, list[int]]:
    """Give the rows, rising, of each text that normalisation makes; empty texts are left out."""
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        rows.setdefault(normalize_text(text), []).append(row)
    rows.pop("", None)
    return rows


def checked_list(texts: Iterable[str], name: str = "texts") -> list[str]:
    """Give the texts as a list; OptionError for what has no order or is no list of texts."""
    check_no_table(texts, name)
    if not isinstance(texts, Iterable) or isinstance(texts, Set | Mapping):
        raise OptionError(f"{name} is a {type(texts).__name__}, expected a list of texts")
    return checked_texts(texts, name)


def checked_threshold(threshold: float) -> float:
    """Give a threshold as a float; OptionError unless it is a probability above 0."""
    if isinstance(threshold, bool) or not isinstance(threshold, Real) or not 0 < float(threshold) <= 1:
        raise OptionError(f"threshold is {threshold!r}, expected a probability above 0 and at most 1")
    return float(threshold)


def check_search(
    threshold: float | None, neighbours: int, threads: int | None = None, approximate: bool | None = None
) -> None:
    """Raise OptionError for options of a search that are out of range, MissingExtraError for what is not installed."""
    if threshold is not None:
        checked_threshold(threshold)
    check_integer("neighbours", neighbours, least=1)
    if threads is not None:
        check_integer("threads", threads, least=1)
    if approximate not in (None, True, False):
        raise OptionError(f"approximate is {approximate!r}, expected True, False or None")
    if approximate:
        usearch()
