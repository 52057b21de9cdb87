from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest

import textsiam


@pytest.fixture
def judging() -> ModuleType:
    return importlib.import_module("judging")


def pairs_of(labels: list[int]) -> textsiam.Pairs:
    return textsiam.Pairs.from_rows([(f"a{n}", f"b{n}", label) for n, label in enumerate(labels)])


def test_the_threshold_is_of_dev_and_figures_are_of_test(judging: ModuleType) -> None:
    scored = judging.Scored(
        dev=np.array([0.1, 0.2, 0.7, 0.8]), test=np.array([0.3, 0.6, 0.9, 0.2, 0.5]), minutes=1.5, parameters=3
    )
    labels = [0, 1, 1, 1, 0]
    odd = np.array([True, False, True, False, False])
    found = judging.figures(scored, pairs_of([0, 0, 1, 1]), pairs_of(labels), {"odd": odd})
    assert found["threshold"] == pytest.approx(0.45)
    assert found["dev_accuracy"] == 1
    assert found["test"]["accuracy"] == 3 / 5  # 0.2 is missed, 0.5 is called the same
    wins = sum(p > n for p in (0.6, 0.9, 0.2) for n in (0.3, 0.5))
    assert found["test"]["roc_auc"] == pytest.approx(wins / 6)
    low, high = found["test"]["accuracy_interval"]
    assert low < 3 / 5 < high
    assert found["odd"]["pairs"] == 2
    assert found["odd"]["accuracy"] == 1
    assert (found["minutes"], found["parameters"]) == (1.5, 3)


def test_a_threshold_of_the_model_is_kept(judging: ModuleType) -> None:
    scored = judging.Scored(dev=np.array([0.1, 0.9]), test=np.array([0.1, 0.9]), minutes=0.0, threshold=0.95)
    found = judging.figures(scored, pairs_of([0, 1]), pairs_of([0, 1]), {})
    assert (found["threshold"], found["dev_accuracy"], found["test"]["accuracy"]) == (0.95, 0.5, 0.5)


def test_settings_are_chosen_on_dev_and_all_their_minutes_count(judging: ModuleType) -> None:
    good, bad = np.array([0.1, 0.9, 0.2]), np.array([0.9, 0.1, 0.5])
    tried = {
        "a": judging.Scored(dev=bad, test=good, minutes=1.0),
        "b": judging.Scored(dev=good, test=bad, minutes=2.0, parameters=7),
    }
    chosen = judging.best_setting(tried, np.array([0, 1, 0]))
    assert chosen.test is bad
    assert (chosen.minutes, chosen.parameters) == (3.0, 7)
    assert chosen.setting == "b; accuracy on dev: a 66.67%, b 100.00%"


def test_cosines_are_scaled_and_of_nothing_are_one_half(judging: ModuleType) -> None:
    a = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 0.0], [2.0, 0.0]])
    b = np.array([[4.0, 3.0], [-2.0, 0.0], [1.0, 1.0], [0.0, 5.0]])
    assert judging.cosine_scores(a, b).tolist() == pytest.approx([(1 + 24 / 25) / 2, 0, 0.5, 0.5])


def test_each_text_is_encoded_once(judging: ModuleType) -> None:
    asked: list[list[str]] = []

    def encode(texts: list[str]) -> list[list[float]]:
        asked.append(texts)
        return [[float(len(text)), 1.0] for text in texts]

    first = textsiam.Pairs.from_rows([("a", "bbb", 1), ("bbb", "a", 0)])
    second = textsiam.Pairs.from_rows([("cc", "cc", 1)])
    scores = judging.scores_by_vectors(encode, [first, second])
    assert asked == [["a", "bbb", "cc"]]
    assert scores[0].tolist() == pytest.approx([(1 + 4 / 20**0.5) / 2] * 2)
    assert scores[1].tolist() == pytest.approx([1.0])
