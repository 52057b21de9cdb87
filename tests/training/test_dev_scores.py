from __future__ import annotations

import numpy as np
import pytest
import torch

import textsiam
from tests.training.conftest import make_rows
from textsiam.data.pairs import Pairs
from textsiam.errors import TrainingError
from textsiam.training import dev_scores
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import tokenize_pairs
from textsiam.training.dev_scores import dev_evaluator, production_scores
from textsiam.training.network import SiameseNetwork

CONFIG = TrainConfig(encoder="bag", dim=8, head_units=8, device="cpu", seed=1)


@pytest.fixture(scope="module")
def model(toy_pairs: Pairs, toy_dev: Pairs) -> textsiam.PairModel:
    config = TrainConfig(encoder="bag", dim=8, head_units=8, epochs=1, batch_size=32, vocabulary_size=60, device="cpu")
    return textsiam.train(toy_pairs, dev=toy_dev, config=config)


def test_production_scores_are_those_of_the_model(
    model: textsiam.PairModel, toy_dev: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in (64, 10):
        monkeypatch.setattr(dev_scores, "PAIRS_AT_ONCE", block)
        raw = production_scores(model, toy_dev)
        np.testing.assert_allclose(raw, model.score_details((a, b) for a, b, _ in toy_dev).raw, atol=1e-6)


@pytest.mark.parametrize("graded", [False, True])
def test_the_metric_is_that_of_the_raw_scores(
    model: textsiam.PairModel, monkeypatch: pytest.MonkeyPatch, graded: bool
) -> None:
    rows = [(a, b, (n % 5) / 4 if graded else label) for n, (a, b, label) in enumerate(make_rows(50))]
    pairs = Pairs.from_rows(rows, label_range=(0, 1) if graded else None)
    network = SiameseNetwork(CONFIG.architecture, model.tokenizer.size, dropout=0.5)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in model.weights.items()})
    network.train()
    monkeypatch.setattr(dev_scores, "PAIRS_AT_ONCE", 7)
    name = "spearman" if graded else "roc_auc"
    figure = dev_evaluator(tokenize_pairs(pairs, model.tokenizer), name, torch.device("cpu"))(network)
    raw, labels = production_scores(model, pairs), pairs.labels
    if graded:
        ranks = [np.mean(np.flatnonzero(np.sort(labels) == label)) for label in labels]
        wanted = float(np.corrcoef(np.argsort(np.argsort(raw)), np.array(ranks))[0, 1])
    else:
        same, other = raw[labels == 1], raw[labels == 0]
        wanted = float(np.mean([(a > b) + 0.5 * (a == b) for a in same for b in other]))
    assert figure == {name: pytest.approx(wanted, abs=0.01)}


def test_scores_that_are_not_finite_are_told_and_equal_ones_have_no_rank(model: textsiam.PairModel) -> None:
    tokens = tokenize_pairs(Pairs.from_rows(make_rows(20)), model.tokenizer)
    network = SiameseNetwork(CONFIG.architecture, model.tokenizer.size)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert dev_evaluator(tokens, "spearman", torch.device("cpu"))(network) == {"spearman": 0.0}
    with torch.no_grad():
        next(network.head.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match="scores of dev pairs are not finite"):
        dev_evaluator(tokens, "roc_auc", torch.device("cpu"))(network)
