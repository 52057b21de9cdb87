"""Distinct texts numbered in the order of their first appearance, in 16 bytes a text whatever its length.

Texts are told apart by 128 bits of BLAKE2b: among 20 million texts the odds that any two of them share a number are
1 to 10^24. A dictionary of the texts themselves would be exact, and take 2 GB for 10 million.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from textsiam.progress import Progress

_DIGEST_BYTES = 16
_REPORT_TEXTS = 8_192  # texts between two reports of progress


def text_keys(texts: Iterable[str], bar: Progress, count: int = -1) -> NDArray[np.uint64]:
    """Give the key of each text, uint64 (n, 2); ValueError where there are fewer than ``count`` (-1: unknown)."""
    keys = np.fromiter(_digests(texts, bar), dtype=f"S{_DIGEST_BYTES}", count=count)
    bar.advance(len(keys) % _REPORT_TEXTS)
    return keys.view(np.uint64).reshape(-1, 2)


def number_keys(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the distinct keys from 0 in the order of their first appearance.

    ``high``, ``low``: the halves of N keys, uint64 (N,). Returns the number of each key, int64 (N,), and where each
    number stands first, int64 (n,), rising. Peak memory besides these: about 40 bytes a key.
    """
    order = np.lexsort((low, high))  # stable: of equal keys the first appearance comes first
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = _changes(high[order]) | _changes(low[order])
    first = order[is_new]
    by_appearance = np.argsort(first)
    rank = np.empty(len(first), dtype=np.int64)
    rank[by_appearance] = np.arange(len(first))
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = rank[np.cumsum(is_new) - 1]
    return numbers, first[by_appearance]


def _changes(values: NDArray[np.uint64]) -> NDArray[np.bool_]:
    different: NDArray[np.bool_] = values[1:] != values[:-1]
    return different


def _digests(texts: Iterable[str], bar: Progress) -> Iterator[bytes]:
    for done, text in enumerate(texts, 1):
        yield hashlib.blake2b(text.encode("utf-8"), digest_size=_DIGEST_BYTES).digest()
        if done % _REPORT_TEXTS == 0:
            bar.advance(_REPORT_TEXTS)
