from __future__ import annotations

import numpy as np
import pytest
import torch

from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import TokenIds
from textsiam.training import collator
from textsiam.training.collator import PaddedCollator
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.encoders import lstm
from textsiam.training.layouts import PaddedLayout
from textsiam.training.network import SiameseNetwork

TEXTS = [[5, 6, 7], [], [8], [9, 4], [3, 3, 3, 3]]


def _pairs() -> TokenizedPairs:
    tokens = TokenIds(
        ids=np.array([token for text in TEXTS for token in text], dtype=np.int32),
        offsets=np.cumsum([0, *map(len, TEXTS)]).astype(np.int64),
        unknown_tokens=0,
        unknown_texts=0,
        empty_texts=1,
        cut_texts=0,
    )
    index_a, index_b = np.array([0, 1, 2, 3]), np.array([2, 4, 0, 1])
    return TokenizedPairs(tokens, index_a, index_b, np.array([1, 0, 1, 0.5], dtype=np.float32))


def test_each_distinct_text_stands_once_and_every_side_finds_its_text() -> None:
    pairs = _pairs()
    rows = np.array([2, 0, 1])
    batch = PaddedCollator(pairs)(rows)
    assert len(batch.ids_UT) == 4  # texts 0, 1, 2 and 4: rows 0 and 2 share both of theirs
    for place, row in enumerate(rows):
        for index, wanted in ((batch.index_a, pairs.index_a[row]), (batch.index_b, pairs.index_b[row])):
            text = int(index[place])
            length = int(batch.lengths_U[text])
            assert batch.ids_UT[text, :length].tolist() == TEXTS[wanted]
            assert not batch.ids_UT[text, length:].any()
    assert batch.labels_B.tolist() == [1.0, 1.0, 0.0]
    assert batch.groups_U.tolist() == [0, 1, 2, 4]  # unless it is told more, each text is a group of its own
    assert batch.ids_UT.dtype == torch.int64


def test_each_text_has_the_number_of_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collator, "ROUND_TEXTS", 3)
    pairs, rows = _pairs(), np.array([2, 0, 1])
    groups = np.array([7, 8, 7, 9, 8])
    plain, rounded = (PaddedCollator(pairs, rounded=rounded, groups=groups)(rows) for rounded in (False, True))
    assert plain.groups_U.tolist() == [7, 8, 7, 8]
    assert rounded.groups_U.tolist() == [7, 8, 7, 8, -1, -1]


def test_rounded_shapes_add_empty_texts_and_padding_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.array([2, 0, 1])
    few = PaddedCollator(_pairs(), rounded=True)(rows)
    assert few.ids_UT.shape == (4, 8)  # to add 60 texts to 4 would gain nothing
    monkeypatch.setattr(collator, "ROUND_TEXTS", 3)
    plain, rounded = (PaddedCollator(_pairs(), rounded=rounded)(rows) for rounded in (False, True))
    assert rounded.ids_UT.shape == (6, 8)
    assert torch.equal(rounded.ids_UT[: len(plain.ids_UT), : plain.ids_UT.shape[1]], plain.ids_UT)
    assert int(rounded.ids_UT.sum()) == int(plain.ids_UT.sum())
    assert rounded.lengths_U.tolist() == [*plain.lengths_U.tolist(), *[0] * 2]
    assert torch.equal(rounded.index_a, plain.index_a)
    assert torch.equal(rounded.index_b, plain.index_b)
    architecture = Architecture(encoder="lstm", dim=5, units=4, bidirectional=True)
    network = SiameseNetwork(architecture, 20).eval()
    assert torch.allclose(network(plain), network(rounded), atol=1e-6)
    monkeypatch.setattr(lstm, "layout_of", PaddedLayout)
    assert torch.allclose(network(plain), network(rounded), atol=1e-6)


def test_pair_length_is_that_of_the_longer_text() -> None:
    assert _pairs().pair_lengths.tolist() == [3, 4, 3, 2]


def test_a_batch_on_the_processor_is_not_copied() -> None:
    batch = PaddedCollator(_pairs())(np.array([0]))
    assert batch.to(torch.device("cpu")) is batch
