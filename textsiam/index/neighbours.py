"""The nearest others of each row, by cosine, exactly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import numpy as np

from textsiam.arrays import Array
from textsiam.index.search import in_order

ROWS, COLUMNS = 256, 8192  # looked at together


def nearest(
    unit: Array,
    count: int,
    *,
    among: Array | None = None,
    threads: int | None = None,
    advance: Callable[[int], None] = lambda _rows: None,
) -> Array:
    """Give the ``count`` other rows of the highest product with each row of ``unit`` (n, D), in no order.

    int64 (n, min(count, n - 1)). ``among``: take rows of these (m, D) instead, then int64 (n, min(count, m)). Of rows
    with equal products the last places are taken at will. ``advance`` is told of rows that are done.
    """
    others = unit if among is None else among
    number = len(others)
    count = min(count, number - 1 if among is None else number)
    if count < 1 or not len(unit):
        return np.zeros((len(unit), max(count, 0)), dtype=np.int64)

    def of_block(start: int) -> Array:
        rows = unit[start : start + ROWS]
        best = np.full((len(rows), count), -np.inf, dtype=np.float32)
        places = np.zeros((len(rows), count), dtype=np.int64)
        for first in range(0, number, COLUMNS):
            products = rows @ others[first : first + COLUMNS].T
            if among is None:
                own = np.arange(start, start + len(rows)) - first
                inside = (own >= 0) & (own < products.shape[1])
                products[np.flatnonzero(inside), own[inside]] = -np.inf
            best, places = _better(best, places, products, first)
        return places

    found = []
    with closing(in_order(of_block, range(0, len(unit), ROWS), threads)) as blocks:
        for block in blocks:
            found.append(block)
            advance(len(block))
    return np.concatenate(found)


def _better(best: Array, places: Array, products: Array, first: int) -> tuple[Array, Array]:
    """Keep the highest of those so far and of new ones, whose places begin at ``first``."""
    count = best.shape[1]
    both = np.concatenate([best, products], axis=1)
    chosen = np.argpartition(-both, count - 1, axis=1)[:, :count]
    old = chosen < count
    kept = np.take_along_axis(places, np.where(old, chosen, 0), axis=1)
    return np.take_along_axis(both, chosen, axis=1), np.where(old, kept, chosen - count + first)
