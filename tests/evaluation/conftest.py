"""A model that scores by hand-set weights, and pairs that it gets partly right."""

from __future__ import annotations

import numpy as np
import pytest

from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary


@pytest.fixture(scope="session")
def model() -> PairModel:
    """Give a bag of random word vectors: the more words two texts share, the higher their cosine."""
    words = ["red", "green", "blue", "cat", "dog", "bird", "sleeps", "runs", "sings", "today", "here", "now"]
    texts = [f"{a} {b} {c}" for a in words for b in words for c in words[::3]]
    vocabulary = build_vocabulary(texts, size=60).proto
    architecture = Architecture(encoder="bag", dim=32, head="cosine", max_tokens=20)
    size = Tokenizer(vocabulary).size
    embedding = np.random.default_rng(3).normal(size=(size, 32)).astype(np.float32)
    embedding[0] = 0
    return PairModel(
        architecture=architecture,
        vocabulary=vocabulary,
        weights={"encoder.embedding.weight": embedding},
        calibration=Calibration(slope=6.0, intercept=-3.0, threshold=0.4, prior=0.37),
    )
