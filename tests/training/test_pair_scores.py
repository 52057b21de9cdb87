from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.model.making import random_tokens, random_weights
from textsiam.model.architecture import Architecture
from textsiam.training import pair_scores
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.network import SiameseNetwork
from textsiam.training.pair_scores import TorchComparer, score_pairs

PARTS = Architecture(encoder="lstm", dim=4, units=5, head="alignment", alignment_units=3, head_units=6)


def test_scores_come_in_the_order_of_the_pairs_however_they_are_batched(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = random_tokens([3, 9, 0, 1, 20], 11, seed=1)
    index_a, index_b = (index.ravel() for index in np.indices((5, 5)))
    pairs = TokenizedPairs(tokens, index_a, index_b, np.zeros(25, dtype=np.float32))
    network = SiameseNetwork(PARTS, 11, dropout=0.5).train()
    at_once = score_pairs(network, pairs, torch.device("cpu"))
    assert network.training
    assert at_once.dtype == np.float32
    monkeypatch.setattr(pair_scores, "PAIRS_AT_ONCE", 4)
    monkeypatch.setattr(pair_scores, "TOKENS_AT_ONCE", 30)
    np.testing.assert_allclose(score_pairs(network, pairs, torch.device("cpu")), at_once, atol=1e-6)
    assert len(np.unique(at_once.round(4))) > 10


def test_sides_can_be_swapped_bit_for_bit_and_threads_are_as_before() -> None:
    tokens = random_tokens([3, 9, 0, 1, 20], 11, seed=1)
    index_a, index_b = (index.ravel() for index in np.indices((5, 5)))
    compare = TorchComparer(PARTS, random_weights(PARTS, 11), "cpu", threads=1)
    before = torch.get_num_threads()
    assert compare(tokens, index_a, index_b).tobytes() == compare(tokens, index_b, index_a).tobytes()
    assert torch.get_num_threads() == before
