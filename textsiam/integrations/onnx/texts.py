"""Texts in a graph: padded ids, how long they are, and what an encoder makes of them.

Shapes: B texts, T tokens (padded), D vector, S state of a token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textsiam.integrations.onnx.graph import FLOAT, Graph
from textsiam.integrations.onnx.weights import GraphWeights
from textsiam.model.architecture import Architecture


@dataclass(frozen=True)
class Texts:
    """Names of values: ``ids_BT`` (int64), at least one token wide, ``lengths_B`` (int64), and what follows from them.

    A text without tokens is read as one token of padding, so that no cell meets a text of no steps; ``read_B`` (int64)
    are the lengths with that token, ``inside_BT`` (bool) says which tokens are read, and ``filled_B1`` (float32) is 1
    for a text with tokens and 0 for one without, whose vector it makes zero.
    """

    ids_BT: str
    lengths_B: str
    read_B: str
    inside_BT: str
    filled_B1: str


@dataclass(frozen=True)
class Encoded:
    """``vectors_BD`` of texts; ``states`` adds the states of their tokens, (B, T, S), to the graph, if there are any.

    The state of a text without tokens is zero; what stands behind a text's end is finite.
    """

    vectors_BD: str
    states: Callable[[], str] | None = None


@dataclass(frozen=True)
class EncoderParts:
    """What an encoder's graph is built from."""

    graph: Graph
    weights: GraphWeights
    architecture: Architecture


def read_texts(graph: Graph, ids_BT: str, lengths_B: str, least_steps: int) -> Texts:
    """Pad ids to at least ``least_steps`` tokens, and say what is inside of each text."""
    missing = graph.op("Sub", graph.numbers(least_steps), graph.size(ids_BT, 1))
    more = graph.op("Max", missing, graph.numbers(0))
    ids_BT = graph.op("Pad", ids_BT, graph.joined([graph.numbers(0, 0, 0), more], 0))
    read_B = graph.op("Max", lengths_B, graph.numbers(1))
    filled_B = graph.cast(graph.op("Greater", lengths_B, graph.numbers(0)), FLOAT)
    return Texts(ids_BT, lengths_B, read_B, inside(graph, ids_BT, read_B), graph.wider(filled_B, 1))


def inside(graph: Graph, value_BT: str, lengths_B: str) -> str:
    """Tell which steps along axis 1 lie before a text's end, bool (B, T)."""
    return graph.op("Less", graph.steps(value_BT, 1), graph.wider(lengths_B, 1))


def as_divisor(graph: Graph, count_B: str) -> str:
    """Give whole numbers as float32 to divide by, at least 1, (B, 1)."""
    return graph.wider(graph.cast(graph.op("Max", count_B, graph.numbers(1)), FLOAT), 1)


def kept(graph: Graph, inside: str, value: str, other: float) -> str:
    """Put ``other`` in the place of what is not inside."""
    return graph.op("Where", inside, value, graph.number(other))


def softmax(graph: Graph, score: str, axis: int) -> str:
    """Give shares along an axis."""
    return graph.op("Softmax", score, attributes={"axis": axis})
