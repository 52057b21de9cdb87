"""The array type of annotations, whose docstrings say what each holds and its shape; and vectors of length 1."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]


def unit_vectors(vectors: Array, least: float | np.float32 = 0.0) -> Array:
    """Give float32 vectors (n, D) length 1, float32; the zero vector stays.

    Those shorter than ``least`` are divided by it, and stay shorter than 1: a pair head that compares cosines does so.
    """
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(least))
    divided: Array = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return divided
