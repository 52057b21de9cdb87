"""The convolutional encoder as a graph. Shapes: B texts, T tokens (padded), W windows, U filters, D embedding."""

from __future__ import annotations

from textsiam.integrations.onnx.graph import LOWEST
from textsiam.integrations.onnx.texts import Encoded, EncoderParts, Texts, inside, kept
from textsiam.model.weights import EMBEDDING


def cnn(parts: EncoderParts, texts: Texts) -> Encoded:
    """Give the largest value of each filter over the windows of the text, and ReLU of it."""
    graph = parts.graph
    x_BTD = parts.weights.rows(EMBEDDING, texts.ids_BT)  # of padding 0
    largest = [_largest(parts, texts, x_BTD, width) for width in parts.architecture.filter_widths]
    value_BX = graph.op("Relu", graph.joined(largest, 1))
    return Encoded(graph.op("Mul", value_BX, texts.filled_B1))


def _largest(parts: EncoderParts, texts: Texts, x_BTD: str, width: int) -> str:
    """Give the largest value of each filter of one width, (B, U); a text shorter than it has one window."""
    graph, name = parts.graph, f"encoder.filters.{width}"
    places = [graph.sliced(x_BTD, 1, place, (place - width + 1) or None) for place in range(width)]
    value_BWU = parts.weights.product(graph.joined(places, 2), f"{name}.weight", f"{name}.bias")
    windows_B = graph.op("Sub", texts.lengths_B, graph.numbers(width - 1))
    inside_BW = inside(graph, value_BWU, graph.op("Max", windows_B, graph.numbers(1)))
    return graph.reduced("ReduceMax", kept(graph, graph.wider(inside_BW, 2), value_BWU, LOWEST), 1)
