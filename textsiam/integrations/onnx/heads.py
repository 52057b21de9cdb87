"""The pair heads as a graph: two vectors to one raw score. Shapes: B pairs, D vector, F features."""

from __future__ import annotations

from collections.abc import Callable

from textsiam.integrations.onnx.texts import EncoderParts
from textsiam.model.heads import EPSILON


def _cosine(parts: EncoderParts, u_BD: str, v_BD: str) -> str:
    graph = parts.graph
    least = graph.number(float(EPSILON))
    norms = [graph.op("Max", graph.reduced("ReduceL2", side, 1), least) for side in (u_BD, v_BD)]
    cosine_B = graph.op("Div", _dot(parts, u_BD, v_BD), graph.op("Mul", *norms))
    return graph.op("Clip", cosine_B, graph.number(-1), graph.number(1))


def _dot(parts: EncoderParts, u_BD: str, v_BD: str) -> str:
    return parts.graph.reduced("ReduceSum", parts.graph.op("Mul", u_BD, v_BD), 1)


def _euclidean(parts: EncoderParts, u_BD: str, v_BD: str) -> str:
    graph = parts.graph
    return graph.op("Neg", graph.reduced("ReduceL2", graph.op("Sub", u_BD, v_BD), 1))


def _manhattan(parts: EncoderParts, u_BD: str, v_BD: str) -> str:
    graph = parts.graph
    return graph.op("Neg", graph.reduced("ReduceL1", graph.op("Sub", u_BD, v_BD), 1))


def _squared_euclidean(parts: EncoderParts, u_BD: str, v_BD: str) -> str:
    graph = parts.graph
    difference_BD = graph.op("Sub", u_BD, v_BD)
    return _output(parts, graph.op("Mul", difference_BD, difference_BD), "head")


def mlp(parts: EncoderParts, u_BD: str, v_BD: str, *beside_BX: str, prefix: str = "head") -> str:
    """Put one hidden ReLU layer over |u-v|, u*v and u+v, and other features beside; a logit, (B,)."""
    graph = parts.graph
    difference_BD = graph.op("Abs", graph.op("Sub", u_BD, v_BD))
    features = [difference_BD, graph.op("Mul", u_BD, v_BD), graph.op("Add", u_BD, v_BD), *beside_BX]
    hidden = parts.weights.product(graph.joined(features, 1), f"{prefix}.hidden.weight", f"{prefix}.hidden.bias")
    return _output(parts, graph.op("Relu", hidden), prefix)


def _output(parts: EncoderParts, x_BF: str, prefix: str) -> str:
    logit_B1 = parts.weights.product(x_BF, f"{prefix}.output.weight", f"{prefix}.output.bias")
    return parts.graph.op("Squeeze", logit_B1, parts.graph.numbers(1))


HEADS: dict[str, Callable[[EncoderParts, str, str], str]] = {
    "cosine": _cosine,
    "dot": _dot,
    "euclidean": _euclidean,
    "manhattan": _manhattan,
    "mlp": mlp,
    "squared_euclidean": _squared_euclidean,
}
