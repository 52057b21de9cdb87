"""LSTM and GRU as a graph. Shapes: B texts, T tokens (padded), H units, D states of both directions."""

from __future__ import annotations

from functools import partial
from typing import Any

from textsiam.integrations.onnx.encoders.ngrams import ngram_mean
from textsiam.integrations.onnx.encoders.pooling import pooled
from textsiam.integrations.onnx.graph import INT32
from textsiam.integrations.onnx.texts import Encoded, EncoderParts, Texts, kept
from textsiam.model.weights import EMBEDDING

# where ONNX has torch's gates: of the LSTM input, output, forget, cell; of the GRU update, reset, candidate
_ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}


def _recurrent(parts: EncoderParts, texts: Texts, cell: str) -> Encoded:
    graph, architecture = parts.graph, parts.architecture
    embedded_TBX = parts.weights.rows(EMBEDDING, graph.turned(texts.ids_BT, 1, 0))
    steps_B, x_TBX, last_WBH = graph.cast(texts.read_B, INT32), embedded_TBX, ""
    for layer in range(architecture.layers):
        y_TWBH, last_WBH = _layer(parts, cell, layer, x_TBX, steps_B)
        x_TBX = graph.op("Reshape", graph.turned(y_TWBH, 0, 2, 1, 3), graph.numbers(0, 0, architecture.pooled_size))
    x_BTD = graph.turned(x_TBX, 1, 0, 2)
    if architecture.pooling == "last":
        # the backward state that has seen the whole text is that of the first token
        last_BD = graph.op("Reshape", graph.turned(last_WBH, 1, 0, 2), graph.numbers(0, architecture.pooled_size))
        vectors_BD = graph.op("Mul", last_BD, texts.filled_B1)
    else:
        vectors_BD = pooled(parts, texts, x_BTD)
    if architecture.ngrams > 1:
        vectors_BD = graph.joined([vectors_BD, ngram_mean(parts, texts)], 1)

    def states() -> str:
        both_BTS = graph.joined([x_BTD, graph.turned(embedded_TBX, 1, 0, 2)], 2)
        inside_BT1 = graph.wider(texts.inside_BT, 2)
        return graph.op("Mul", kept(graph, inside_BT1, both_BTS, 0), graph.wider(texts.filled_B1, 2))

    return Encoded(vectors_BD, states)


def _layer(parts: EncoderParts, cell: str, layer: int, x_TBX: str, steps_B: str) -> list[str]:
    """Run one layer in all its W directions: the states (T, W, B, H), and those after each text's end (W, B, H)."""
    architecture, blocks = parts.architecture, _ORDER[cell]
    ways = ("forwards", "backwards") if architecture.bidirectional else ("forwards",)
    prefixes = [f"encoder.layers.{layer}.{way}" for way in ways]
    inputs, recurrent = (
        parts.weights.stacked([f"{prefix}.weight_{kind}_l0" for prefix in prefixes], blocks) for kind in ("ih", "hh")
    )
    biases = [[f"{prefix}.bias_{kind}_l0" for kind in ("ih", "hh")] for prefix in prefixes]
    bias = parts.weights.stacked_vectors(biases, blocks)
    attributes: dict[str, Any] = {
        "hidden_size": architecture.units,
        "direction": "bidirectional" if architecture.bidirectional else "forward",
    }
    attributes |= {"linear_before_reset": 1} if cell == "GRU" else {}
    # with the texts' lengths the backward direction reads each text reversed within its own
    return parts.graph.ops(cell, x_TBX, inputs, recurrent, bias, steps_B, outputs=2, attributes=attributes)


lstm = partial(_recurrent, cell="LSTM")
gru = partial(_recurrent, cell="GRU")
