from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import textsiam
from tests.training.conftest import make_rows
from textsiam.data.pairs import Pairs
from textsiam.training.card import changed_options, spearman_interval, wilson_interval
from textsiam.training.config import TrainConfig


def test_the_card_of_a_graded_model_speaks_of_grades(toy_config: TrainConfig) -> None:
    graded = [(a, b, 4.0 * label + number % 2) for number, (a, b, label) in enumerate(make_rows(200))]
    pairs = Pairs.from_rows(graded, label_range=(0, 5))
    model = textsiam.train(pairs, dev=pairs, config=dataclasses.replace(toy_config, epochs=2))
    assert "which stands for the grades 0 to 5; load it" in model.card
    assert "On dev the mean was " in model.card
    assert "probab" not in model.card
    assert "threshold" not in model.card
    low, high = spearman_interval(model.details["history"][-1]["spearman"], 200)
    assert f"(95 % interval {low:.4f} to {high:.4f})" in model.card
    assert textsiam.evaluate(model, make_rows(64)).threshold == 0.5  # half of the grades


def test_the_card_tells_the_options_that_are_not_the_defaults(toy_pairs: Pairs, toy_config: TrainConfig) -> None:
    config = dataclasses.replace(toy_config, epochs=1, bidirectional=True, ngrams=2, ngram_dropout=0.25)
    model = textsiam.train(toy_pairs, dev=toy_pairs, config=config)
    (line,) = [line for line in model.card.splitlines() if line.startswith("| options | ")]
    for option in ("bidirectional true", "ngrams 2", "ngram_dropout 0.25", "epochs 1"):
        assert option in line
    assert TrainConfig(**model.details["options"]) == config
    assert changed_options(TrainConfig()) == {}


def test_intervals_by_hand() -> None:
    # 10 of 20: the center is a half, and the bounds solve (p - 1/2)^2 = z^2 p (1 - p) / 20
    low, high = wilson_interval(10, 20)
    for bound in (low, high):
        assert (bound - 0.5) ** 2 == pytest.approx(1.959964**2 * bound * (1 - bound) / 20)
    assert low < 0.5 < high
    low, high = spearman_interval(0.5, 103)
    half = 1.959964 * (1.125 / 100) ** 0.5
    assert math.atanh(0.5) - math.atanh(low) == pytest.approx(half)
    assert math.atanh(high) - math.atanh(0.5) == pytest.approx(half)
    assert spearman_interval(0.9, 3) == (-1.0, 1.0)
    assert spearman_interval(1.0, 50) == (1.0, 1.0)


@given(correlation=st.floats(-1, 1), pairs=st.integers(4, 10**6))
def test_the_interval_of_a_correlation_holds_it(correlation: float, pairs: int) -> None:
    low, high = spearman_interval(correlation, pairs)
    assert -1 <= low <= correlation + 1e-12
    assert correlation - 1e-12 <= high <= 1
