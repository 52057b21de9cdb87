"""How the states of a text's tokens become one vector, as a graph. Shapes: B texts, T tokens (padded), D state."""

from __future__ import annotations

from collections.abc import Callable

from textsiam.integrations.onnx.graph import LOWEST
from textsiam.integrations.onnx.texts import EncoderParts, Texts, as_divisor, kept, softmax


def pooled(parts: EncoderParts, texts: Texts, x_BTD: str) -> str:
    """Pool by "attention", "last", "max" or "mean"; a text without tokens has the zero vector, (B, D)."""
    vectors_BD = _POOLINGS[parts.architecture.pooling](parts, texts, x_BTD)
    return parts.graph.op("Mul", vectors_BD, texts.filled_B1)


def _attention(parts: EncoderParts, texts: Texts, x_BTD: str) -> str:
    graph = parts.graph
    score_BT1 = parts.weights.product(x_BTD, "encoder.attention.weight")
    share_BT1 = softmax(graph, kept(graph, graph.wider(texts.inside_BT, 2), score_BT1, LOWEST), 1)
    return graph.reduced("ReduceSum", graph.op("Mul", x_BTD, share_BT1), 1)


def _last(parts: EncoderParts, texts: Texts, x_BTD: str) -> str:
    graph = parts.graph
    last_B1 = graph.wider(graph.op("Sub", texts.read_B, graph.numbers(1)), 1)
    return graph.op("GatherND", x_BTD, last_B1, attributes={"batch_dims": 1})


def _max(parts: EncoderParts, texts: Texts, x_BTD: str) -> str:
    graph = parts.graph
    return graph.reduced("ReduceMax", kept(graph, graph.wider(texts.inside_BT, 2), x_BTD, LOWEST), 1)


def _mean(parts: EncoderParts, texts: Texts, x_BTD: str) -> str:
    graph = parts.graph
    sum_BD = graph.reduced("ReduceSum", kept(graph, graph.wider(texts.inside_BT, 2), x_BTD, 0), 1)
    return graph.op("Div", sum_BD, as_divisor(graph, texts.lengths_B))


_POOLINGS: dict[str, Callable[[EncoderParts, Texts, str], str]] = {
    "attention": _attention,
    "last": _last,
    "max": _max,
    "mean": _mean,
}
