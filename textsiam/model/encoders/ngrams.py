"""Runs of consecutive tokens (n-grams) as rows of a table: hashed, for there are too many to number.

The arithmetic is that of 64-bit integers that wrap around, the same in NumPy and torch and on every machine. Shapes: T
tokens of each text first, then any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from textsiam.arrays import Array
from textsiam.text.buckets import exact_length_buckets
from textsiam.text.tokenizer import TokenIds

X = TypeVar("X", bound=Any)  # an int64 array or tensor

ROWS_AT_ONCE = 256  # rows added up one by one
BUCKET_TOKENS = 4_096  # tokens worked on at once: their sums stay in the cache
MULTIPLIER = 6364136223846793005
"""Of Knuth's linear congruential generator MMIX: odd, of scattered bits, and within int64."""
_UPPER, _MASK = 33, 2**31 - 1  # the bits of a product that all of its factors' bits reach


def ngram_rows(ids: X, longest: int, buckets: int) -> Iterator[X]:
    """Give the rows of runs of 2, 3, ... ``longest`` tokens, int64 in [1, buckets): (T - 1, ...), (T - 2, ...), ...

    ``ids`` (int64, (T, ...)) are the tokens, text by text along the first axis; run i starts at token i. A run of
    tokens t1 ... tn has h = 0, then h = (h xor t) * MULTIPLIER mod 2^64 for each t in turn, and the row
    1 + (h div 2^33) mod (buckets - 1). Row 0 stays free for padding.
    """
    mixed = ids * MULTIPLIER
    for length in range(2, longest + 1):
        mixed = (mixed[:-1] ^ ids[length - 1 :]) * MULTIPLIER
        # >> keeps the sign: the mask takes what it has filled up
        yield ((mixed >> _UPPER) & _MASK) % (buckets - 1) + 1


def ngram_means(tokens: TokenIds, table_KD: Array, longest: int) -> Array:
    """Average the rows of each text's n-grams, float32 (n, D); 0 where it has none."""
    means = np.zeros((len(tokens), table_KD.shape[1]), dtype=np.float32)
    for length, texts in exact_length_buckets(tokens.lengths, BUCKET_TOKENS):
        if length > 1:
            ids_TB = tokens.ids[np.arange(length)[:, None] + tokens.offsets[texts]].astype(np.int64)
            row_RB = np.concatenate(list(ngram_rows(ids_TB, longest, len(table_KD))))
            means[texts] = sum_in_halves(sum_stepwise, table_KD, row_RB) * np.float32(1 / len(row_RB))
    return means


def sum_in_halves(sum_of: Callable[[Array, Array], Array], table: Array, row_T: Array) -> Array:
    """Add up rows of a table by ``sum_of``, of a long text as the sum of its halves' sums.

    So that rounding errors do not grow with a text: those of 12,000 equal rows, one by one, reach the fourth digit.
    """
    if len(row_T) <= ROWS_AT_ONCE:
        return sum_of(table, row_T)
    half = len(row_T) // 2
    return sum_in_halves(sum_of, table, row_T[:half]) + sum_in_halves(sum_of, table, row_T[half:])


def sum_stepwise(table: Array, row_TB: Array) -> Array:
    """Add up rows of a table for each text, step by step, (B, D)."""
    sum_BD: Array = table[row_TB[0]]
    step_BD = np.empty_like(sum_BD)
    for row_B in row_TB[1:]:
        # the rows are the tokenizer's and the hash's own: "clip" only spares the check
        np.take(table, row_B, axis=0, out=step_BD, mode="clip")
        sum_BD += step_BD
    return sum_BD


def ngram_count(tokens: Any, longest: int) -> Any:
    """Count the runs of 2 to ``longest`` tokens of a text of so many tokens (int, int64 array or tensor)."""
    runs = tokens * 0
    for length in range(2, longest + 1):
        left = tokens - length + 1
        runs = runs + left * (left > 0)
    return runs
