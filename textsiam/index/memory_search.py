"""Search in memory: the vectors of an index, kept in step with what this and other processes write."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from textsiam.arrays import Array, unit_vectors
from textsiam.index.cosines import CosineFrame
from textsiam.index.matrix import Matrix, Nearest
from textsiam.index.scorer import Frame, Scorer
from textsiam.index.sidecar import STALE, Sidecar
from textsiam.index.sidecar_keeper import SidecarKeeper
from textsiam.index.store import State, Store


class Search(Protocol):
    """Finds near texts of an index; inside of a reading transaction."""

    @property
    def ranks(self) -> bool:
        """Whether products rank pairs, so that the nearest are the most probable; else they are so by cosine alone."""

    def refresh(self) -> None:
        """Take in what was written since."""

    def near(self, vectors: Array, count: int, threshold: float) -> list[Nearest]:
        """Find, for each vector (q, D), the ``count`` nearest texts, as far as they can reach a probability.

        All that can reach it where the head's products are bounds and no more. Some may be gone.
        """

    def approximate(self, vectors: Array, count: int) -> list[Nearest] | None:
        """Find the ``count`` nearest of vectors, (q, D), as approximate search does; None where all is exact."""

    def make_graph(self) -> None:
        """Begin to make, or make, what approximate search needs, where it is wanted; outside of a transaction."""

    def wait_for_graph(self, *, show_progress: bool) -> None:
        """Wait until it is there."""

    def lacks_graph(self) -> bool:
        """Tell whether search would be faster with a graph that is to be made."""

    def problem(self) -> str:
        """Say why search is slower than it could be; "" where it is not."""

    def close(self) -> None:
        """End what goes on beside."""


class MemorySearch:
    """Exact search over all vectors, read once; with a ``keeper``, from ``approximate_from`` texts on by a sidecar.

    Then exactly over what the sidecar does not have yet.
    """

    def __init__(self, store: Store, model: Scorer, keeper: SidecarKeeper | None, approximate_from: int) -> None:
        self.store, self.model = store, model
        frame = model.frame(model.encode([""]))
        self.ranks = frame is not None
        self.keeper = keeper if frame is None or frame.ranking == "cosine" else None
        self.approximate_from = approximate_from
        self._state: State | None = None
        self._matrix: Matrix | None = None
        self._sidecar: Sidecar | None = None
        self._gone = 0  # texts of the sidecar that are there no more

    def refresh(self) -> None:
        """Take in what was written since."""
        state, before = self.store.state(), self._state
        if self.keeper is not None and self.keeper.has_new():
            before = None
        if state == before:
            return
        self._state = None  # what is cut short is done again
        if before is None or state.generation != before.generation or state.gone_from > before.revision:
            self._begin()
        else:
            self._drop(self.store.gone_since(before.revision))
        self._append()
        self._state = state
        if self.keeper is not None and self._is_stale():
            self.keeper.start()

    def _begin(self) -> None:
        self._matrix = self._sidecar = None
        self._gone = 0
        if self.keeper is not None and self.store.counts()[1] >= self.approximate_from:
            self._sidecar = self.keeper.read(self.store)
        elif self.keeper is not None:
            self.keeper.look()
        if self._sidecar is not None:
            self._gone = self._sidecar.made.texts - self.store.count_up_to(self._sidecar.made.last_id)

    def _drop(self, gone: list[int]) -> None:
        if self._matrix is not None:
            self._matrix.drop(gone)
        self._gone += sum(number <= self._covered() for number in gone)

    def _append(self) -> None:
        last = max(self._covered(), 0 if self._matrix is None else self._matrix.last_id)
        for ids, vectors in self.store.blocks(last):
            if self._matrix is None:
                frame = self.model.frame(vectors) or CosineFrame()
                usual = self._least(frame, float(self.store.setting("threshold")))
                self._matrix = Matrix(frame, usual, 0 if self._sidecar else self.store.counts()[1])
            self._matrix.append(ids, vectors)
        if self._matrix is not None:
            self._matrix.get_ready()

    def _covered(self) -> int:
        """Give the id up to which the sidecar has all texts."""
        return 0 if self._sidecar is None else self._sidecar.made.last_id

    def _is_stale(self) -> bool:
        rest = 0 if self._matrix is None else len(self._matrix)
        if self._sidecar is None:
            return rest >= self.approximate_from
        return max(rest, self._gone) > STALE * self._sidecar.made.texts

    def near(self, vectors: Array, count: int, threshold: float) -> list[Nearest]:
        """Find the nearest texts of each vector."""
        found = [Nearest(np.zeros(0, dtype=np.int64), True) for _ in vectors]
        if self._matrix is not None:
            found = self._matrix.near(vectors, count, self._least(self._matrix.frame, threshold))
        if self._sidecar is None:
            return found
        frame = self.model.frame(vectors) or CosineFrame()
        others = self._sidecar.near(unit_vectors(vectors), count, self._least(frame, threshold))
        return [Nearest(np.concatenate([a.ids, b.ids]), a.all and b.all) for a, b in zip(found, others, strict=True)]

    def approximate(self, vectors: Array, count: int) -> list[Nearest] | None:
        """Find the nearest as the sidecar does; None where there is none."""
        if self._sidecar is None:
            return None
        return self.near(vectors, count, 0.0)

    def make_graph(self) -> None:
        """Begin to make the sidecar, where there are so many texts."""
        covered = 0 if self._sidecar is None else self._sidecar.made.texts - self._gone
        rest = 0 if self._matrix is None else len(self._matrix)
        if self.keeper is not None and covered + rest >= self.approximate_from:
            self.keeper.start()

    def wait_for_graph(self, *, show_progress: bool) -> None:
        """Wait until the sidecar is there, if it is being made."""
        if self.keeper is not None:
            self.keeper.wait(show_progress=show_progress)

    def lacks_graph(self) -> bool:
        """Tell whether the sidecar is to be made, and is not there."""
        return self.keeper is not None and self._sidecar is None and self._is_stale()

    def problem(self) -> str:
        """Say why the sidecar could not be made."""
        return "" if self.keeper is None else self.keeper.problem

    def close(self) -> None:
        """Stop making a sidecar."""
        if self.keeper is not None:
            self.keeper.close()

    def _least(self, frame: Frame, threshold: float) -> float:
        """Give the product of pairs that reach a probability at the least."""
        return frame.at_least(self.model.calibration.least_raw(threshold)) if self.ranks else -np.inf
