"""What a head's threshold says of products of vectors, so that pairs can be found by matrix products, none missed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.model.heads import EPSILON


class Products(NamedTuple):
    """Vectors ``left`` and ``right``, float32 (n, K) each, and a bound on their products.

    Texts i and j that reach the threshold have ``left[i] @ right[j] >= at_least``, but for rounding; infinite where no
    pair reaches it, minus infinity where all do.
    """

    left: Array
    right: Array
    at_least: float


ROUNDING = 1e-6  # of a score in float32, as a share of the bias that is added to it

Sides = Callable[[Array, Mapping[str, Array], float], "tuple[Array, Array, float]"]


def products_of(head: str, weights: Mapping[str, Array], vectors: Array, raw: float) -> Products | None:
    """Give what raw scores of at least ``raw`` say of products of vectors, (n, D); None of heads that say nothing.

    Cosine and dot product are products themselves. A squared distance is one of vectors with two more components:
    |u - v|^2 = -2 (u, -|u|^2 / 2, 1) @ (v, 1, -|v|^2 / 2). The Manhattan distance is never below the Euclidean one,
    though often so far above it that nearly every pair has to be looked at.
    """
    if head not in SIDES:
        return None
    if not len(vectors):
        return Products(vectors, vectors, np.inf)
    return Products(*SIDES[head](vectors, weights, raw))


def _cosine(vectors: Array, _weights: Mapping[str, Array], raw: float) -> tuple[Array, Array, float]:
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), EPSILON)
    return unit, unit, raw


def _dot(vectors: Array, _weights: Mapping[str, Array], raw: float) -> tuple[Array, Array, float]:
    return vectors, vectors, raw


def _euclidean(vectors: Array, _weights: Mapping[str, Array], raw: float) -> tuple[Array, Array, float]:
    left, right = _squared(vectors, np.ones(vectors.shape[1], dtype=np.float32))
    return left, right, -np.inf if raw == -np.inf else np.inf if raw > 0 else -(raw**2)


def _squared_euclidean(vectors: Array, weights: Mapping[str, Array], raw: float) -> tuple[Array, Array, float]:
    left, right = _squared(vectors, -weights["head.output.weight"][0])
    bias = float(weights["head.output.bias"][0])
    return left, right, raw - bias - ROUNDING * abs(bias)


def _squared(vectors: Array, weight_D: Array) -> tuple[Array, Array]:
    """Give two sides whose product is minus the sum of squared differences, each times its weight."""
    centred = vectors - vectors.mean(axis=0)  # differences stay, and round less
    own = (np.square(centred) @ weight_D)[:, None]
    even = np.full_like(own, max(float(np.sqrt(np.abs(own).max())), 1e-20))  # both sides as long as the vectors
    left = np.concatenate([2 * weight_D * centred, -own / even, -even], axis=1)
    return left, np.concatenate([centred, even, own / even], axis=1)


SIDES: dict[str, Sides] = {
    "cosine": _cosine,
    "dot": _dot,
    "euclidean": _euclidean,
    "manhattan": _euclidean,
    "squared_euclidean": _squared_euclidean,
}
