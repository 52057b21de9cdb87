"""The weights of a model as constants of a graph: float32, or a byte each with a scale per row, as model folders do.

Of int8 a table's rows are looked up as bytes and scaled then, so that it stays small in memory too; matrices are scaled
once, when the graph is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from textsiam.arrays import Array
from textsiam.integrations.onnx.graph import FLOAT, Graph
from textsiam.model.storage import SCALE, store_weights
from textsiam.model.weights import TOKEN_WEIGHT
from textsiam.text.tokenizer import PAD_ID


class GraphWeights:
    """Puts a model's weights into a graph, each where it is first used."""

    def __init__(self, graph: Graph, weights: Mapping[str, Array], precision: str) -> None:
        self.graph = graph
        self._stored = store_weights({name: _without_padding(name, weights[name]) for name in weights}, precision)

    def vector(self, name: str) -> Array:
        """Give a weight of one axis, float32."""
        return np.asarray(self._stored[name].astype(np.float32))

    def rows(self, name: str, places: str) -> str:
        """Look rows of a table up, (..., D) for int64 ``places`` (...); row 0, padding, is zero."""
        table = self.graph.op("Gather", self.graph.constant(self._stored[name]), places)
        if name + SCALE not in self._stored:
            return table
        scale = self.graph.op("Gather", self.graph.constant(self._stored[name + SCALE]), places)
        return self.graph.op("Mul", self.graph.cast(table, FLOAT), self.graph.wider(scale, -1))

    def product(self, value: str, name: str, bias: str | None = None) -> str:
        """Give the product of ``value`` (..., X) with a matrix (Y, X), plus a bias: (..., Y)."""
        stored, scale = self._stored[name], self._stored.get(name + SCALE)
        matrix = self.graph.constant(stored.T)
        if scale is not None:
            matrix = self.graph.op("Mul", self.graph.cast(matrix, FLOAT), self.graph.constant(scale))
        product = self.graph.op("MatMul", value, matrix)
        return product if bias is None else self.graph.op("Add", product, self.graph.constant(self.vector(bias)))

    def stacked(self, names: Sequence[str], blocks: Sequence[int]) -> str:
        """Lay matrices (Y, X) one behind the other, (n, Y, X), the equal ``blocks`` of their rows in this order."""
        matrices = np.stack([_ordered(self._stored[name], blocks) for name in names])
        if names[0] + SCALE not in self._stored:
            return self.graph.constant(matrices)
        scales = np.stack([_ordered(self._stored[name + SCALE], blocks) for name in names])
        levels = self.graph.cast(self.graph.constant(matrices), FLOAT)
        return self.graph.op("Mul", levels, self.graph.constant(scales[:, :, None]))

    def stacked_vectors(self, names: Sequence[Sequence[str]], blocks: Sequence[int]) -> str:
        """Lay vectors side by side, and such rows one behind the other, their equal ``blocks`` in this order."""
        rows = [np.concatenate([_ordered(self.vector(name), blocks) for name in row]) for row in names]
        return self.graph.constant(np.stack(rows))


def _without_padding(name: str, weight: Array) -> Array:
    """Give what a row of padding counts: nothing."""
    if name == TOKEN_WEIGHT or name.endswith("embedding.weight"):
        weight = weight.copy()
        weight[PAD_ID] = 0
    return weight


def _ordered(weight: Array, blocks: Sequence[int]) -> Array:
    parts = np.split(weight, len(blocks))
    return np.concatenate([parts[block] for block in blocks])
