"""A small vocabulary, and models of random weights over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import pytest

from tests.model.making import random_weights
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary

WORDS = """
how can i learn python what is the best way to learn a language where does rain come from why is the sky blue
when should one plant tomatoes how do i reset my password which train goes to the harbour at night
"""


class MakeModel(Protocol):
    """Makes a model of random weights; the options are those of PairModel and of the drawing."""

    def __call__(
        self, architecture: Architecture, *, seed: int = 0, scale: float = 0.3, device: str | None = None
    ) -> PairModel: ...


@pytest.fixture(scope="session")
def vocabulary() -> bytes:
    """Give a SentencePiece model of about 120 pieces."""
    rng, words = np.random.default_rng(5), WORDS.split()
    texts = [" ".join(rng.choice(words, size=rng.integers(3, 12))) for _ in range(400)]
    return build_vocabulary(texts, size=120).proto


@pytest.fixture(scope="session")
def make_model(vocabulary: bytes) -> MakeModel:
    size = Tokenizer(vocabulary).size

    def make(architecture: Architecture, *, seed: int = 0, scale: float = 0.3, device: str | None = None) -> PairModel:
        return PairModel(
            architecture=architecture,
            vocabulary=vocabulary,
            weights=random_weights(architecture, size, seed=seed, scale=scale),
            calibration=Calibration(slope=1.7, intercept=-0.4, threshold=0.45, prior=0.37),
            device=device,
        )

    return make


@pytest.fixture
def one_torch_thread() -> Iterator[None]:
    """Hold torch to one thread: other work runs on this machine too."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
