"""Cosines of vectors; those of the zero vector are 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array, unit_vectors


def cosines_of(u: Array, v: Array) -> Array:
    """Give the cosine, float32 (n,) in [-1, 1], of vectors (n, D), or one (1, D), with (n, D), row by row."""
    cosines: Array = np.einsum("nd,nd->n", unit_vectors(u), unit_vectors(v)).clip(-1, 1)
    return cosines


class CosineFrame(NamedTuple):
    """Cosines as products, for heads of which products tell nothing; see ``scorer.Frame``."""

    sides: Callable[[Array], tuple[Array, Array]] = lambda vectors: (unit_vectors(vectors),) * 2
    at_least: Callable[[float], float] = lambda _raw: -np.inf
    ranking: str = "cosine"
    metric: str = "cosine"
