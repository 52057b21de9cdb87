from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict

from tests.model.making import fitting, random_weights
from tests.training.conftest import TOPICS
from textsiam.errors import OptionError
from textsiam.integrations.few_shot_classifier import FewShotClassifier
from textsiam.model.architecture import HEADS, VECTOR_HEADS, Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel

TEXTS = [f"what about the {topic} number {number}" for number in range(3) for topic in TOPICS]
ABOUT = [topic for _ in range(3) for topic in TOPICS]
ASKED = [f"tell me of {topic} item {number}" for number in range(50, 53) for topic in TOPICS]


def odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


@pytest.fixture(scope="session")
def model_of(topic_model: PairModel) -> dict[str, PairModel]:
    """Give a model of random weights for each head, over the topics' words."""
    models = {}
    for head in HEADS:
        architecture = Architecture(**fitting({"encoder": "bag", "dim": 8, "head": head, "head_units": 7}))
        models[head] = PairModel(
            architecture=architecture,
            vocabulary=topic_model.tokenizer.proto,
            weights=random_weights(architecture, topic_model.tokenizer.size),
            calibration=Calibration(slope=1.7, intercept=0.4),
        )
    return models


@pytest.mark.parametrize("method", ["prototype", "neighbors"])
def test_one_text_of_each_class_is_enough(topic_model: PairModel, method: str) -> None:
    classifier = FewShotClassifier(topic_model, method=method).fit(TEXTS[:8], ABOUT[:8])
    assert classifier.classes_.tolist() == sorted(TOPICS)
    assert classifier.score(ASKED, ABOUT) > 0.9


def test_with_one_text_each_the_score_is_the_models_own(model_of: dict[str, PairModel]) -> None:
    for head, model in model_of.items():
        for method in ("prototype", "neighbors") if head in VECTOR_HEADS else ("neighbors",):
            classifier = FewShotClassifier(model, method=method, comparison="model").fit(TEXTS[:8], ABOUT[:8])
            decision = classifier.decision_function(ASKED)
            places = [classifier.classes_.tolist().index(topic) for topic in ABOUT[:8]]
            for row, text in enumerate(ASKED[:5]):
                expected = [odds(model.score(text, known)) for known in TEXTS[:8]]
                assert decision[row, places] == pytest.approx(expected, abs=1e-4), (head, method)


def test_a_prototype_of_the_cosine_is_the_mean_of_vectors_of_length_one(model_of: dict[str, PairModel]) -> None:
    model, texts = model_of["cosine"], ["apple", "bread " * 9 + "apple", "cloud drum"]
    classifier = FewShotClassifier(model).fit(texts, ["a", "a", "b"])
    first, second, third = (vector / np.linalg.norm(vector) for vector in model.encode(texts))
    asked = model.encode(["tell me of bread"])[0]
    cosines = [asked @ mean / np.linalg.norm(asked) / np.linalg.norm(mean) for mean in ((first + second) / 2, third)]
    decision = classifier.decision_function(["tell me of bread"])[0]
    assert decision == pytest.approx(1.7 * (cosines[1] - cosines[0]), abs=1e-4)
    longer = model.encode(texts[:2]).mean(axis=0)
    assert abs(asked @ longer / np.linalg.norm(asked) / np.linalg.norm(longer) - cosines[0]) > 1e-3


def test_a_prototype_of_another_head_is_the_mean_of_vectors_as_they_are(model_of: dict[str, PairModel]) -> None:
    model = model_of["euclidean"]
    classifier = FewShotClassifier(model).fit(TEXTS, ABOUT)
    vectors, asked = model.encode(TEXTS), model.encode(ASKED)
    for place, topic in enumerate(classifier.classes_):
        mean = vectors[[about == topic for about in ABOUT]].mean(axis=0)
        expected = -1.7 * np.linalg.norm(asked - mean, axis=1) + 0.4
        assert classifier.decision_function(ASKED)[:, place] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("head", ["cosine", "mlp", "alignment"])
