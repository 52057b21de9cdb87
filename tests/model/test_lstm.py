from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.model.making import random_tokens, random_weights, token_ids
from textsiam.model import lstm
from textsiam.model.architecture import Architecture
from textsiam.model.lstm import NumpyLSTMEncoder

VOCABULARY = 50
ARCHITECTURE = Architecture(encoder="lstm", dim=5, units=4, layers=2, bidirectional=True)


@pytest.mark.parametrize("block", [1, 3, 512])
def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    encoder = NumpyLSTMEncoder(ARCHITECTURE, random_weights(ARCHITECTURE, VOCABULARY, seed=7))
    tokens = random_tokens([6] * 20 + [3] * 11 + [0, 40, 1], VOCABULARY, seed=8)
    at_once = encoder(tokens)
    monkeypatch.setattr(lstm, "BLOCK_TEXTS", block)
    assert np.abs(encoder(tokens) - at_once).max() < 1e-6


def test_gates_are_looked_up_only_for_tokens_that_came() -> None:
    encoder = NumpyLSTMEncoder(ARCHITECTURE, random_weights(ARCHITECTURE, VOCABULARY, seed=1))
    encoder(token_ids([np.array([3, 9], dtype=np.int32)]))
    assert all(np.flatnonzero(table.known_V).tolist() == [3, 9] for table in encoder.tables)
    encoder(token_ids([np.array([9, 49], dtype=np.int32)]))
    assert all(np.flatnonzero(table.known_V).tolist() == [3, 9, 49] for table in encoder.tables)


def test_what_came_before_changes_no_vector() -> None:
    weights = random_weights(ARCHITECTURE, VOCABULARY, seed=2)
    tokens = random_tokens([5, 9, 1], VOCABULARY, seed=3)
    used = NumpyLSTMEncoder(ARCHITECTURE, weights)
    used(random_tokens([30] * 20, VOCABULARY, seed=4))
    assert np.abs(used(tokens) - NumpyLSTMEncoder(ARCHITECTURE, weights)(tokens)).max() < 1e-6


def test_many_threads_may_use_one_encoder() -> None:
    weights = random_weights(ARCHITECTURE, VOCABULARY, seed=5)
    batches = [random_tokens([7, 3, 12, 1], VOCABULARY, seed=seed) for seed in range(40)]
    alone = [NumpyLSTMEncoder(ARCHITECTURE, weights)(batch) for batch in batches]
    shared = NumpyLSTMEncoder(ARCHITECTURE, weights)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(shared, batches))
    assert all(np.abs(a - b).max() < 1e-6 for a, b in zip(alone, together, strict=True))
