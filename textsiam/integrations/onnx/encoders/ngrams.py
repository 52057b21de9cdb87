"""The mean of the embeddings of a text's n-grams as a graph, hashed as model/encoders/ngrams.py does.

Shapes: B texts, T tokens (padded), R runs, D embedding.
"""

from __future__ import annotations

from functools import partial, reduce

import numpy as np

from textsiam.integrations.onnx.graph import INT64, UINT64
from textsiam.integrations.onnx.texts import EncoderParts, Texts, as_divisor, inside
from textsiam.model.encoders.ngrams import MULTIPLIER

NGRAM_EMBEDDING = "encoder.ngram_embedding.weight"


def ngram_mean(parts: EncoderParts, texts: Texts) -> str:
    """Average the rows of each text's runs of 2 to ``ngrams`` tokens, (B, D); 0 where it has none."""
    graph, longest = parts.graph, parts.architecture.ngrams
    rows, counts = [], []
    mixed_BT = graph.op("Mul", texts.ids_BT, graph.numbers(MULTIPLIER))  # int64 wraps around
    for length in range(2, longest + 1):
        next_BR = graph.sliced(texts.ids_BT, 1, length - 1)
        started_BR = graph.op("BitwiseXor", graph.sliced(mixed_BT, 1, 0, -1), next_BR)
        mixed_BT = graph.op("Mul", started_BR, graph.numbers(MULTIPLIER))
        left_B = graph.op("Max", graph.op("Sub", texts.lengths_B, graph.numbers(length - 1)), graph.numbers(0))
        whole_BR = graph.cast(inside(graph, mixed_BT, left_B), INT64)
        rows.append(graph.op("Mul", _row(parts, mixed_BT), whole_BR))
        counts.append(left_B)
    sum_BD = graph.reduced("ReduceSum", parts.weights.rows(NGRAM_EMBEDDING, graph.joined(rows, 1)), 1)
    count_B = reduce(partial(graph.op, "Add"), counts)
    return graph.op("Div", sum_BD, as_divisor(graph, count_B))


def _row(parts: EncoderParts, mixed_BR: str) -> str:
    """Give 1 + (h div 2^33) mod (buckets - 1) of hashes as int64, whose bits are those of h, 0 to 2^64."""
    graph = parts.graph
    shifted_BR = graph.op(
        "BitShift",
        graph.cast(mixed_BR, UINT64),
        graph.constant(np.array([33], np.uint64)),
        attributes={"direction": "RIGHT"},
    )
    place_BR = graph.op("Mod", graph.cast(shifted_BR, INT64), graph.numbers(parts.architecture.buckets - 1))
    return graph.op("Add", place_BR, graph.numbers(1))
