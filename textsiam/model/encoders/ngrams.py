"""Runs of consecutive tokens (n-grams) as rows of a table: hashed, for there are too many to number.

The arithmetic is that of 64-bit integers that wrap around, the same in NumPy and torch and on every machine. Shapes: T
tokens of each text first, then any.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

X = TypeVar("X", bound=Any)  # an int64 array or tensor

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


def ngram_count(tokens: Any, longest: int) -> Any:
    """Count the runs of 2 to ``longest`` tokens of a text of so many tokens (int, int64 array or tensor)."""
    runs = tokens * 0
    for length in range(2, longest + 1):
        left = tokens - length + 1
        runs = runs + left * (left > 0)
    return runs
