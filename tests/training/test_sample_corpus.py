"""What the sample corpus is for: a bag of words cannot tell its order pairs apart, an LSTM can."""

from __future__ import annotations

import numpy as np
import pytest

import textsiam
from textsiam.cli.quickstart import MODELS


def _same_words(pairs: textsiam.Pairs) -> textsiam.Pairs:
    rows = [n for n, (a, b, _) in enumerate(pairs) if sorted(_words(a)) == sorted(_words(b))]
    return pairs.select(rows)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.casefold()).split()


@pytest.mark.slow
def test_the_lstm_tells_order_pairs_apart_and_the_bag_does_not() -> None:
    train, dev, test = textsiam.split_pairs(textsiam.sample_pairs(seed=7), test=0.2, dev=0.1, seed=7)
    same_words = _same_words(test)
    assert len(same_words) > 150
    assert 0.35 < same_words.labels.mean() < 0.65
    scores = {}
    for name in ("embedding bag", "LSTM"):
        model = textsiam.train(train, dev=dev, config=textsiam.TrainConfig(**MODELS[name], seed=7))
        probabilities = model.score_pairs(list(zip(same_words.text_a, same_words.text_b, strict=True)))
        called = probabilities >= model.calibration.threshold
        scores[name] = float(np.mean(called == (same_words.labels > 0.5)))
    assert abs(scores["embedding bag"] - 0.5) < 0.1
    assert scores["LSTM"] > 0.85
