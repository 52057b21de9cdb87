"""Models of random weights over a small vocabulary of our own words, made without torch."""

from __future__ import annotations

from functools import cache

import numpy as np

from tests.model.making import random_weights
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary

WORDS = """
how do i reset my password where is the harbour when does the night train leave who waters the tomatoes in summer
what opens this old cupboard can we cancel an order of bread after noon which tram stops near the library resetting
"""
SIZE = 120


@cache
def vocabulary(kind: str = "unigram") -> bytes:
    """Give a SentencePiece model of some 100 pieces."""
    rng, words = np.random.default_rng(3), WORDS.split()
    texts = [" ".join(rng.choice(words, size=rng.integers(3, 12))) for _ in range(400)]
    return build_vocabulary(texts, size=SIZE if kind == "unigram" else 30, type=kind).proto


def random_model(architecture: Architecture, *, seed: int = 0, kind: str = "unigram") -> PairModel:
    """Draw a model's weights."""
    proto = vocabulary(kind)
    return PairModel(
        architecture=architecture,
        vocabulary=proto,
        weights=random_weights(architecture, Tokenizer(proto).size, seed=seed),
        calibration=Calibration(slope=1.7, intercept=-0.4, threshold=0.45, prior=0.37),
    )


def bag(head: str = "mlp", *, seed: int = 0) -> PairModel:
    """Draw a bag of 8 numbers with a head."""
    units = 8 if head in ("mlp", "alignment") else Architecture.head_units
    aligned = 8 if head == "alignment" else Architecture.alignment_units
    architecture = Architecture(encoder="bag", dim=8, head=head, head_units=units, alignment_units=aligned)
    return random_model(architecture, seed=seed)
