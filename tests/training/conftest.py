"""A small corpus that can be learned in a second, and torch on one thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from textsiam.data.pairs import Pairs
from textsiam.training.config import TrainConfig

TOPICS = ("apple", "bread", "cloud", "drum", "eagle", "forest", "garden", "harbour")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def make_rows(count: int, *, start: int = 0) -> list[tuple[str, str, float]]:
    """Texts about a topic each; pairs about the same topic are the same."""
    rows = []
    for number in range(start, start + count):
        mine, other = TOPICS[number % 8], TOPICS[(number * 3 + 1) % 8]
        second = mine if number % 2 else other
        rows.append(
            (f"what about the {mine} number {number}", f"tell me of {second} item {number}", float(mine == second))
        )
    return rows


def make_chains(count: int = 30) -> list[tuple[str, str, float]]:
    """Two topics, texts of each the same over others, and the topics different: these imply many more pairs."""
    rows = [(f"the {topic} of {n}", f"the {topic} of {n + 1}", 1.0) for topic in ("sea", "sun") for n in range(count)]
    return rows + [(f"the sea of {n}", f"the sun of {n}", 0.0) for n in range(count)]


@pytest.fixture(scope="session")
def toy_pairs() -> Pairs:
    return Pairs.from_rows(make_rows(256))


@pytest.fixture(scope="session")
def toy_dev() -> Pairs:
    return Pairs.from_rows(make_rows(64, start=1000))


@pytest.fixture
def toy_config() -> TrainConfig:
    return TrainConfig(
        encoder="lstm",
        dim=16,
        units=16,
        head_units=16,
        epochs=3,
        batch_size=32,
        vocabulary_size=100,
        learning_rate=0.01,
        device="cpu",
        precision="fp32",
        seed=5,
    )
