from __future__ import annotations

import math

import numpy as np
import pytest

from tests.model.making import random_weights
from textsiam.model.architecture import Architecture
from textsiam.model.encoders.lookup import ProductTable
from textsiam.model.encoders.lstm import LSTMStep

VOCABULARY, DIM, UNITS = 11, 3, 4
ARCHITECTURE = Architecture(encoder="lstm", dim=DIM, units=UNITS)
PREFIX = "encoder.layers.0.forwards"
WEIGHTS = random_weights(ARCHITECTURE, VOCABULARY, seed=3)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def step_by_hand(x: list[float], state: list[float], cell: list[float]) -> tuple[list[float], list[float]]:
    """One step as torch.nn.LSTM's documentation states it, number by number; gates in the order i, f, g, o."""
    from_input, from_state = WEIGHTS[f"{PREFIX}.weight_ih_l0"], WEIGHTS[f"{PREFIX}.weight_hh_l0"]
    bias = WEIGHTS[f"{PREFIX}.bias_ih_l0"] + WEIGHTS[f"{PREFIX}.bias_hh_l0"]
    sums = [
        float(bias[row])
        + sum(float(from_input[row, column]) * x[column] for column in range(DIM))
        + sum(float(from_state[row, column]) * state[column] for column in range(UNITS))
        for row in range(4 * UNITS)
    ]
    new_state, new_cell = [], []
    for unit in range(UNITS):
        entry, keep, candidate, leave = (sums[gate * UNITS + unit] for gate in range(4))
        new_cell.append(sigmoid(keep) * cell[unit] + sigmoid(entry) * math.tanh(candidate))
        new_state.append(sigmoid(leave) * math.tanh(new_cell[-1]))
    return new_state, new_cell


@pytest.mark.parametrize("looked_up", [True, False])
def test_two_steps_are_those_of_the_formulas(looked_up: bool) -> None:
    ids = np.array([4, 7, 2], dtype=np.int32)
    embedding = WEIGHTS["encoder.embedding.weight"]
    inputs = embedding[ids]
    # of a layer above another, the inputs are doubled states
    product = LSTMStep.inputs(WEIGHTS, PREFIX, doubled=not looked_up)
    fill = ProductTable(embedding, product).of(ids) if looked_up else product.of(2 * inputs)
    step = LSTMStep(WEIGHTS, PREFIX)
    state, cell = np.full((3, UNITS), np.nan, dtype=np.float32), np.zeros((3, UNITS), dtype=np.float32)
    expected = [([0.0] * UNITS, [0.0] * UNITS)] * 3
    for first in (True, False):
        gates, spare = np.empty((2, 3, 4 * UNITS), dtype=np.float32)
        fill(slice(0, 3), gates)
        step(gates, state, cell, spare, first=first)
        expected = [step_by_hand(x.tolist(), *before) for x, before in zip(inputs, expected, strict=True)]
        assert np.abs(state / 2 - [row for row, _ in expected]).max() < 1e-6
        assert np.abs(cell - [row for _, row in expected]).max() < 1e-6
