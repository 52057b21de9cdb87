"""Models of random weights over vocabularies of every kind, and texts of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.model.making import random_weights
from tests.text.word_cases import proto_of
from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer

TEXTS = [
    "a b c aa bb cc?",
    "",
    "   \t\n",
    "abc \u00c4RGER na\u00efve don't (x) 2024",
    "E\u0301 A\u0308rger NAI\u0308VE \ufb01\u0301 \uff8a\uff9f \u1112\u1161\u11ab",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 abc",
    "\U0001f600 \U0001f469\u200d\U0001f4bb \u6771\u4eac abc \U0001f600",
    "a\0b\x01c\x7f\u200b \ufeff\u2581 a\u2581",
    "<unk> <pad> aab",
    "abc def " * 400,
    "x" * 3_000,
]


def make(proto: bytes, *, seed: int = 3, card: str = "# A textsiam model\n\nOf a test.\n", **options: Any) -> PairModel:
    """Make a model; the head is cosine and a text is cut after 40 tokens unless ``options`` say otherwise."""
    architecture = Architecture(**{"head": "cosine", "max_tokens": 40, **options})
    return PairModel(
        architecture=architecture,
        vocabulary=proto,
        weights=random_weights(architecture, Tokenizer(proto).size, seed=seed, scale=0.8),
        calibration=Calibration(slope=3.5, intercept=-0.7, threshold=0.45, prior=0.37),
        card=card,
    )


def unit(vectors: Array) -> Array:
    """Give vectors of length 1; zero ones stay."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


@pytest.fixture(scope="session")
def bag() -> PairModel:
    return make(proto_of("unigram", "nfkc_casefold"), encoder="bag", dim=12)
