"""The alignment head as a graph; what it computes, training/alignment.py says.

Shapes: B pairs, P = 2B sides of pairs, the first sides before the second ones, T tokens (padded), S state, W
comparisons.
"""

from __future__ import annotations

import numpy as np

from textsiam.integrations.onnx.graph import FLOAT, LOWEST, Graph
from textsiam.integrations.onnx.heads import mlp
from textsiam.integrations.onnx.texts import EncoderParts, Texts, kept, softmax


def aligned(parts: EncoderParts, texts_P: Texts, vectors_PD: str, states_PTS: str) -> str:
    """Compare the tokens of the two sides of each pair: the logits, (B,)."""
    graph, weights = parts.graph, parts.weights
    x_PTW = graph.op("Relu", weights.product(states_PTS, "head.token.weight", "head.token.bias"))
    own_PTW = weights.product(x_PTW, "head.own.weight", "head.own.bias")
    share_PTT = _shares(parts, texts_P, x_PTW)
    y_PTW = graph.op("MatMul", share_PTT, _other_side(graph, x_PTW))
    features = [graph.op("Abs", graph.op("Sub", x_PTW, y_PTW)), graph.op("Mul", x_PTW, y_PTW)]
    compared_PTW = weights.product(graph.joined(features, 2), "head.compared.weight")
    found_PTW = graph.op("Relu", graph.op("Add", own_PTW, compared_PTW))
    # what came of a token is not negative: that of the ones behind the end, 0, is never the largest
    found_PTW = kept(graph, graph.wider(texts_P.inside_BT, 2), found_PTW, 0)
    lengths_P1 = graph.wider(graph.cast(texts_P.read_B, FLOAT), 1)
    mean_PW = graph.op("Div", graph.reduced("ReduceSum", found_PTW, 1), lengths_P1)
    found_PX = graph.joined([graph.reduced("ReduceMax", found_PTW, 1), mean_PW], 1)
    a_BX, b_BX = _sides(graph, found_PX)
    beside = [graph.op("Add", a_BX, b_BX), graph.op("Abs", graph.op("Sub", a_BX, b_BX))]
    return mlp(parts, *_sides(graph, vectors_PD), *beside, prefix="head.mlp")


def _shares(parts: EncoderParts, texts_P: Texts, x_PTW: str) -> str:
    """Give the shares of attention of each side's tokens among those of the other side, (P, T, T)."""
    graph, width = parts.graph, parts.architecture.alignment_units
    a_BTW, b_BTW = _sides(graph, x_PTW)
    sharpness = np.exp(parts.weights.vector("head.sharpness")) / np.float32(width**0.5)
    score_BTT = graph.op("Mul", graph.op("MatMul", a_BTW, graph.turned(b_BTW, 0, 2, 1)), graph.constant(sharpness))
    score_PTT = graph.joined([score_BTT, graph.turned(score_BTT, 0, 2, 1)], 0)
    inside_P1T = graph.wider(_other_side(graph, texts_P.inside_BT), 1)
    return softmax(graph, kept(graph, inside_P1T, score_PTT, LOWEST), 2)


def _sides(graph: Graph, value_P: str) -> list[str]:
    return graph.ops("Split", value_P, outputs=2, attributes={"axis": 0, "num_outputs": 2})


def _other_side(graph: Graph, value_P: str) -> str:
    """Swap the sides of the pairs."""
    return graph.joined(_sides(graph, value_P)[::-1], 0)
