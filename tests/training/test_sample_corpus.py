"""What the sample corpus is for: a bag of words cannot tell its order pairs apart, an LSTM can, and words tell why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import textsiam
from textsiam.cli.quickstart import MODELS, with_unrelated
from textsiam.data.sample_topics import SLOT_VALUES

pytestmark = pytest.mark.slow


class Trained(NamedTuple):
    models: dict[str, textsiam.PairModel]
    test: textsiam.Pairs


@pytest.fixture(scope="module")
def trained() -> Trained:
    train, dev, test = textsiam.split_pairs(textsiam.sample_pairs(seed=7), test=0.2, dev=0.1, seed=7)
    training = with_unrelated(train, seed=7)
    models = {
        name: textsiam.train(training, dev=dev, config=textsiam.TrainConfig(**MODELS[name], seed=7))
        for name in ("embedding bag", "LSTM")
    }
    return Trained(models, test)


def _same_words(pairs: textsiam.Pairs) -> textsiam.Pairs:
    rows = [n for n, (a, b, _) in enumerate(pairs) if sorted(_words(a)) == sorted(_words(b))]
    return pairs.select(rows)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.casefold()).split()


def test_the_lstm_tells_order_pairs_apart_and_the_bag_does_not(trained: Trained) -> None:
    same_words = _same_words(trained.test)
    assert len(same_words) > 150
    assert 0.35 < same_words.labels.mean() < 0.65
    scores = {}
    for name, model in trained.models.items():
        probabilities = model.score_pairs(list(zip(same_words.text_a, same_words.text_b, strict=True)))
        called = probabilities >= model.calibration.threshold
        scores[name] = float(np.mean(called == (same_words.labels > 0.5)))
    assert abs(scores["embedding bag"] - 0.5) < 0.1
    assert scores["LSTM"] > 0.85


def test_what_differs_speaks_most_against_pairs_that_are_rejected_rightly(trained: Trained) -> None:
    """Of a "slot" pair a slot's value that one text alone has, of a "negation" pair a word that one text alone has."""
    model, kinds = trained.models["LSTM"], trained.test.extra("kind")
    values = {word for of_kind in SLOT_VALUES.values() for value in of_kind for word in _words(value)}
    pairs = [(a, b, kind) for (a, b, _), kind in zip(trained.test, kinds, strict=True)]
    found: list[bool] = []
    for wanted in ("slot", "negation"):
        some = [(a, b) for a, b, kind in pairs if kind == wanted]
        rejected = model.score_pairs(some) < model.calibration.threshold
        for a, b in [pair for pair, is_rejected in zip(some, rejected, strict=True) if is_rejected][:60]:
            explained = textsiam.explain(model, a, b)
            assert explained.error < 1e-3
            worst = _words(min(explained.words, key=lambda word: word.contribution).word)
            differing = set(_words(a)) ^ set(_words(b))
            found.append(bool(set(worst) & (differing & values if wanted == "slot" else differing)))
    assert len(found) == 120
    assert sum(found) >= 0.9 * 120
