"""Pairs about topics, a model that has learned them in a second, and torch on one thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.training.conftest import make_rows
from textsiam.model.pair_model import PairModel
from textsiam.training.config import TrainConfig
from textsiam.training.train import train

QUICK = TrainConfig(
    encoder="bag",
    dim=16,
    head_units=16,
    epochs=6,
    batch_size=32,
    vocabulary_size=100,
    learning_rate=0.02,
    device="cpu",
    precision="fp32",
    threads=1,
    seed=5,
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def topic_pairs() -> tuple[list[tuple[str, str]], list[int]]:
    """Give 256 pairs of texts, and 1 where they are about one topic."""
    rows = make_rows(256)
    return [(a, b) for a, b, _ in rows], [int(label) for _, _, label in rows]


@pytest.fixture(scope="session")
def topic_model() -> PairModel:
    """Give a model that tells topics apart by the cosine."""
    config = TrainConfig(**{**QUICK.__dict__, "head": "cosine", "head_units": 256, "epochs": 12})
    return train(make_rows(256), dev=make_rows(64, start=1000), config=config)