@pytest.mark.parametrize("n_neighbors", [1, 2, 9])
def test_the_nearest_texts_of_a_class_count(model_of: dict[str, PairModel], head: str, n_neighbors: int) -> None:
    model = model_of[head]
    classifier = FewShotClassifier(model, method="neighbors", n_neighbors=n_neighbors, comparison="model").fit(
        TEXTS, ABOUT
    )
    decision = classifier.decision_function(ASKED[:3])
    for row, text in enumerate(ASKED[:3]):
        for place, topic in enumerate(classifier.classes_):
            known = sorted(odds(model.score(text, t)) for t, about in zip(TEXTS, ABOUT, strict=True) if about == topic)
            nearest = known[-n_neighbors:]
            assert decision[row, place] == pytest.approx(sum(nearest) / len(nearest), abs=1e-4)


def test_probabilities_are_shares_of_the_odds(topic_model: PairModel) -> None:
    classifier = FewShotClassifier(topic_model).fit(TEXTS, ABOUT)
    decision, probabilities = classifier.decision_function(ASKED), classifier.predict_proba(ASKED)
    expected = np.exp(decision) / np.exp(decision).sum(axis=1, keepdims=True)
    assert probabilities == pytest.approx(expected)
    assert (classifier.classes_[probabilities.argmax(axis=1)] == classifier.predict(ASKED)).all()
    two = FewShotClassifier(topic_model).fit(TEXTS[:2], [5, 3])
    assert two.decision_function(ASKED).shape == (24,)
    assert ((two.decision_function(ASKED) > 0) == (two.predict(ASKED) == 5)).all()
    one = two.predict_proba(ASKED)[:, 1]
    assert one == pytest.approx(1 / (1 + np.exp(-two.decision_function(ASKED))))


def test_classes_are_added_at_any_time(topic_model: PairModel) -> None:
    grown = FewShotClassifier(topic_model).partial_fit(TEXTS[:1], ABOUT[:1])
    assert set(grown.predict(ASKED)) == {"apple"}
    assert grown.predict_proba(ASKED).tolist() == [[1.0]] * 24
    for start in range(1, 24):
        grown.partial_fit(TEXTS[start : start + 1], ABOUT[start : start + 1])
    at_once = FewShotClassifier(topic_model).fit(TEXTS, ABOUT)
    assert grown.classes_.tolist() == at_once.classes_.tolist()
    assert grown.decision_function(ASKED) == pytest.approx(at_once.decision_function(ASKED), abs=1e-4)
    assert grown.texts_ == TEXTS
    assert grown.fit(TEXTS[:2], ABOUT[:2]).classes_.tolist() == ["apple", "bread"]  # a fit forgets


def test_classes_that_may_be_are_checked(topic_model: PairModel) -> None:
    classifier = FewShotClassifier(topic_model).partial_fit(["a"], ["x"], classes=["x", "y"])
    with pytest.raises(OptionError, match="y has the class 'z', which classes does not have"):
        classifier.partial_fit(["b"], ["z"], classes=["x", "y"])
    for classes in ({"x", "y"}, iter(["x", "y"]), np.array(["x", "y"]), {"x": 1, "y": 2}.keys()):
        assert classifier.partial_fit(["b"], ["x"], classes=classes).classes_.tolist() == ["x"]
    with pytest.raises(OptionError, match="y has the class 'z', which classes does not have"):
        classifier.partial_fit(["b"], ["z"], classes={"x", "y"})
    for wrong in ("xy", 3):
        with pytest.raises(OptionError, match=f"classes is {wrong!r}, expected a list of the classes"):
            classifier.partial_fit(["b"], ["x"], classes=wrong)
    with pytest.raises(OptionError, match="y has the class 3, but 'x' is known"):
        classifier.partial_fit(["b"], [3])
    assert classifier.classes_.tolist() == ["x"]


