"""The pair heads in NumPy: two vectors to one raw score, the same for (u, v) and (v, u).

Bit for bit in calls of one shape; rows of one call may differ in the last bit, as matrix libraries treat the last rows
of a block in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from textsiam.arrays import Array

EPSILON = np.float32(1e-8)  # least norm in a cosine: that of a zero vector stays 0


class Head(Protocol):
    """Compares vectors row by row."""

    def __call__(self, u: Array, v: Array) -> Array:
        """Return float32 (n,) from float32 (n, D) and (n, D); the higher, the more alike."""


class NumpyCosineHead:
    """Cosine in [-1, 1]; 0 where a vector is zero."""

    def __call__(self, u: Array, v: Array) -> Array:
        """Return float32 (n,)."""
        return cosine_similarity(u, v)


class NumpyEuclideanHead:
    """Negative Euclidean distance, in (-inf, 0]."""

    def __call__(self, u: Array, v: Array) -> Array:
        """Return float32 (n,)."""
        return -_norms(u - v)


class NumpyDotHead:
    """Dot product; a logit."""

    def __call__(self, u: Array, v: Array) -> Array:
        """Return float32 (n,)."""
        return np.asarray(np.einsum("nd,nd->n", u, v))


class NumpyManhattanHead:
    """Negative Manhattan distance, in (-inf, 0]; the probability that training takes it for is exp of it."""

    def __call__(self, u: Array, v: Array) -> Array:
        """Return float32 (n,)."""
        return np.asarray(-np.abs(u - v).sum(axis=1))


class NumpySquaredEuclideanHead:
    """A linear layer over (u-v)^2, component by component; gives a logit."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.output_D = weights["head.output.weight"][0]
        self.output_bias = weights["head.output.bias"][0]

    def __call__(self, u: Array, v: Array) -> Array:
        """Return float32 (n,)."""
        return np.asarray(np.square(u - v) @ self.output_D + self.output_bias)


class NumpyMLPHead:
    """One hidden ReLU layer over the symmetric features |u-v|, u*v and u+v, and others beside; gives a logit."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.hidden_FH = np.ascontiguousarray(weights["head.hidden.weight"].T)
        self.hidden_bias_H = weights["head.hidden.bias"]
        self.output_H = weights["head.output.weight"][0]
        self.output_bias = weights["head.output.bias"][0]

    def __call__(self, u: Array, v: Array, *beside: Array) -> Array:
        """Return float32 (n,)."""
        features_NF = np.concatenate([np.abs(u - v), u * v, u + v, *beside], axis=1)
        hidden_NH = features_NF @ self.hidden_FH
        hidden_NH += self.hidden_bias_H
        np.maximum(hidden_NH, 0, out=hidden_NH)
        return np.asarray(hidden_NH @ self.output_H + self.output_bias)


def cosine_similarity(u: Array, v: Array) -> Array:
    """Cosine of each row of ``u`` (n, D) with the same row of ``v``, in [-1, 1]; 0 where one of them is zero."""
    # each norm is kept from 0 by itself, as torch does: short vectors have a cosine too
    norms = np.maximum(_norms(u), EPSILON) * np.maximum(_norms(v), EPSILON)
    return np.asarray(np.clip(np.einsum("nd,nd->n", u, v) / norms, -1, 1))


def _norms(x: Array) -> Array:
    return np.asarray(np.sqrt(np.einsum("nd,nd->n", x, x)))


# those that compare vectors; cosine, dot product and plain distances have no weights
NUMPY_HEADS: dict[str, Callable[[Mapping[str, Array]], Head]] = {
    "cosine": lambda _weights: NumpyCosineHead(),
    "dot": lambda _weights: NumpyDotHead(),
    "euclidean": lambda _weights: NumpyEuclideanHead(),
    "manhattan": lambda _weights: NumpyManhattanHead(),
    "mlp": NumpyMLPHead,
    "squared_euclidean": NumpySquaredEuclideanHead,
}
