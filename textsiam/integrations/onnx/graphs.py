"""The graphs of a model: texts to vectors, vectors to probabilities, or pairs of texts to probabilities at once."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from textsiam.integrations.onnx.alignment import aligned
from textsiam.integrations.onnx.calibration import logit, probability
from textsiam.integrations.onnx.encoders import encoded
from textsiam.integrations.onnx.graph import FLOAT, INT64, Graph
from textsiam.integrations.onnx.heads import HEADS
from textsiam.integrations.onnx.texts import EncoderParts
from textsiam.integrations.onnx.weights import GraphWeights
from textsiam.model.pair_model import PairModel

ENCODER, HEAD, PAIR = "encoder", "head", "pair"


def make_graphs(model: PairModel, precision: str, notes: Mapping[str, str]) -> dict[str, onnx.ModelProto]:
    """Give the graphs by name: "encoder", and "head", or "pair" for a head that compares tokens."""
    graphs = {ENCODER: _encoder_graph(_parts(ENCODER, model, precision)).model(notes)}
    name, make = (PAIR, _pair_graph) if model.architecture.head == "alignment" else (HEAD, _head_graph)
    return {**graphs, name: make(_parts(name, model, precision), model).model(notes)}


def _parts(name: str, model: PairModel, precision: str) -> EncoderParts:
    graph = Graph(name)
    return EncoderParts(graph, GraphWeights(graph, model.weights, precision), model.architecture)


def _encoder_graph(parts: EncoderParts) -> Graph:
    graph = parts.graph
    ids_BT, lengths_B = graph.input("ids", INT64, ["B", "T"]), graph.input("lengths", INT64, ["B"])
    _, found = encoded(parts, ids_BT, lengths_B)
    graph.output("vectors", found.vectors_BD, FLOAT, ["B", parts.architecture.vector_size])
    return graph


def _head_graph(parts: EncoderParts, model: PairModel) -> Graph:
    graph, size = parts.graph, parts.architecture.vector_size
    sides = [graph.input(name, FLOAT, ["B", size]) for name in ("u", "v")]
    _give_scores(graph, model, HEADS[parts.architecture.head](parts, *sides))
    return graph


def _pair_graph(parts: EncoderParts, model: PairModel) -> Graph:
    graph, ids, lengths = parts.graph, [], []
    for side in ("a", "b"):
        ids.append(graph.input(f"ids_{side}", INT64, ["B", f"T_{side}"]))
        lengths.append(graph.input(f"lengths_{side}", INT64, ["B"]))
    widest = graph.op("Max", *(graph.size(ids_BT, 1) for ids_BT in ids))
    ids_PT = graph.joined([_padded(graph, ids_BT, widest) for ids_BT in ids], 0)
    texts_P, found = encoded(parts, ids_PT, graph.joined(lengths, 0))
    assert found.states is not None
    _give_scores(graph, model, aligned(parts, texts_P, found.vectors_BD, found.states()))
    return graph


def _padded(graph: Graph, ids_BT: str, steps: str) -> str:
    """Pad ids to this many tokens, int64 (1,)."""
    more = graph.op("Sub", steps, graph.size(ids_BT, 1))
    return graph.op("Pad", ids_BT, graph.joined([graph.numbers(0, 0, 0), more], 0))


def _give_scores(graph: Graph, model: PairModel, raw_B: str) -> None:
    logit_B = logit(graph, model.calibration, raw_B)
    graph.output("raw", raw_B, FLOAT, ["B"])
    graph.output("logit", graph.cast(logit_B, FLOAT), FLOAT, ["B"])
    graph.output("probability", graph.cast(probability(graph, logit_B), FLOAT), FLOAT, ["B"])
