"""The parts of an LSTM in NumPy: what inputs add to the gates, and one step of the recurrence.

What a token adds to the gates of the first layer depends on the token alone, and is looked up. All four gates go
through one tanh, as sigmoid(x) = (tanh(x / 2) + 1) / 2: the halves stand in the weights, and states are kept doubled.
Shapes: B texts, N tokens, D embedding, H units, G = 4H gates, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from textsiam.arrays import Array

_HALF, _ONE = np.float32(0.5), np.float32(1)

Fill = Callable[[slice, Array], None]  # writes the inputs' share of some tokens' gates, (b, G)


class GateTable:
    """What each token adds to the gates of a first layer; rows are filled in when their token first comes."""

    def __init__(self, embedding_VD: Array, weights: Mapping[str, Array], prefix: str) -> None:
        self.embedding_VD = embedding_VD
        self.product = GateProduct(weights, prefix, doubled=False)
        self.gates_VG = np.empty((len(embedding_VD), self.product.bias_G.size), dtype=np.float32)
        self.known_V = np.zeros(len(embedding_VD), dtype=bool)

    def of(self, ids_N: Array) -> Fill:
        """Give the filler for these tokens."""
        if not self.known_V[ids_N].all():
            new = np.unique(ids_N[~self.known_V[ids_N]])
            self.gates_VG[new] = self.embedding_VD[new] @ self.product.input_DG + self.product.bias_G
            self.known_V[new] = True  # only now: another thread must not read rows that are not there

        def fill(now: slice, gates_BG: Array) -> None:
            np.take(self.gates_VG, ids_N[now], axis=0, out=gates_BG, mode="clip")  # "clip" spares a check

        return fill


class GateProduct:
    """What the states of the layer below, which are ``doubled``, add to the gates."""

    def __init__(self, weights: Mapping[str, Array], prefix: str, *, doubled: bool = True) -> None:
        self.input_DG = _gates_last(weights[f"{prefix}.weight_ih_l0"]) * (_HALF if doubled else _ONE)
        bias_G1 = (weights[f"{prefix}.bias_ih_l0"] + weights[f"{prefix}.bias_hh_l0"])[:, None]
        self.bias_G = _gates_last(bias_G1)[0]

    def of(self, x_ND: Array) -> Fill:
        """Give the filler for tokens with these inputs."""

        def fill(now: slice, gates_BG: Array) -> None:
            np.matmul(x_ND[now], self.input_DG, out=gates_BG)
            gates_BG += self.bias_G

        return fill


class Step:
    """One step of the recurrence, in place."""

    def __init__(self, weights: Mapping[str, Array], prefix: str) -> None:
        self.recurrent_HG = _gates_last(weights[f"{prefix}.weight_hh_l0"]) * _HALF  # for states are doubled
        self.units = len(self.recurrent_HG)

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
