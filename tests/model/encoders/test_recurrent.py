from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.model.making import random_tokens, random_weights, token_ids
from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.model.encoders import NUMPY_ENCODERS, beginnings, recurrent
from textsiam.model.encoders.beginnings import DEPTH, Level, shared_beginnings
from textsiam.model.encoders.lstm import NumpyLSTMEncoder

VOCABULARY = 50
ARCHITECTURE = Architecture(encoder="lstm", dim=5, units=4, layers=2, bidirectional=True)


@pytest.mark.parametrize("block", [1, 3, 512])
@pytest.mark.parametrize("pooling", ["max", "attention"])
def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch, block: int, pooling: str) -> None:
    architecture = dataclasses.replace(ARCHITECTURE, pooling=pooling)
    encoder = NumpyLSTMEncoder(architecture, random_weights(architecture, VOCABULARY, seed=7))
    tokens = random_tokens([6] * 20 + [3] * 11 + [0, 40, 1], VOCABULARY, seed=8)
    at_once = encoder(tokens)
    monkeypatch.setattr(recurrent, "BLOCK_TEXTS", block)
    assert np.abs(encoder(tokens) - at_once).max() < 1e-6


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize("pooling", ["last", "max", "mean"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_shared_beginnings_change_no_vector(
    monkeypatch: pytest.MonkeyPatch, kind: str, pooling: str, bidirectional: bool
) -> None:
    architecture = Architecture(encoder=kind, dim=5, units=4, bidirectional=bidirectional, pooling=pooling)
    encoder = NUMPY_ENCODERS[kind](architecture, random_weights(architecture, VOCABULARY, seed=7))
    generator = np.random.default_rng(6)
    # few words, so that texts begin and end alike; some end where others go on, some stand alone
    rows = [generator.integers(1, 4, size=size, dtype=np.int32) for size in generator.integers(0, 12, size=400)]
    rows += [generator.integers(1, VOCABULARY, size=40, dtype=np.int32)]
    tokens = token_ids(rows)
    assert len(shared_beginnings(tokens.ids, tokens.offsets[:-1], tokens.lengths)) == 0  # not in this order
    alone = encoder(tokens)
    read: list[list[Level]] = []

    def noted(*texts: Array) -> list[Level]:
        read.append(shared_beginnings(*texts))
        return read[-1]

    monkeypatch.setattr(recurrent, "SHARED_FROM", 1)
    monkeypatch.setattr(recurrent, "shared_beginnings", noted)
    monkeypatch.setattr(recurrent, "SHARED_TO", 30)  # the longest text stands apart
    for block, group in ((512, 8192), (7, 50), (1, 1)):
        monkeypatch.setattr(recurrent, "BLOCK_TEXTS", block)
        monkeypatch.setattr(beginnings, "GROUP_TEXTS", group)
        assert np.abs(encoder(tokens) - alone).max() < 1e-6
    assert len(read[0]) == DEPTH
    assert read[-1] == []
    assert not encoder(token_ids([np.zeros(0, np.int32)] * 3)).any()


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
