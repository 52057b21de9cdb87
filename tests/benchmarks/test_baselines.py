from __future__ import annotations

import importlib
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import textsiam


@pytest.fixture
def baselines() -> ModuleType:
    return importlib.import_module("baselines")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = importlib.import_module("splits")
    folder = tmp_path_factory.mktemp("sample") / "split"
    sides = textsiam.split_pairs(textsiam.sample_pairs(600), test=0.2, dev=0.2, seed=7)
    splits.write_folder(folder, dict(zip(splits.SIDES, sides, strict=True)))
    return folder


def test_overlap_by_hand(baselines: ModuleType) -> None:
    found = baselines.overlap_features(str.split, "how do i learn", "how can i learn fast")
    # how, i and learn are shared; do, can and fast are not
    expected = [3 / 6, 3 / 4, 3 / 5, math.log(2), math.log(7), math.log(5), 1, 0]
    assert found == pytest.approx(expected)
    assert baselines.overlap_features(str.split, "how can i learn fast", "how do i learn") == pytest.approx(expected)
    assert baselines.overlap_features(str.split, "", "")[:3] == (0, 0, 0)


def test_cosines_and_pair_features_by_hand(baselines: ModuleType) -> None:
    pairs = textsiam.Pairs.from_rows([("red apple", "green apple", 1), ("red", "green pear", 0), ("plum", "red", 0)])
    vectorizer = baselines.fit_tfidf("words", pairs)
    known = sorted(vectorizer.vocabulary_)
    assert known == ["apple", "green", "red"]  # in more than one of the five distinct texts
    weight = {word: math.log((1 + 5) / (1 + 2)) + 1 for word in known}

    def vector(text: str) -> list[float]:
        raw = [weight[word] if word in text.split() else 0.0 for word in known]
        norm = math.sqrt(sum(value * value for value in raw))
        return [value / norm if norm else 0.0 for value in raw]

    a, b = baselines.transform(vectorizer, pairs)
    expected = [sum(x * y for x, y in zip(vector(p), vector(q), strict=True)) for p, q, _ in pairs]
    assert baselines.sparse_cosines(a, b).tolist() == pytest.approx(expected)
    dense = np.arange(6, dtype=np.float32).reshape(3, 2)
    features = baselines.pair_features(vectorizer, pairs, dense).toarray()
    for row, (p, q, _) in enumerate(pairs):
        x, y = vector(p), vector(q)
        differences = [abs(u - v) for u, v in zip(x, y, strict=True)]
        products = [3 * u * v for u, v in zip(x, y, strict=True)]
        assert features[row].tolist() == pytest.approx([*differences, *products, *dense[row]])


def test_columns_of_train_have_mean_0_and_deviation_1(baselines: ModuleType) -> None:
    train, test = np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[5.0, 6.0]])
    found = baselines.standardized({"train": train, "test": test})
    assert found["train"].tolist() == [[-1, 0], [1, 0]]
    assert found["test"].tolist() == [[3, 1]]


def test_baselines_score_every_pair_and_beat_the_larger_class(baselines: ModuleType, sample: Path) -> None:
    judging = importlib.import_module("judging")
    sides = importlib.import_module("splits").read_sides(sample)
    accuracies = {}
    for make in (baselines.majority, baselines.tfidf_cosine, baselines.tfidf_logistic):
        with threadpool_limits(1):  # threads that wait for each other take seconds where other work runs beside them
            found = judging.figures(make(sample, sample), sides["dev"], sides["test"], {})
        accuracies[make.__name__] = found["test"]["accuracy"]
    rate = float(sides["test"].labels.mean())
    assert accuracies["majority"] in (pytest.approx(rate), pytest.approx(1 - rate))
    assert accuracies["tfidf_cosine"] > accuracies["majority"]
    assert accuracies["tfidf_logistic"] > accuracies["majority"]


def test_every_dense_column_has_a_name(baselines: ModuleType, sample: Path) -> None:
    pairs = textsiam.read_pairs(sample / "dev.tsv")
    vectorizers = {name: baselines.fit_tfidf(name, pairs) for name in baselines.COUNTED}
    assert baselines.dense_features(vectorizers, pairs).shape == (len(pairs), len(baselines.DENSE))
