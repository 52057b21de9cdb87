"""The embedding bag as a graph. Shapes: B texts, T tokens (padded), D embedding."""

from __future__ import annotations

from textsiam.integrations.onnx.encoders.ngrams import ngram_mean
from textsiam.integrations.onnx.texts import Encoded, EncoderParts, Texts, as_divisor
from textsiam.model.weights import EMBEDDING, TOKEN_WEIGHT


def bag(parts: EncoderParts, texts: Texts) -> Encoded:
    """Average the token embeddings, weighted or not, and add the mean of the n-grams' embeddings, if any."""
    graph, weights = parts.graph, parts.weights
    state_BTD = weights.rows(EMBEDDING, texts.ids_BT)  # of padding 0
    if parts.architecture.is_weighted:
        weight_BT = graph.op("Gather", graph.constant(weights.vector(TOKEN_WEIGHT)), texts.ids_BT)
        sum_BD = graph.reduced("ReduceSum", graph.op("Mul", state_BTD, graph.wider(weight_BT, 2)), 1)
        weight_B1 = graph.reduced("ReduceSum", weight_BT, 1, keep=True)
        nothing_B1 = graph.op("Equal", weight_B1, graph.number(0))
        mean_BD = graph.op("Div", sum_BD, graph.op("Where", nothing_B1, graph.number(1), weight_B1))
    else:
        sum_BD = graph.reduced("ReduceSum", state_BTD, 1)
        mean_BD = graph.op("Div", sum_BD, as_divisor(graph, texts.lengths_B))
    if parts.architecture.ngrams > 1:
        mean_BD = graph.op("Add", mean_BD, ngram_mean(parts, texts))
    return Encoded(mean_BD, lambda: state_BTD)
