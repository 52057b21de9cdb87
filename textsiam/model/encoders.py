"""The encoders in NumPy: token ids to text vectors, equal to their torch twins within 1e-5.

Weights carry the names that the torch modules give them. Shapes: B texts, T tokens, D embedding, H units, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import numpy as np

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.text.buckets import exact_length_buckets
from textsiam.text.tokenizer import TokenIds

BUCKET_TOKENS = 16_384  # tokens worked on at once: bounds memory, stays near the cache


class Encoder(Protocol):
    """Turns token ids into vectors; a text without tokens becomes the zero vector."""

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, D)."""


class NumpyBagEncoder:
    """Mean of the token embeddings."""

    def __init__(self, architecture: Architecture, weights: Mapping[str, Array]) -> None:
        self.architecture = architecture
        self.embedding_VD = weights["encoder.embedding.weight"]

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, D)."""
        vectors = np.zeros((len(tokens), self.architecture.vector_size), dtype=np.float32)
        for rows, ids_BT in _buckets(tokens):
            vectors[rows] = self.embedding_VD[ids_BT].mean(axis=1)
        return vectors


class NumpyLSTMEncoder:
    """Stacked LSTM in one or two directions, pooled over the tokens; exact-length buckets need no mask."""

    def __init__(self, architecture: Architecture, weights: Mapping[str, Array]) -> None:
        self.architecture = architecture
        self.embedding_VD = weights["encoder.embedding.weight"]
        directions = ("forwards", "backwards") if architecture.bidirectional else ("forwards",)
        self.layers = [
            [_LSTMDirection(weights, f"encoder.layers.{layer}.{way}") for way in directions]
            for layer in range(architecture.layers)
        ]

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, H), or (n, 2H) in two directions."""
        vectors = np.zeros((len(tokens), self.architecture.vector_size), dtype=np.float32)
        for rows, ids_BT in _buckets(tokens):
            vectors[rows] = self._encode(ids_BT)
        return vectors

    def _encode(self, ids_BT: Array) -> Array:
        x_TBD = self.embedding_VD[ids_BT.T]
        for layer in self.layers[:-1]:
            states = [layer[0](x_TBD)] + [way(x_TBD[::-1])[::-1] for way in layer[1:]]
            x_TBD = np.concatenate(states, axis=2)
        top = self.layers[-1]
        # The backward states stay in reading order: each pooling gives the same for either order, and "last" is
        # then the state that has seen the whole text.
        states = [top[0](x_TBD)] + [way(x_TBD[::-1]) for way in top[1:]]
        return np.concatenate([self._pool(state_TBH) for state_TBH in states], axis=1)

    def _pool(self, state_TBH: Array) -> Array:
        if self.architecture.pooling == "last":
            return np.asarray(state_TBH[-1])
        if self.architecture.pooling == "max":
            return np.asarray(state_TBH.max(axis=0))
        return np.asarray(state_TBH.mean(axis=0))


class _LSTMDirection:
    """One LSTM layer in one direction; gates in torch's order: input, forget, cell, output."""

    def __init__(self, weights: Mapping[str, Array], prefix: str) -> None:
        self.input_DG = np.ascontiguousarray(weights[f"{prefix}.weight_ih_l0"].T)
        self.recurrent_HG = np.ascontiguousarray(weights[f"{prefix}.weight_hh_l0"].T)
        self.bias_G = weights[f"{prefix}.bias_ih_l0"] + weights[f"{prefix}.bias_hh_l0"]

    def __call__(self, x_TBD: Array) -> Array:
        steps, batch = x_TBD.shape[:2]
        units = self.recurrent_HG.shape[0]
        gates_TBG = x_TBD.reshape(steps * batch, -1) @ self.input_DG
        gates_TBG += self.bias_G
        gates_TBG = gates_TBG.reshape(steps, batch, 4 * units)
        states_TBH = np.empty((steps, batch, units), dtype=np.float32)
        cell_BH = np.zeros((batch, units), dtype=np.float32)
        for step in range(steps):
            gates_BG = gates_TBG[step]
            if step:
                gates_BG += states_TBH[step - 1] @ self.recurrent_HG
            _sigmoid_in_place(gates_BG[:, : 2 * units])
            _sigmoid_in_place(gates_BG[:, 3 * units :])
            candidate_BH = np.tanh(gates_BG[:, 2 * units : 3 * units])
            cell_BH *= gates_BG[:, units : 2 * units]
            cell_BH += gates_BG[:, :units] * candidate_BH
            np.multiply(np.tanh(cell_BH), gates_BG[:, 3 * units :], out=states_TBH[step])
        return states_TBH


def _sigmoid_in_place(x: Array) -> None:
    # by tanh, which cannot overflow
    x *= np.float32(0.5)
    np.tanh(x, out=x)
    x += np.float32(1)
    x *= np.float32(0.5)


def _buckets(tokens: TokenIds) -> Iterator[tuple[Array, Array]]:
    """Give (rows, ids_BT) for every length that occurs, so that no batch is padded."""
    for length, rows in exact_length_buckets(tokens.lengths, BUCKET_TOKENS):
        positions_BT = tokens.offsets[:-1][rows, None] + np.arange(length)
        yield rows, tokens.ids[positions_BT]


NUMPY_ENCODERS: dict[str, type[NumpyBagEncoder] | type[NumpyLSTMEncoder]] = {
    "bag": NumpyBagEncoder,
    "lstm": NumpyLSTMEncoder,
}
