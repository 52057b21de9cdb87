"""The calibration as a graph: raw scores to log odds, computed in float64 as in NumPy. Shapes: B pairs, K knots."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from textsiam.integrations.onnx.graph import DOUBLE, Graph
from textsiam.model.calibration import LARGEST, Calibration


def logit(graph: Graph, calibration: Calibration, raw_B: str) -> str:
    """Give calibrated log odds, float64 (B,), of raw scores, float32 (B,)."""
    curve_B = _CURVES[calibration.method](graph, calibration, graph.cast(raw_B, DOUBLE))
    return graph.op("Add", curve_B, _number(graph, calibration.shift))


def probability(graph: Graph, logit_B: str) -> str:
    """Give probabilities, float64 (B,), right to their last digit however small."""
    return graph.op("Exp", graph.op("Neg", _softplus(graph, graph.op("Neg", logit_B))))


def _number(graph: Graph, number: float) -> str:
    return graph.constant(np.array(number, np.float64))


def _line(graph: Graph, calibration: Calibration, raw_B: str) -> str:
    straight_B = graph.op("Mul", raw_B, _number(graph, calibration.slope))
    return graph.op("Add", straight_B, _number(graph, calibration.intercept))


def _bent(graph: Graph, calibration: Calibration, raw_B: str) -> str:
    below, above, offset = (_number(graph, number) for number in calibration.bend)
    line_B = graph.op("Max", _line(graph, calibration, raw_B), _number(graph, -LARGEST))
    z_B = graph.op("Min", line_B, _number(graph, LARGEST))
    # of s = sigmoid(z): ln(s), and -ln(1 - s)
    log_share_B = graph.op("Neg", _softplus(graph, graph.op("Neg", z_B)))
    log_rest_B = _softplus(graph, z_B)
    return graph.op("Sum", graph.op("Mul", log_share_B, below), graph.op("Mul", log_rest_B, above), offset)


def _softplus(graph: Graph, z_B: str) -> str:
    """Give log(1 + exp(z)) of float64, without overflow: max(z, 0) + log(1 + exp(-|z|))."""
    shrunk_B = graph.op("Exp", graph.op("Neg", graph.op("Abs", z_B)))
    small_B = graph.op("Log", graph.op("Add", shrunk_B, _number(graph, 1)))
    return graph.op("Add", graph.op("Max", z_B, _number(graph, 0)), small_B)


def _between_knots(graph: Graph, calibration: Calibration, raw_B: str) -> str:
    """Start at the first knot, and add how far each line between two knots has risen, level beyond them."""
    x_K, y_K = np.array(calibration.knots).T
    start = _number(graph, y_K[0])
    if len(x_K) == 1:
        return graph.op("Add", graph.op("Mul", raw_B, _number(graph, 0)), start)
    left, right, rise = (graph.constant(part) for part in (x_K[:-1], x_K[1:], np.diff(y_K) / np.diff(x_K)))
    reached_BK = graph.op("Min", graph.op("Max", graph.wider(raw_B, 1), left), right)
    risen_BK = graph.op("Mul", graph.op("Sub", reached_BK, left), rise)
    return graph.op("Add", graph.reduced("ReduceSum", risen_BK, 1), start)


_CURVES: dict[str, Callable[[Graph, Calibration, str], str]] = {
    "platt": _line,
    "temperature": _line,
    "beta": _bent,
    "isotonic": _between_knots,
}
