"""The LSTM encoder in NumPy.

All four gates go through one tanh, as sigmoid(x) = (tanh(x / 2) + 1) / 2: the halves stand in the weights, and states
are kept doubled. Shapes: B texts, H units, G = 4H gates.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from textsiam.arrays import Array
from textsiam.model.encoders.lookup import Product
from textsiam.model.encoders.recurrent import NumpyRecurrentEncoder

_HALF, _ONE = np.float32(0.5), np.float32(1)


class LSTMStep:
    """One step of the recurrence, in place."""

    def __init__(self, weights: Mapping[str, Array], prefix: str) -> None:
        self.recurrent_HG = _gates_last(weights[f"{prefix}.weight_hh_l0"]) * _HALF  # for states are doubled
        self.units, self.gates = self.recurrent_HG.shape

    @staticmethod
    def inputs(weights: Mapping[str, Array], prefix: str, *, doubled: bool) -> Product:
        """Give what inputs add to the gates; of a layer above another they are ``doubled`` states."""
        input_DG = _gates_last(weights[f"{prefix}.weight_ih_l0"]) * (_HALF if doubled else _ONE)
        bias_G1 = (weights[f"{prefix}.bias_ih_l0"] + weights[f"{prefix}.bias_hh_l0"])[:, None]
        return Product(input_DG, _gates_last(bias_G1)[0])

    def __call__(self, gates_BG: Array, state_BH: Array, cell_BH: Array, spare_BG: Array, *, first: bool) -> None:
        """Turn states and cells into those after the step.

        ``gates_BG`` holds the inputs' share, and is used up; ``spare_BG`` is for use on the way. Of the ``first`` step
        the cells are 0 and the states not looked at.
        """
        units = self.units
        if not first:
            gates_BG += np.matmul(state_BH, self.recurrent_HG, out=spare_BG)
        np.tanh(gates_BG, out=gates_BG)
        gates_BG[:, : 3 * units] += _ONE
        entry_BH, keep_BH, exit_BH, candidate_BH = (gates_BG[:, g * units : (g + 1) * units] for g in range(4))
        cell_BH *= keep_BH
        cell_BH += np.multiply(entry_BH, candidate_BH, out=entry_BH)
        cell_BH *= _HALF
        np.tanh(cell_BH, out=state_BH)
        state_BH *= exit_BH


def _gates_last(weight_GX: Array) -> Array:
    """Reorder torch's gates, halve what goes into a sigmoid, and lay the gates along the last axis, (X, G)."""
    entry, keep, candidate, leave = np.split(weight_GX.astype(np.float32), 4)
    sigmoids = np.concatenate([entry, keep, leave]) * _HALF
    return np.ascontiguousarray(np.concatenate([sigmoids, candidate]).T)


class NumpyLSTMEncoder(NumpyRecurrentEncoder):
    """Stacked LSTM (Hochreiter and Schmidhuber 1997) in one or two directions, pooled over the tokens."""

    step = LSTMStep