def test_a_text_that_reaches_no_class_is_an_outlier(topic_model: PairModel) -> None:
    texts, about = TEXTS[:3], ABOUT[:3]
    plain = FewShotClassifier(topic_model).fit(texts, about)
    best = 1 / (1 + np.exp(-plain.decision_function(ASKED).max(axis=1)))
    threshold = topic_model.calibration.threshold
    assert (best < threshold).any()
    assert (best >= threshold).any()
    expected = [p if b >= threshold else "none" for p, b in zip(plain.predict(ASKED), best, strict=True)]
    for limit in (threshold, "model"):
        few = FewShotClassifier(topic_model, threshold=limit, outlier_label="none").fit(texts, about)
        assert few.predict(ASKED).tolist() == expected
        assert few.predict_proba(ASKED).tobytes() == plain.predict_proba(ASKED).tobytes()
    numbered = FewShotClassifier(topic_model, threshold="model", outlier_label=-1).fit(texts, [0, 1, 2])
    assert numbered.predict(ASKED).dtype.kind == "i"
    assert (numbered.predict(ASKED) == -1).tolist() == [label == "none" for label in expected]
    unnamed = FewShotClassifier(topic_model, threshold="model").fit(texts, about)
    assert unnamed.predict(ASKED).tolist() == [None if label == "none" else label for label in expected]


def test_it_works_in_scikit_learns_meta_estimators(topic_model: PairModel, tmp_path: Path) -> None:
    topic_model.save(tmp_path / "model")
    classifier = FewShotClassifier(tmp_path / "model")
    probabilities = cross_val_predict(classifier, TEXTS, ABOUT, cv=3, method="predict_proba")
    assert probabilities.shape == (24, 8)
    search = GridSearchCV(classifier, {"method": ["prototype", "neighbors"], "n_neighbors": [1, 2]}, cv=3)
    assert search.fit(pd.Series(TEXTS), pd.Series(ABOUT)).score(ASKED, ABOUT) > 0.9
    copy = pickle.loads(pickle.dumps(search.best_estimator_))
    assert copy.decision_function(ASKED).tobytes() == search.best_estimator_.decision_function(ASKED).tobytes()
    assert not hasattr(clone(copy), "model_")


def test_an_empty_text_is_scored(topic_model: PairModel) -> None:
    for method in ("prototype", "neighbors"):
        classifier = FewShotClassifier(topic_model, method=method).fit(["", "the apple"], [0, 1])
        assert np.isfinite(classifier.decision_function(["", "an apple", "\u9f98"])).all()


