"""The small transformer as a graph. Shapes: B texts, T tokens (padded), D embedding, A attention heads, C = D / A."""

from __future__ import annotations

import numpy as np

from textsiam.integrations.onnx.encoders.pooling import pooled
from textsiam.integrations.onnx.graph import FLOAT, LOWEST
from textsiam.integrations.onnx.texts import Encoded, EncoderParts, Texts, kept, softmax
from textsiam.model.weights import EMBEDDING

EPSILON = 1e-5  # of torch's LayerNorm


def transformer(parts: EncoderParts, texts: Texts) -> Encoded:
    """Run all layers, each normalised before it attends and before its hidden layer, and pool the states."""
    graph = parts.graph
    embedded_BTD = parts.weights.rows(EMBEDDING, texts.ids_BT)
    x_BTD = graph.op("Add", embedded_BTD, _sinusoids(parts, texts.ids_BT))
    for layer in range(parts.architecture.layers):
        prefix = f"encoder.layers.{layer}"
        x_BTD = graph.op("Add", x_BTD, _attended(parts, texts, prefix, x_BTD))
        x_BTD = graph.op("Add", x_BTD, _hidden(parts, prefix, x_BTD))
    x_BTD = _normalised(parts, "encoder.norm", x_BTD)
    return Encoded(pooled(parts, texts, x_BTD), lambda: graph.op("Mul", x_BTD, graph.wider(texts.filled_B1, 2)))


def _attended(parts: EncoderParts, texts: Texts, prefix: str, x_BTD: str) -> str:
    """Let each token look at the tokens of its own text, (B, T, D)."""
    graph, dim, heads = parts.graph, parts.architecture.dim, parts.architecture.attention_heads
    x_BTD = _normalised(parts, f"{prefix}.attend_norm", x_BTD)
    all_BTX = parts.weights.product(x_BTD, f"{prefix}.attend.weight", f"{prefix}.attend.bias")
    split = graph.op("Reshape", all_BTX, graph.numbers(0, 0, 3, heads, dim // heads))
    parts_3BATC = graph.ops("Split", graph.turned(split, 2, 0, 3, 1, 4), outputs=3, attributes={"num_outputs": 3})
    queries, keys, values = (graph.op("Squeeze", part, graph.numbers(0)) for part in parts_3BATC)
    product_BATT = graph.op("MatMul", queries, graph.turned(keys, 0, 1, 3, 2))
    score_BATT = graph.op("Mul", product_BATT, graph.number((dim // heads) ** -0.5))
    score_BATT = kept(graph, graph.wider(texts.inside_BT, 1, 2), score_BATT, LOWEST)
    found_BATC = graph.op("MatMul", softmax(graph, score_BATT, 3), values)
    found_BTD = graph.op("Reshape", graph.turned(found_BATC, 0, 2, 1, 3), graph.numbers(0, 0, dim))
    return parts.weights.product(found_BTD, f"{prefix}.attended.weight", f"{prefix}.attended.bias")


def _hidden(parts: EncoderParts, prefix: str, x_BTD: str) -> str:
    x_BTD = _normalised(parts, f"{prefix}.hidden_norm", x_BTD)
    hidden = parts.weights.product(x_BTD, f"{prefix}.hidden.weight", f"{prefix}.hidden.bias")
    hidden = parts.graph.op("Relu", hidden)
    return parts.weights.product(hidden, f"{prefix}.output.weight", f"{prefix}.output.bias")


def _normalised(parts: EncoderParts, name: str, x_BTD: str) -> str:
    scale, bias = (parts.graph.constant(parts.weights.vector(f"{name}.{part}")) for part in ("weight", "bias"))
    return parts.graph.op("LayerNormalization", x_BTD, scale, bias, attributes={"axis": -1, "epsilon": EPSILON})


def _sinusoids(parts: EncoderParts, ids_BT: str) -> str:
    """Give each position sines and cosines by turns, of wavelengths from 2 pi to 20,000 pi, (T, D)."""
    graph, dim = parts.graph, parts.architecture.dim
    frequencies = (10_000 ** (-np.arange(0, dim, 2) / dim)).astype(np.float32)
    steps_T1 = graph.wider(graph.cast(graph.steps(ids_BT, 1), FLOAT), 1)
    angles = graph.op("Mul", steps_T1, graph.constant(frequencies))
    turns = [graph.wider(graph.op(kind, angles), 2) for kind in ("Sin", "Cos")]
    flat = graph.op("Reshape", graph.joined(turns, 2), graph.numbers(0, 2 * len(frequencies)))
    return graph.sliced(flat, 1, 0, dim)
