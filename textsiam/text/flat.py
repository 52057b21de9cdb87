"""Ids of texts, or of words, laid end to end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

Flat = tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]
"""Ids of n texts end to end, int32 (N,), and the tokens of each, int64 (n,)."""


def flat_of(rows: Sequence[Sequence[int]]) -> Flat:
    """Lay lists of ids end to end."""
    lengths = np.fromiter(map(len, rows), np.int64, count=len(rows))
    return np.fromiter(chain.from_iterable(rows), np.int32, count=int(lengths.sum())), lengths


def merged(first: npt.NDArray[np.bool_], ones: Flat, others: Flat) -> Flat:
    """Lay texts of two kinds end to end in their order: ``first`` (n,) says which are the ``ones``."""
    lengths = np.empty(len(first), np.int64)
    lengths[first], lengths[~first] = ones[1], others[1]
    from_first = np.repeat(first, lengths)
    ids = np.empty(len(from_first), np.int32)
    ids[from_first], ids[~from_first] = ones[0], others[0]
    return ids, lengths


def positions_within(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Number the ids of each text from 0, int64 (N,)."""
    return np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
