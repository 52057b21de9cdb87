"""What a head's threshold says of products of vectors, so that pairs can be found by matrix products, none missed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array, unit_vectors
from textsiam.model.heads import EPSILON


class Frame(NamedTuple):
    """How vectors, (n, D), become the two sides of products, (n, K) each, one text at a time.

    ``at_least``: from a raw score, the bound on the products of pairs that reach it. ``ranking``: "cosine" where the
    products are cosines, "product" where pairs rank by them, "bound" where they bound the score and no more.
    ``metric``: by what raw scores rank, "cosine", "dot", "l2" (Euclidean distance), "l1" (Manhattan) or "" for none.
    """

    sides: Callable[[Array], tuple[Array, Array]]
    at_least: Callable[[float], float]
    ranking: str
    metric: str


ROUNDING = 1e-6  # of a score in float32, as a share of the bias that is added to it


def frame_of(head: str, weights: Mapping[str, Array], vectors: Array) -> Frame | None:
    """Give how products tell what a head's raw scores are; None of heads of which they tell nothing.

    ``vectors`` (n, D), n > 0, are some that will be met: what is far from them rounds more. Cosine and dot product are
    products themselves. A squared distance is one of vectors with two more components: |u - v|^2 =
    -2 (u, -|u|^2 / 2, 1) @ (v, 1, -|v|^2 / 2). The Manhattan distance is never below the Euclidean one, though often so
    far above it that nearly every pair has to be looked at.
    """
    return FRAMES[head](weights, vectors) if head in FRAMES else None


def _cosine(_weights: Mapping[str, Array], _vectors: Array) -> Frame:
    return Frame(_units, lambda raw: raw, "cosine", "cosine")


def _units(vectors: Array) -> tuple[Array, Array]:
    unit = unit_vectors(vectors, EPSILON)
    return unit, unit


def _dot(_weights: Mapping[str, Array], _vectors: Array) -> Frame:
    return Frame(lambda vectors: (vectors, vectors), lambda raw: raw, "product", "dot")


def _euclidean(_weights: Mapping[str, Array], vectors: Array) -> Frame:
    return Frame(_squares(vectors, np.ones(vectors.shape[1], dtype=np.float32)), _of_distance, "product", "l2")


def _manhattan(weights: Mapping[str, Array], vectors: Array) -> Frame:
    return _euclidean(weights, vectors)._replace(ranking="bound", metric="l1")


def _of_distance(raw: float) -> float:
    return -np.inf if raw == -np.inf else np.inf if raw > 0 else -(raw**2)


def _squared_euclidean(weights: Mapping[str, Array], vectors: Array) -> Frame:
    bias = float(weights["head.output.bias"][0])
    least = ROUNDING * abs(bias)
    return Frame(_squares(vectors, -weights["head.output.weight"][0]), lambda raw: raw - bias - least, "product", "")


def _squares(some: Array, weight_D: Array) -> Callable[[Array], tuple[Array, Array]]:
    """Give two sides whose product is minus the sum of squared differences, each times its weight."""
    centre = some.mean(axis=0)  # differences stay, and round less
    # a number that makes both sides about as long as the vectors
    even = np.float32(np.sqrt((np.square(some) @ np.abs(weight_D)).max()) or 1)

    def sides(vectors: Array) -> tuple[Array, Array]:
        centred = vectors - centre
        own = (np.square(centred) @ weight_D)[:, None]
        evens = np.full_like(own, even)
        left = np.concatenate([2 * weight_D * centred, -own / even, -evens], axis=1)
        return left, np.concatenate([centred, evens, own / even], axis=1)

    return sides


FRAMES: dict[str, Callable[[Mapping[str, Array], Array], Frame]] = {
    "cosine": _cosine,
    "dot": _dot,
    "euclidean": _euclidean,
    "manhattan": _manhattan,
    "squared_euclidean": _squared_euclidean,
}
