"""Pairs as a graph: texts are its nodes, pairs its edges; texts that ``normalize_text`` makes equal are one node."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textsiam.errors import import_extra
from textsiam.text.normalization import normalize_text

PURPOSE = "looking at pairs as a graph"


class PairGraph:
    """The graph of some pairs: ``first`` and ``second`` are the nodes of each pair, int64 (n,), of ``nodes`` in all.

    ``texts`` has each node's text, as ``normalize_text`` makes it.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Take the texts of the pairs, a and b in turn."""
        numbers: dict[str, int] = {}
        ends = np.fromiter((numbers.setdefault(normalize_text(text), len(numbers)) for text in texts), dtype=np.int64)
        self.first, self.second = ends.reshape(-1, 2).T
        self.nodes, self.texts = len(numbers), list(numbers)

    def groups(self, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Give the group of each node, int64 (nodes,): those that a chain of the chosen pairs (bool (n,)) joins."""
        csgraph = import_extra("scipy.sparse.csgraph", "train", PURPOSE)
        _, groups = csgraph.connected_components(self._edges(rows), directed=False)
        return np.asarray(groups, dtype=np.int64)

    def chains(self, rows: NDArray[np.bool_], ends: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
        """Give a shortest chain of the chosen pairs from each first node to its second one, as nodes."""
        edges = self._edges(rows)
        both = (edges + edges.T).tocsr()
        return [_shortest(both.indptr, both.indices, start, goal) for start, goal in ends]

    def keys(self) -> NDArray[np.int64]:
        """Give each pair a number, int64 (n,), that pairs of the same two texts share, whichever way round."""
        return np.minimum(self.first, self.second) * self.nodes + np.maximum(self.first, self.second)

    def _edges(self, rows: NDArray[np.bool_]) -> Any:
        sparse = import_extra("scipy.sparse", "train", PURPOSE)
        places = self.first[rows], self.second[rows]
        return sparse.coo_array((np.ones(len(places[0]), dtype=bool), places), shape=(self.nodes, self.nodes)).tocsr()


def _shortest(starts: NDArray[Any], neighbours: NDArray[Any], start: int, goal: int) -> tuple[int, ...]:
    """Search from ``start`` on in widening circles; the two are in one group."""
    before, waiting = {start: start}, deque([start])
    while goal not in before:
        node = waiting.popleft()
        for other in neighbours[starts[node] : starts[node + 1]].tolist():
            if other not in before:
                before[other] = node
                waiting.append(other)
    chain = [goal]
    while chain[-1] != start:
        chain.append(before[chain[-1]])
    return tuple(reversed(chain))