def test_many_texts_are_compared_in_parts(topic_model: PairModel, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = FewShotClassifier(topic_model).fit(TEXTS, ABOUT)
    whole = classifier.decision_function(ASKED)
    monkeypatch.setattr("textsiam.integrations.class_scores.COMPARED_AT_ONCE", 17)
    assert classifier.decision_function(ASKED) == pytest.approx(whole, abs=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "protoype"}, "did you mean 'prototype'"),
        ({"n_neighbors": 0}, "n_neighbors is 0, expected an integer of at least 1"),
        ({"comparison": "cosin"}, "did you mean 'cosine'"),
        ({"threshold": 2}, "threshold is 2, expected a probability"),
        ({"threshold": "models"}, "threshold is 'models', expected a probability, 'model' or None"),
        ({"threshold": 0.5, "outlier_label": ["x", "y"]}, r"outlier_label is \['x', 'y'\], expected one label"),
    ],
)
def test_bad_options_are_refused(topic_model: PairModel, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        FewShotClassifier(topic_model, **options).fit(TEXTS, ABOUT)


def test_the_alignment_head_has_no_use_for_prototypes(model_of: dict[str, PairModel]) -> None:
    with pytest.raises(OptionError, match=r"'alignment' compares tokens .* take comparison 'cosine' or"):
        FewShotClassifier(model_of["alignment"], comparison="model").fit(TEXTS, ABOUT)


@pytest.mark.parametrize(("head", "method"), [("mlp", "prototype"), ("mlp", "neighbors"), ("alignment", "prototype")])
def test_heads_that_judge_near_texts_leave_the_choice_to_cosines(
    model_of: dict[str, PairModel], head: str, method: str
) -> None:
    model = model_of[head]
    known, asked = (
        model.encode(texts) / np.linalg.norm(model.encode(texts), axis=1)[:, None] for texts in (TEXTS, ASKED)
    )
    classifier = FewShotClassifier(model, method=method).fit(TEXTS, ABOUT)
    for place, topic in enumerate(classifier.classes_):
        members = known[[about == topic for about in ABOUT]]
        mean = members.mean(axis=0)
        by_mean, by_nearest = asked @ mean / np.linalg.norm(mean), (asked @ members.T).max(axis=1)
        expected = by_mean if method == "prototype" else by_nearest
        assert classifier.decision_function(ASKED)[:, place] == pytest.approx(expected, abs=1e-5)
    warm = np.exp(classifier.decision_function(ASKED) / 0.05)
    assert classifier.predict_proba(ASKED) == pytest.approx(warm / warm.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("head", ["alignment", "cosine"])
def test_heads_that_rank_compare_the_nearest_texts_themselves(model_of: dict[str, PairModel], head: str) -> None:
    found, own = (
        FewShotClassifier(model_of[head], method="neighbors", comparison=comparison).fit(TEXTS, ABOUT)
        for comparison in ("auto", "model")
    )
    np.testing.assert_array_equal(found.decision_function(ASKED), own.decision_function(ASKED))


@pytest.mark.parametrize("head", ["mlp", "alignment"])
def test_the_head_itself_decides_what_is_an_outlier(model_of: dict[str, PairModel], head: str) -> None:
    model = model_of[head]
    plain = FewShotClassifier(model).fit(TEXTS, ABOUT)
    known, asked = model.encode(TEXTS), model.encode(ASKED)
    own = []
    for vector, text, topic in zip(asked, ASKED, plain.predict(ASKED), strict=True):
        cosines = [
            v @ vector / np.linalg.norm(v) if about == topic else -9 for v, about in zip(known, ABOUT, strict=True)
        ]
        own.append(model.score(text, TEXTS[int(np.argmax(cosines))]))
    threshold = float(np.median(own))
    found = FewShotClassifier(model, threshold=threshold, outlier_label="none").fit(TEXTS, ABOUT).predict(ASKED)
    assert 0 < (found == "none").sum() < 24
    for text_found, topic, probability in zip(found, plain.predict(ASKED), own, strict=True):
        if abs(probability - threshold) > 1e-5:
            assert text_found == (topic if probability > threshold else "none")


def test_many_classes_of_one_text_each_are_no_cause_for_a_warning(topic_model: PairModel) -> None:
    numbers = FewShotClassifier(topic_model).fit(TEXTS, range(24)).predict(TEXTS)
    assert numbers.dtype.kind == "i"


def test_bad_texts_and_classes_are_refused(topic_model: PairModel) -> None:
    classifier = FewShotClassifier(topic_model)
    with pytest.raises(NotFittedError):
        classifier.predict(TEXTS)
    with pytest.raises(OptionError, match="X has None of type NoneType in row 1"):
        classifier.fit(["a", None], [0, 1])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier.fit(["a", "b"], [0])
    with pytest.raises(ValueError, match="requires y to be passed"):
        classifier.fit(["a", "b"], None)
    with pytest.raises(ValueError, match="Unknown label type"):
        classifier.fit(["a", "b"], [0.3, 1.2])


@pytest.mark.parametrize(
    "y", [["x", None], [1, pd.NA], pd.Series(["x", None], dtype=object), pd.Series([1, pd.NA], dtype="Int64")]
)
def test_a_missing_class_is_refused_with_its_place(topic_model: PairModel, y: Any) -> None:
    for fit in (FewShotClassifier(topic_model).fit, FewShotClassifier(topic_model).partial_fit):
        with pytest.raises(OptionError, match=r"y has (None|<NA>) in row 1, expected a class; leave out rows"):
            fit(["a", "b"], y)
    with pytest.raises(OptionError, match="y has None in row 0"):
        FewShotClassifier(topic_model).partial_fit(["a"], [None], classes=["x"])
