"""Exact search for one text among many: vectors in memory, of which short parts tell which are worth a look.

As in ``search``, a product of the first components after a rotation, with the length of the rest as one more component,
is an upper bound of the whole product (Cauchy and Schwarz). Here rows come and go, and the highest are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.index.scorer import Frame
from textsiam.index.search import SHORT, rotation_of, sample_rows

QUERIES_AT_ONCE = 16
ROWS_AT_ONCE = 16_384  # that are shortened
ROUNDING = 2e-5  # of a product in float32, as a share of the lengths' product
MANY = 1024  # rows, and twice as many as are asked for, that tell what the highest products are
NEAR = 0.002  # of the sampled pairs, that are near enough where no threshold tells
COST_OF_ROW = 2000.0  # that is looked at as a whole, in components that are looked at of a row
GROWTH = 4  # times as many rows as the bound was made of, and it is made anew


class Nearest(NamedTuple):
    """Ids of texts, int64 (m,), in no order; ``all``: no other can reach what was asked for."""

    ids: Array
    all: bool


class Matrix:
    """The vectors of texts by rising id, as the right sides of a head's products.

    ``frame``: see ``PairModel.frame``. ``usual``: a product that searches mostly ask for; it decides which bound is
    fast, and nothing else. ``room``: for how many rows memory is taken at first.
    """

    def __init__(self, frame: Frame, usual: float, room: int = 0) -> None:
        self.frame, self.usual, self._room = frame, usual, room
        self.ids = np.zeros(0, dtype=np.int64)
        self._rows = 0
        self._right = self._short = np.zeros((0, 0), dtype=np.float32)
        self._rotation = np.zeros((0, 0), dtype=np.float32)
        self._gone = np.zeros(0, dtype=np.int64)  # places of rows that are there no more
        self._made_of = self._ready = 0
        self._longest = 0.0

    def __len__(self) -> int:
        return self._rows - len(self._gone)

    @property
    def last_id(self) -> int:
        """The highest id; 0 where there is none."""
        return int(self.ids[self._rows - 1]) if self._rows else 0

    def append(self, ids: Array, vectors: Array) -> None:
        """Take in ids, rising, behind those that are there, and their vectors; before a search ``get_ready``."""
        right, rows = self.frame.sides(vectors)[1], self._rows + len(ids)
        if rows > len(self.ids):
            self._make_room(max(rows, 2 * self._rows, self._room), right.shape[1])
        self.ids[self._rows : rows], self._right[self._rows : rows] = ids, right
        self._longest = max(self._longest, float(np.linalg.norm(right, axis=1).max(initial=0)))
        self._rows = rows

    def get_ready(self) -> None:
        """Shorten what is new."""
        if self._rows > GROWTH * self._made_of:
            self._make_bound()
        for first in range(self._ready, self._rows, ROWS_AT_ONCE):
            some = slice(first, min(first + ROWS_AT_ONCE, self._rows))
            self._short[some] = self._shortened(self._right[some])
        self._ready = self._rows

    def drop(self, ids: Iterable[int]) -> None:
        """Leave texts out from now on."""
        gone = np.flatnonzero(np.isin(self.ids[: self._rows], np.fromiter(ids, dtype=np.int64)))
        self._gone = np.union1d(self._gone, gone)
        if 2 * len(self._gone) > self._rows:
            self._close_ranks()

    def near(self, vectors: Array, count: int, at_least: float) -> list[Nearest]:
        """Find, for each vector (q, D), the ``count`` texts of the highest products that reach ``at_least``.

        All that may reach it where products are bounds alone. Some that miss it by rounding are among them.
        """
        left = self.frame.sides(vectors)[0]
        found: list[Nearest] = []
        for start in range(0, len(left), QUERIES_AT_ONCE):
            some = left[start : start + QUERIES_AT_ONCE]
            bounds = self._shortened(some) @ self._short[: self._rows].T
            bounds[:, self._gone] = -np.inf
            found += [
                self._highest(row, bound, count, at_least - self._slack(row))
                for row, bound in zip(some, bounds, strict=True)
            ]
        return found

    def _highest(self, left: Array, bound: Array, count: int, cut: float) -> Nearest:
        if self.frame.ranking == "bound":
            places = np.flatnonzero(bound >= max(cut, np.finfo(np.float32).min))
            return Nearest(self.ids[places], True)
        places = np.flatnonzero(bound >= max(cut, np.finfo(np.float32).min))
        many = 2 * count + MANY
        wanted = cut
        if len(places) > 2 * many:
            # the whole products of those with the highest bounds tell below which no other can be among the highest
            first = places[np.argpartition(-bound[places], many)[:many]]
            least = np.partition(self._right[first] @ left, many - count)[many - count]
            cut = max(cut, float(least) - self._slack(left))
            places = places[bound[places] >= cut]
        products = self._right[places] @ left
        places, products = places[products >= cut], products[products >= cut]
        order = np.lexsort((places, -products))[:count]
        return Nearest(self.ids[places[order]], cut == wanted and len(places) <= count)

    def _slack(self, left: Array) -> float:
        return ROUNDING * self._longest * float(np.linalg.norm(left))

    def _make_room(self, rows: int, width: int) -> None:
        ids, right = np.zeros(rows, dtype=np.int64), np.empty((rows, width), dtype=np.float32)
        short = np.empty((rows, self._short.shape[1]), dtype=np.float32)
        if self._rows:
            ids[: self._rows], right[: self._rows] = self.ids[: self._rows], self._right[: self._rows]
            short[: self._ready] = self._short[: self._ready]
        self.ids, self._right, self._short = ids, right, short

    def _make_bound(self) -> None:
        """Choose as many components as cost least, by a sample of the rows there are."""
        some = sample_rows(self._right[: self._rows])
        rotation = rotation_of(some, some).astype(np.float32)
        cut = self.usual if self.usual > -np.inf else float(np.quantile(some @ some.T, 1 - NEAR))
        whole, costs = rotation.shape[1], dict[int, float]()
        for components in (*(number for number in SHORT if number < whole), whole):
            self._rotation = rotation[:, :components]
            short = self._shortened(some)
            costs[components] = components + COST_OF_ROW * float((short @ short.T >= cut).mean())
        self._rotation = rotation[:, : min(costs, key=lambda components: costs[components])]
        self._made_of, self._ready = self._rows, 0
        self._short = np.empty((len(self.ids), self._rotation.shape[1] + 1), dtype=np.float32)

    def _shortened(self, side: Array) -> Array:
        """Give the first components after the rotation and the length of the rest, at least what it is."""
        shortened = np.empty((len(side), self._rotation.shape[1] + 1), dtype=np.float32)
        short = np.matmul(side, self._rotation, out=shortened[:, :-1])
        whole = np.einsum("nk,nk->n", side, side)
        rest = np.maximum(whole - np.einsum("nk,nk->n", short, short), 0) + np.float32(1e-6) * whole
        shortened[:, -1] = np.sqrt(rest)
        return shortened

    def _close_ranks(self) -> None:
        """Give back the room of rows that are there no more."""
        stay = np.setdiff1d(np.arange(self._rows), self._gone)
        self.ids, self._right, self._short = self.ids[stay], self._right[stay], self._short[stay]
        self._rows = self._ready = len(stay)
        self._gone = self._gone[:0]
