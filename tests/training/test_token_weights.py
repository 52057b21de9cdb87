from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfTransformer

import textsiam
from tests.model.making import QUICK, token_ids
from textsiam.data.pairs import Pairs
from textsiam.training import token_weights as module
from textsiam.training.config import TrainConfig
from textsiam.training.token_weights import token_weights

VOCABULARY = 9
TEXTS = st.lists(st.lists(st.integers(1, VOCABULARY - 1), max_size=6), max_size=8)


@QUICK
@given(TEXTS)
def test_they_are_what_plain_loops_count(texts: list[list[int]]) -> None:
    tokens = token_ids([np.array(text, np.int32) for text in texts])
    everywhere = Counter(token for text in texts for token in text)
    idf, sif = (token_weights(tokens, VOCABULARY, weighting) for weighting in ("idf", "sif"))
    assert idf.dtype == sif.dtype == np.float32
    for token in range(1, VOCABULARY):
        having = sum(token in text for text in texts)
        share = everywhere[token] / max(sum(everywhere.values()), 1)
        assert idf[token] == pytest.approx(math.log((1 + len(texts)) / (1 + having)) + 1)
        assert sif[token] == pytest.approx(0.001 / (0.001 + share))
    assert idf[0] == sif[0] == 0


def test_idf_is_that_of_scikit_learn() -> None:
    texts = [[1, 2, 2], [2, 3], [3, 3, 3, 4], [8]]
    counts = np.array([np.bincount(text, minlength=VOCABULARY) for text in texts])
    ours = token_weights(token_ids([np.array(text) for text in texts]), VOCABULARY, "idf")
    assert ours[1:] == pytest.approx(TfidfTransformer().fit(counts).idf_[1:])


def test_texts_counted_in_parts_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    tokens = token_ids([rng.integers(1, VOCABULARY, size) for size in (3, 0, 5, 1, 9, 2, 2)])
    at_once = token_weights(tokens, VOCABULARY, "idf")
    monkeypatch.setattr(module, "BLOCK_TEXTS", 2)
    assert (token_weights(tokens, VOCABULARY, "idf") == at_once).all()


@pytest.mark.parametrize("weighting", ["idf", "sif"])
def test_a_model_keeps_those_of_its_distinct_training_texts(
    tmp_path: Path, toy_pairs: Pairs, toy_dev: Pairs, weighting: str
) -> None:
    config = TrainConfig(
        encoder="bag", weighting=weighting, dim=8, head="cosine", epochs=1, batch_size=64, vocabulary_size=100
    )
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config, out=tmp_path / "model")
    distinct = list(dict.fromkeys([*toy_pairs.text_a, *toy_pairs.text_b]))
    wanted = token_weights(model.tokenizer.encode(distinct), model.tokenizer.size, weighting)
    assert (model.weights["encoder.token_weight"] == wanted).all()
    loaded = textsiam.PairModel.load(tmp_path / "model")
    assert (loaded.encode(distinct[:9]) == model.encode(distinct[:9])).all()
