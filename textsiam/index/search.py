"""Exact search: all pairs of rows whose product reaches a bound, in blocks, none missed.

Most products are never computed in full. All vectors are turned, by one rotation, so that their first components hold
the most; by the inequality of Cauchy and Schwarz, the product of what is left out is at most that of its lengths. With
this length as one more component, a short product is an upper bound of the whole one, and only pairs whose bound
reaches are looked at again.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from textsiam.arrays import Array

BLOCK = 1024  # rows of a block: its products lie in the processor's cache
PAIRS_AT_ONCE = 8192  # that are looked at again
ROWS_AT_ONCE = 65536  # that are turned
SAMPLE = 2048  # rows of each side that tell how many components pay
SHORT = (8, 16, 32, 48, 64, 96, 128, 192, 256, 384)  # numbers of components that are tried
# costs, measured on two machines: of a component of a product, of a product, of a pair that is looked at again
COST_OF_COMPONENT, COST_OF_PRODUCT, COST_OF_PAIR = 1.0, 20.0, 12000.0
ROUNDING = 4e-6  # of a product in float32, as a share of the lengths' product

Task = TypeVar("Task")
Found = TypeVar("Found")


class PairsFound(NamedTuple):
    """Places of rows on the left and on the right, int64 (m,) each; ``looked_at`` pairs of rows were looked at."""

    left: Array
    right: Array
    looked_at: int


def pairs_reaching(
    left: Array,
    right: Array,
    at_least: float,
    *,
    one_list: bool,
    threads: int | None = None,
    block: int = BLOCK,
    components: int | None = None,
    skip: int = 0,
) -> Generator[PairsFound, None, None]:
    """Find all pairs (i, j) with ``left[i] @ right[j] >= at_least``, and maybe some that miss it by rounding.

    ``left`` (n, K) and ``right`` (m, K), float32; ``one_list``: both stand for the same n things, and i < j.
    ``threads``: None takes all processors. ``block`` and ``components`` (of the bound; None: what a sample says is
    fastest) change nothing but time and memory: beside twice the vectors, block x block numbers a thread. Gives the
    pairs of ``block`` rows with ``block`` others at a time, in order, without the first ``skip`` times.
    """
    if not len(left) or not len(right) or at_least == np.inf:
        return
    rotation = rotation_of(left, right)
    turned = [_turned(side, rotation) for side in ((left,) if left is right else (left, right))]
    sides = turned[0], turned[-1]
    longest = [float(np.linalg.norm(side, axis=1).max()) for side in sides]
    cut = at_least - ROUNDING * longest[0] * longest[1]
    short = components or _best_components(*sides, cut)
    bounding = [_bounding(side, short) for side in turned]
    search = _Search(sides, (bounding[0], bounding[-1]), np.float32(cut), one_list, block)
    yield from in_order(search.pairs_of_tile, islice(search.tiles(), skip, None), threads)


class _Search:
    """The pairs of some rows with some others; ``bounding``: short rows whose products are upper bounds."""

    def __init__(
        self, sides: tuple[Array, Array], bounding: tuple[Array, Array], cut: np.float32, one_list: bool, block: int
    ) -> None:
        self.left, self.right = sides
        self.bounding_left, self.bounding_right = bounding
        self.cut, self.one_list, self.block = cut, one_list, block
        self.room = threading.local()

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Give the first row on the left, and on the right, of each tile."""
        for start in range(0, len(self.left), self.block):
            for first in range(start if self.one_list else 0, len(self.right), self.block):
                yield start, first

    def pairs_of_tile(self, tile: tuple[int, int]) -> PairsFound:
        """Find the pairs of ``block`` rows with ``block`` others."""
        start, first = tile
        rows, others = (
            side[place : place + self.block]
            for side, place in ((self.bounding_left, start), (self.bounding_right, first))
        )
        products = self._products(rows, others)
        i, j = np.divmod(np.flatnonzero(products >= self.cut), len(others))
        looked_at = len(products)
        if self.one_list and first == start:
            i, j = i[i < j], j[i < j]
            looked_at -= len(rows) * (len(rows) - 1) // 2  # looked at twice
        parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64)), *self._reaching(i + start, j + first)]
        i, j = (np.concatenate(side) for side in zip(*parts, strict=True))
        return PairsFound(i, j, looked_at)

    def _products(self, rows: Array, others: Array) -> Array:
        """Multiply into memory that a thread uses again: new memory costs as much as products."""
        if not hasattr(self.room, "products"):
            self.room.products = np.empty(self.block * self.block, dtype=np.float32)
        products: Array = self.room.products[: len(rows) * len(others)]
        np.matmul(rows, others.T, out=products.reshape(len(rows), len(others)))
        return products

    def _reaching(self, i: Array, j: Array) -> Iterator[tuple[Array, Array]]:
        """Leave out pairs whose whole product does not reach."""
        for first in range(0, len(i), PAIRS_AT_ONCE):
            some, others = i[first : first + PAIRS_AT_ONCE], j[first : first + PAIRS_AT_ONCE]
            reach = np.einsum("pk,pk->p", self.left[some], self.right[others]) >= self.cut
            yield some[reach], others[reach]


def _turned(side: Array, rotation: Array) -> Array:
    """Turn rows, in float64, so that nothing but the last rounding is lost."""
    turned = np.empty(side.shape, dtype=np.float32)
    for first in range(0, len(side), ROWS_AT_ONCE):
        turned[first : first + ROWS_AT_ONCE] = side[first : first + ROWS_AT_ONCE].astype(np.float64) @ rotation
    return turned


def rotation_of(left: Array, right: Array) -> Array:
    """Give the orthogonal float64 (K, K) that puts first what products are made of, by samples of both sides."""
    some = np.concatenate([sample_rows(side) for side in (left, right)]).astype(np.float64)
    _, directions = np.linalg.eigh(some.T @ some)
    turned: Array = directions[:, ::-1]
    return turned


def sample_rows(side: Array) -> Array:
    """Give rows from all over, for rows that are alike often stand together."""
    return side[np.linspace(0, len(side) - 1, min(SAMPLE, len(side))).astype(np.int64)]


def _bounding(side: Array, components: int) -> Array:
    """Give the first components of turned rows and the length of the rest, float32 (n, components + 1)."""
    if components >= side.shape[1]:
        return side
    rest = np.linalg.norm(side[:, components:], axis=1, keepdims=True)
    return np.concatenate([side[:, :components], rest], axis=1)


def _best_components(left: Array, right: Array, cut: float) -> int:
    """Give the number of components with which the search costs least, by the pairs of a sample that they let pass."""
    some, others = sample_rows(left), sample_rows(right)
    whole = left.shape[1]
    costs: dict[int, float] = {whole: COST_OF_COMPONENT * whole + COST_OF_PRODUCT}
    for components in (short for short in SHORT if short < whole):
        products = _bounding(some, components) @ _bounding(others, components).T
        passing = float((products >= cut).mean())
        costs[components] = COST_OF_COMPONENT * (components + 1) + COST_OF_PRODUCT + COST_OF_PAIR * passing
    return min(costs, key=lambda components: costs[components])


def in_order(work: Callable[[Task], Found], tasks: Iterable[Task], threads: int | None) -> Generator[Found, None, None]:
    """Work on tasks in threads, one product in each, and give the results in order; only a few wait to be taken.

    Whoever stops early closes it, so that no thread is left.
    """
    count = threads or _processors()
    waiting: deque[Future[Found]] = deque()
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        pool = ThreadPoolExecutor(count)
        try:
            for task in tasks:
                waiting.append(pool.submit(work, task))
                if len(waiting) > 2 * count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
