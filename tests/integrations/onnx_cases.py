"""Models of random weights, and their graphs in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tests.model.making import fitting, random_weights
from tests.text.word_cases import proto_of
from textsiam.arrays import Array
from textsiam.integrations.onnx.graphs import make_graphs
from textsiam.model.architecture import POOLINGS, Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel
from textsiam.model.storage import restore_weights, store_weights
from textsiam.text.buckets import padded
from textsiam.text.tokenizer import TokenIds, Tokenizer

onnxruntime = pytest.importorskip("onnxruntime")

PROTO = proto_of("unigram", "nfkc_casefold")
VOCABULARY = Tokenizer(PROTO).size
SIZES = {"dim": 12, "units": 10, "head_units": 16, "alignment_units": 8, "attention_heads": 3}
CALIBRATION = Calibration(slope=1.7, intercept=-0.4, threshold=0.45, prior=0.37)

ENCODERS: list[dict[str, Any]] = [
    {"encoder": "bag"},
    {"encoder": "bag", "weighting": "sif"},
    {"encoder": "bag", "ngrams": 2, "buckets": 40},
    {"encoder": "bag", "weighting": "idf", "ngrams": 5, "buckets": 300},
    *({"encoder": "cnn", "widths": widths} for widths in ("1", "2,3,4", "7,16,5")),
    *(
        {"encoder": encoder, "layers": layers, "bidirectional": both, "pooling": pooling}
        for encoder in ("gru", "lstm")
        for layers, both in ((1, False), (2, True))
        for pooling in POOLINGS
    ),
    {"encoder": "lstm", "layers": 8, "bidirectional": True, "pooling": "last"},
    {"encoder": "gru", "layers": 8, "pooling": "max"},
    {"encoder": "gru", "pooling": "attention", "layers": 2, "ngrams": 2, "buckets": 50},
    {"encoder": "lstm", "pooling": "mean", "bidirectional": True, "ngrams": 3, "buckets": 100_000},
    *({"encoder": "transformer", "layers": 2, "pooling": pooling} for pooling in POOLINGS),
]


def name_of(options: Mapping[str, Any]) -> str:
    return "-".join(map(str, options.values()))


def model_of(
    options: Mapping[str, Any],
    *,
    proto: bytes = PROTO,
    calibration: Calibration = CALIBRATION,
    stored: str = "fp32",
    scale: float = 0.3,
) -> PairModel:
    """Draw a model; ``stored`` rounds its weights as a model folder does."""
    architecture = Architecture(**fitting({**SIZES, **options}))
    weights = random_weights(architecture, Tokenizer(proto).size, scale=scale)
    return PairModel(
        architecture=architecture,
        vocabulary=proto,
        weights=restore_weights(store_weights(weights, stored)),
        calibration=calibration,
    )


def in_torch(model: PairModel) -> PairModel:
    return PairModel(
        architecture=model.architecture, vocabulary=model.tokenizer.proto, weights=model.weights, device="cpu"
    )


class Graphs:
    """The graphs of a model, each in a session of its own."""

    def __init__(self, model: PairModel, weights: str = "fp32") -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.sessions = {
            name: onnxruntime.InferenceSession(graph.SerializeToString(), options)
            for name, graph in make_graphs(model, weights, {}).items()
        }

    def vectors(self, tokens: TokenIds) -> Array:
        """Encode texts side by side in one batch: as much padding as can be."""
        ids_BT, lengths_B = padded(tokens, np.arange(len(tokens)))
        vectors: Array = self.sessions["encoder"].run(["vectors"], {"ids": ids_BT, "lengths": lengths_B})[0]
        return vectors

    def head(self, u: Array, v: Array) -> tuple[Array, Array, Array]:
        """Give raw scores, log odds and probabilities of vectors."""
        raw, logit, probability = self.sessions["head"].run(["raw", "logit", "probability"], {"u": u, "v": v})
        return raw, logit, probability

    def pairs(self, tokens: TokenIds, index_a: Array, index_b: Array) -> tuple[Array, Array]:
        """Give raw scores and probabilities of pairs whose tokens are compared, in one batch."""
        inputs: dict[str, Array] = {}
        for side, index in (("a", index_a), ("b", index_b)):
            inputs[f"ids_{side}"], inputs[f"lengths_{side}"] = padded(tokens, index)
        raw, probability = self.sessions["pair"].run(["raw", "probability"], inputs)
        return raw, probability
