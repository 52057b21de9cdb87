from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

import textsiam
from textsiam.errors import DataError, OptionError
from textsiam.evaluation.compare import Difference, compare
from textsiam.evaluation.evaluation import BINARY
from textsiam.model.pair_model import PairModel

WORDS = ["red", "green", "blue", "cat", "dog", "bird", "sleeps", "runs", "sings"]


COMPARED = [name for name in BINARY[1:] if name != "ece"]


def pairs(number: int = 120, seed: int = 0) -> textsiam.Pairs:
    """Pairs that share more words where they are the same, in components of some."""
    random = np.random.default_rng(seed)
    rows = []
    for row in range(number):
        words = list(random.choice(WORDS, size=3))
        other = [*words[: 2 - row % 2], *random.choice(WORDS, size=1 + row % 2)]
        rows.append((" ".join(words), " ".join(other), float(random.random() < 0.9 - 0.7 * (row % 2))))
    return textsiam.Pairs.from_rows(rows)


def other_model(model: PairModel, seed: int = 8) -> PairModel:
    weights = {
        name: np.random.default_rng(seed).normal(size=w.shape).astype(np.float32) for name, w in model.weights.items()
    }
    parts: dict[str, Any] = {"architecture": model.architecture, "vocabulary": model.tokenizer.proto}
    return PairModel(**parts, weights=weights, calibration=dataclasses.replace(model.calibration, threshold=0.6))


def test_differences_are_those_of_the_evaluations_on_the_same_draws(model: PairModel) -> None:
    other, given = other_model(model), pairs()
    found = compare(model, other, given, draws=150, seed=4)
    first, second = (textsiam.evaluate(one, given, draws=0) for one in (model, other))
    assert found.first.accuracy == first.accuracy
    assert found.second.accuracy == second.accuracy
    assert list(found.differences) == COMPARED
    components = textsiam.question_components(given)
    drawn = np.random.default_rng(4).integers(components.max() + 1, size=(150, components.max() + 1))
    by_hand = []
    for draw in drawn:
        rows = np.concatenate([np.flatnonzero(components == component) for component in draw])
        truth = given.labels[rows] > 0.5
        right = [(one.probabilities[rows] >= one.threshold) == truth for one in (first, second)]
        by_hand.append(right[1].mean() - right[0].mean())
    expected = np.quantile(by_hand, [0.025, 0.975])
    assert found.differences["accuracy"] == pytest.approx((second.accuracy - first.accuracy, *expected))  # type: ignore[operator] # both are numbers


def test_a_model_does_not_differ_from_itself(model: PairModel) -> None:
    found = compare(model, model, pairs(), draws=20)
    assert set(found.differences.values()) == {Difference(0.0, 0.0, 0.0)}
    assert not any(difference.beyond_chance for difference in found.differences.values())
    assert str(found).count("the same") == len(COMPARED)
    assert "may be chance" not in str(found)


def test_turned_round_the_differences_are_opposite(model: PairModel) -> None:
    other, given = other_model(model), pairs()
    one, turned = (compare(*models, given, draws=50) for models in ((model, other), (other, model)))
    for name, difference in one.differences.items():
        assert turned.differences[name] == pytest.approx((-difference.value, -difference.high, -difference.low))


def test_what_is_beyond_chance_has_an_interval_without_0() -> None:
    assert Difference(0.1, 0.01, 0.2).beyond_chance
    assert Difference(-0.1, -0.2, -0.01).beyond_chance
    assert not Difference(0.1, 0.0, 0.2).beyond_chance
    assert not Difference(0.1, -0.1, 0.2).beyond_chance


def test_the_interval_of_a_paired_difference_is_narrower(model: PairModel) -> None:
    """A model and one that differs in the threshold alone err on mostly the same pairs."""
    near = PairModel(
        architecture=model.architecture,
        vocabulary=model.tokenizer.proto,
        weights=model.weights,
        calibration=dataclasses.replace(model.calibration, threshold=0.45),
    )
    found = compare(model, near, pairs(400), draws=300)
    low, high = textsiam.evaluate(model, pairs(400), draws=300).intervals["accuracy"]
    difference = found.differences["accuracy"]
    assert difference.high - difference.low < (high - low) / 2


def test_json_and_table_hold_the_same(model: PairModel) -> None:
    found = compare(model, other_model(model), pairs(), draws=30)
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    lines = str(found).splitlines()
    assert lines[0] == "120 pairs; second minus first, with 95 % intervals"
    assert lines[1] == "first: threshold 0.4000, prior 0.3700; second: threshold 0.6000, prior 0.3700"
    for line, (name, value) in zip(lines[4:], values.items(), strict=True):
        cells = line[20:].split()
        assert line[:20].strip() == name.replace("_", " ")
        assert [float(cell) for cell in cells[:3]] == pytest.approx(
            [value["first"], value["second"], value["difference"]], abs=5e-5
        )
        assert [float(cells[3]), float(cells[5])] == pytest.approx(value["interval"], abs=5e-5)
        assert ("may be chance" in line) == (not value["beyond_chance"])


def test_grades_are_compared_too(model: PairModel) -> None:
    rows = [(a, b, label * 3 + row % 3) for row, (a, b, label) in enumerate(pairs())]
    graded = textsiam.Pairs.from_rows(rows, label_range=(0, 5))
    found = compare(model, other_model(model), graded, draws=30)
    assert list(found.differences) == ["pearson", "spearman", "mean_squared_error"]


def test_what_cannot_be_compared_is_told(model: PairModel) -> None:
    with pytest.raises(OptionError, match="draws is 0, expected an integer of at least 1"):
        compare(model, model, pairs(), draws=0)
    with pytest.raises(OptionError, match="model is a path"):
        compare(model, "models/mine", pairs())  # type: ignore[arg-type] # what is tested
    hub = textsiam.Pairs.from_rows([("red cat", f"blue dog {n}", n % 2) for n in range(40)])
    with pytest.raises(DataError, match="the 40 pairs hang together over shared texts in fewer than 5 components"):
        compare(model, model, hub)
    with pytest.raises(DataError, match="all 1 have label 1"):
        compare(model, model, [("a", "b", 1)])
