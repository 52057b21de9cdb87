"""Every head and every calibration as a graph."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integrations.onnx_cases import Graphs, model_of, onnxruntime
from tests.model.making import QUICK
from textsiam.arrays import Array
from textsiam.integrations.onnx.calibration import logit, probability
from textsiam.integrations.onnx.graph import DOUBLE, FLOAT, Graph
from textsiam.model.architecture import VECTOR_HEADS
from textsiam.model.calibration import METHODS, Calibration
from textsiam.model.heads import NUMPY_HEADS

NUMBERS = st.floats(-30, 30, width=32)


def run(graph: Graph, **inputs: Array) -> list[Array]:
    found: list[Array] = onnxruntime.InferenceSession(graph.model({}).SerializeToString()).run(None, inputs)
    return found


@pytest.mark.parametrize("weights", ["fp32", "int8"])
@pytest.mark.parametrize("length", [0.0, 1e-10, 1e-6, 1e-3, 1.0, 30.0])
@pytest.mark.parametrize("head", VECTOR_HEADS)
def test_raw_scores_are_those_of_numpy(head: str, length: float, weights: str) -> None:
    model = model_of({"encoder": "bag", "head": head}, stored=weights)
    u, v = np.random.default_rng(4).normal(0, 0.25, (2, 50, 12)).astype(np.float32) * np.float32(length)
    v[0] = u[0]
    raw, logits, probabilities = Graphs(model, weights).head(u, v)
    expected = NUMPY_HEADS[head](model.weights)(u, v)
    rounding = 1e-6 * max(1, np.abs(expected).max())
    assert np.abs(raw - expected).max() < rounding
    assert np.abs(probabilities - model.calibration.probability(expected)).max() < rounding
    assert np.allclose(logits, model.calibration.logit(raw), rtol=1e-6, atol=1e-6)


def test_scores_by_hand() -> None:
    u, v = np.array([[3, 4], [0, 0]], np.float32), np.array([[4, 3], [1, 2]], np.float32)
    expected: dict[str, list[float]] = {
        "cosine": [24 / 25, 0],
        "dot": [24, 0],
        "euclidean": [-(2**0.5), -(5**0.5)],
        "manhattan": [-2, -3],
    }
    for head, raw in expected.items():
        found, logits, probabilities = Graphs(model_of({"encoder": "bag", "dim": 2, "head": head})).head(u, v)
        assert found.tolist() == pytest.approx(raw, rel=1e-6)
        # the calibration of the cases is 1.7 * raw - 0.4, and both shares of same pairs are alike
        assert logits.tolist() == pytest.approx([1.7 * score - 0.4 for score in raw], rel=1e-6)
        shares = [1 / (1 + math.exp(-(1.7 * score - 0.4))) for score in raw]
        assert probabilities.tolist() == pytest.approx(shares, rel=1e-6)


@pytest.mark.parametrize("head", VECTOR_HEADS)
def test_the_sides_can_be_swapped(head: str) -> None:
    graphs = Graphs(model_of({"encoder": "bag", "head": head}))
    u, v = np.random.default_rng(1).normal(size=(2, 8, 12)).astype(np.float32)
    assert np.array_equal(graphs.head(u, v)[2], graphs.head(v, u)[2])


def calibrated(calibration: Calibration, raw: Array) -> tuple[Array, Array]:
    graph = Graph("calibration")
    logit_B = logit(graph, calibration, graph.input("raw", FLOAT, ["B"]))
    graph.output("logit", logit_B, DOUBLE, ["B"])
    graph.output("probability", probability(graph, logit_B), DOUBLE, ["B"])
    logits, probabilities = run(graph, raw=raw)
    return logits, probabilities


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    method = draw(st.sampled_from(METHODS))
    prior, dev_prior = draw(st.floats(0.01, 0.99)), draw(st.floats(0.01, 0.99))
    if method == "isotonic":
        x = sorted(draw(st.sets(NUMBERS, min_size=1, max_size=6)))
        y = sorted(draw(st.lists(NUMBERS, min_size=len(x), max_size=len(x))))
        return Calibration(method=method, knots=tuple(zip(x, y, strict=True)), prior=prior, dev_prior=dev_prior)
    bend = tuple(draw(st.lists(st.floats(0, 5), min_size=3, max_size=3))) if method == "beta" else ()
    intercept = 0.0 if method == "temperature" else draw(NUMBERS)
    slope = draw(st.floats(0.01, 50))
    return Calibration(method=method, slope=slope, intercept=intercept, bend=bend, prior=prior, dev_prior=dev_prior)


@settings(QUICK, max_examples=60)
@given(calibrations(), st.lists(NUMBERS, min_size=1, max_size=8))
def test_calibrations_are_those_of_numpy(calibration: Calibration, scores: list[float]) -> None:
    raw = np.array([*scores, -1e30, 1e30, 0], np.float32)
    logits, probabilities = calibrated(calibration, raw)
    expected = calibration.logit(raw)
    assert np.allclose(logits, expected, rtol=1e-9, atol=1e-7)
    assert np.abs(probabilities - calibration.probability(raw)).max() < 1e-7


def test_isotonic_by_hand() -> None:
    calibration = Calibration(method="isotonic", knots=((0, -2), (1, 0), (3, 4)))
    logits, _ = calibrated(calibration, np.array([-5, 0, 0.5, 1, 2, 3, 9], np.float32))
    assert logits.tolist() == pytest.approx([-2, -2, -1, 0, 2, 4, 4])


def test_small_probabilities_keep_their_digits() -> None:
    _, probabilities = calibrated(Calibration(), np.array([-60, -700, 60, -1e30, 1e30], np.float32))
    assert probabilities.tolist() == pytest.approx([math.exp(-60), math.exp(-700), 1, 0, 1], rel=1e-9)
