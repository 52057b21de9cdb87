"""How the numbers of weights are stored: as they are, in half precision, or as a byte each with a scale per row.

fp32  every weight float32
fp16  every weight float16
int8  every matrix int8 (R, C), and under its name + ".scale" a float32 (R,) that its rows are multiplied with; every
      vector (a bias) float16

What is stored tells by its dtypes how it is read, and storing it again the same way gives the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError, check_choice

PRECISIONS = ("fp32", "fp16", "int8")
LARGEST = 65504.0  # of float16, and far beyond any weight that was learned
LEVELS = 127  # on either side of zero
SCALE = ".scale"
# 7 bits of a level and 17 of a scale make the 24 of a float32: every product of the two is exact
SCALE_BITS = 17

_NOTE = "Weights are stored as "
_NOTES = {
    "fp16": f"{_NOTE}fp16.",
    "int8": f"{_NOTE}int8: matrices as a byte a number with a scale per row, biases as fp16.",
}


def store_weights(weights: Mapping[str, Array], precision: str) -> dict[str, Array]:
    """Give the arrays that stand for float32 ``weights`` at a ``precision``: "fp32", "fp16" or "int8".

    Of int8, each number is off by at most half of its row's scale. Raises OptionError for another precision, and for
    a number that is not finite, or too large: what becomes float16 holds 65504, a row of int8 3.4e38.
    """
    check_choice("weights", precision, PRECISIONS)
    stored: dict[str, Array] = {}
    for name, weight in weights.items():
        if not np.isfinite(weight).all():
            raise OptionError(f"the weight {name!r} holds a number that is not finite")
        if precision == "fp32":
            stored[name] = weight
        elif precision == "int8" and weight.ndim == 2:
            levels, scale = _quantise(weight)
            _check_range(name, weight, precision, float(scale.max(initial=0)) * LEVELS, float(np.finfo(np.float32).max))
            stored[name], stored[name + SCALE] = levels, scale
        else:
            _check_range(name, weight, precision, float(np.abs(weight).max(initial=0)), LARGEST)
            stored[name] = weight.astype(np.float16)
    return stored


def restore_weights(stored: Mapping[str, Array]) -> dict[str, Array]:
    """Give the float32 weights that ``store_weights`` made arrays of; what it cannot have made stays as it is.

    Raises OptionError for an int8 array that is no matrix with a scale for each row.
    """
    quantised = {name for name, array in stored.items() if array.dtype == np.int8}
    weights: dict[str, Array] = {}
    for name, array in stored.items():
        if name in quantised:
            weights[name] = _dequantise(name, array, stored.get(name + SCALE))
        elif name.removesuffix(SCALE) not in quantised:
            weights[name] = array.astype(np.float32) if array.dtype == np.float16 else array
    return weights


def note_precision(card: str, precision: str, measured: str = "") -> str:
    """Return a model card whose last line says how the weights are stored, and what was ``measured`` of it.

    The line takes the place of an earlier one, unless that says the same precision and nothing new was measured; of
    fp32 there is nothing to say.
    """
    note = _NOTES.get(precision, "")
    lines = card.split("\n")
    others = [line for line in lines if not line.startswith(_NOTE)]
    said_already = note in card if note else len(others) == len(lines)
    if said_already and not measured:
        return card
    parts = ("\n".join(others).rstrip("\n"), f"{note} {measured}".strip())
    return "\n\n".join(filter(None, parts)) + "\n"


def _check_range(name: str, weight: Array, precision: str, reached: float, most: float) -> None:
    if reached > most:
        raise OptionError(
            f"the weight {name!r} holds a number of size {np.abs(weight).max():g}, {precision} takes at most {most:g}; "
            "save the model as fp32"
        )


def _quantise(matrix: Array) -> tuple[Array, Array]:
    """Give the levels, int8 (R, C), and scales, float32 (R,), of a matrix; a row of zeros has the smallest scale."""
    fraction, exponent = np.frexp(np.abs(matrix).max(axis=1).astype(np.float64) / LEVELS)
    # upwards, so that no level goes beyond LEVELS
    scale = np.ldexp(np.ceil(np.ldexp(fraction, SCALE_BITS)), exponent - SCALE_BITS)
    scale = np.maximum(scale, np.finfo(np.float32).tiny).astype(np.float32)
    return np.rint(matrix / scale[:, None]).astype(np.int8), scale


def _dequantise(name: str, levels: Array, scale: Array | None) -> Array:
    if levels.ndim != 2 or scale is None or scale.shape != levels.shape[:1]:
        raise OptionError(f"the weight {name!r} is int8 {levels.shape}, expected a matrix and a scale for each row")
    return np.asarray(levels * scale[:, None])
