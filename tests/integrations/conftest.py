"""Pairs about topics, a model that has learned them in a second, and torch on one thread."""

from __future__ import annotations

import dataclasses

import pytest

from tests.training.conftest import TOPICS, _one_thread, make_rows  # noqa: F401 - _one_thread is a fixture of all tests here
from textsiam.model.pair_model import PairModel
from textsiam.training.config import TrainConfig
from textsiam.training.presets import with_base
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


@pytest.fixture(scope="session")
def topic_pairs() -> tuple[list[tuple[str, str]], list[int]]:
    """Give 256 pairs of texts, and 1 where they are about one topic."""
    rows = make_rows(256)
    return [(a, b) for a, b, _ in rows], [int(label) for _, _, label in rows]


@pytest.fixture(scope="session")
def topic_model() -> PairModel:
    """Give a model that tells topics apart by the cosine."""
    config = TrainConfig(**with_base(dataclasses.asdict(QUICK), {"head": "cosine", "epochs": 10}))
    return train(_all_topics(448), dev=_all_topics(112, start=1000), config=config)


def _all_topics(count: int, *, start: int = 0) -> list[tuple[str, str, int]]:
    """Give pairs in which each topic is told from every other."""
    rows = []
    for number in range(start, start + count):
        mine = number % 8
        second = mine if number // 8 % 2 else (mine + 1 + number // 16 % 7) % 8
        texts = f"what about the {TOPICS[mine]} number {number}", f"tell me of {TOPICS[second]} item {number}"
        rows.append((*texts, int(mine == second)))
    return rows
