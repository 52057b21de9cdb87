"""The GRU encoder in NumPy.

Its gates are torch's: reset r, update z, candidate n = tanh(x_n + r * h_n), and the next state (1 - z) n + z h. As in
the LSTM, sigmoids are taken by way of tanh, and states are kept doubled. Shapes: B texts, H units, G = 3H gates.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from textsiam.arrays import Array
from textsiam.model.encoders.lookup import Product
from textsiam.model.encoders.recurrent import NumpyRecurrentEncoder

_HALF, _ONE = np.float32(0.5), np.float32(1)


class GRUStep:
    """One step of the recurrence, in place."""

    def __init__(self, weights: Mapping[str, Array], prefix: str) -> None:
        recurrent_HG = _gates_last(weights[f"{prefix}.weight_hh_l0"]) * _HALF  # for states are doubled
        self.units, self.gates = recurrent_HG.shape
        # the reset gate comes doubled too
        self.recurrent_HG = _candidate_halved(recurrent_HG)
        self.bias_H = weights[f"{prefix}.bias_hh_l0"][2 * self.units :] * _HALF

    @staticmethod
    def inputs(weights: Mapping[str, Array], prefix: str, *, doubled: bool) -> Product:
        """Give what inputs add to the gates; of a layer above another they are ``doubled`` states."""
        input_DG = _gates_last(weights[f"{prefix}.weight_ih_l0"]) * (_HALF if doubled else _ONE)
        from_state_G = weights[f"{prefix}.bias_hh_l0"].copy()
        from_state_G[len(from_state_G) // 3 * 2 :] = 0  # that of the candidate is for the reset gate to multiply
        return Product(input_DG, _gates_last((weights[f"{prefix}.bias_ih_l0"] + from_state_G)[:, None])[0])

    def __call__(self, gates_BG: Array, state_BH: Array, _cell_BH: Array, spare_BG: Array, *, first: bool) -> None:
        """Turn states into those after the step; a GRU has no cells.

        ``gates_BG`` holds the inputs' share, and is used up; ``spare_BG`` is for use on the way. Of the ``first`` step
        the states are not looked at.
        """
        both = 2 * self.units
        if first:
            state_BH[:], spare_BG[:] = 0, 0
        else:
            np.matmul(state_BH, self.recurrent_HG, out=spare_BG)
        sigmoids_BG, candidate_BH, from_state_BH = gates_BG[:, :both], gates_BG[:, both:], spare_BG[:, both:]
        sigmoids_BG += spare_BG[:, :both]
        np.tanh(sigmoids_BG, out=sigmoids_BG)
        sigmoids_BG += _ONE
        reset_BH, update_BH = sigmoids_BG[:, : self.units], sigmoids_BG[:, self.units :]
        from_state_BH += self.bias_H
        from_state_BH *= reset_BH
        candidate_BH += from_state_BH
        np.tanh(candidate_BH, out=candidate_BH)
        # twice (1 - z) n + z h is 2n + 2z (h - n), and 2z is what the gate holds
        state_BH *= _HALF
        state_BH -= candidate_BH
        state_BH *= update_BH
        candidate_BH *= 2
        state_BH += candidate_BH


def _gates_last(weight_GX: Array) -> Array:
    """Halve what goes into a sigmoid, and lay the gates along the last axis, (X, G)."""
    sigmoids, candidate = np.split(weight_GX.astype(np.float32), [len(weight_GX) // 3 * 2])
    return np.ascontiguousarray(np.concatenate([sigmoids * _HALF, candidate]).T)


def _candidate_halved(weight_XG: Array) -> Array:
    halved_XG = weight_XG.copy()
    halved_XG[:, weight_XG.shape[1] // 3 * 2 :] *= _HALF
    return halved_XG


class NumpyGRUEncoder(NumpyRecurrentEncoder):
    """Stacked GRU (Cho et al. 2014) in one or two directions, pooled over the tokens."""

    step = GRUStep
