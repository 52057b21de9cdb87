from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline

from tests.integrations.conftest import QUICK
from tests.training.conftest import make_chains, make_rows
from textsiam.arrays import Array
from textsiam.data.components import question_components
from textsiam.data.pairs import Pairs
from textsiam.errors import OptionError, TrainingError
from textsiam.integrations.classifier_training import OPTIONS
from textsiam.integrations.duplicate_classifier import DuplicateClassifier, _same_place
from textsiam.model.calibration import Calibration
from textsiam.training.config import TrainConfig
from textsiam.training.train import train

Labelled = tuple[list[tuple[str, str]], list[int]]


def quick(**options: Any) -> DuplicateClassifier:
    return DuplicateClassifier(config=QUICK, **options)


@pytest.fixture(scope="module")
def fitted(topic_pairs: Labelled) -> DuplicateClassifier:
    return quick().fit(*topic_pairs)


def test_it_is_what_train_makes_of_the_same_options(fitted: DuplicateClassifier, topic_pairs: Labelled) -> None:
    model = train([(*pair, label) for pair, label in zip(*topic_pairs, strict=True)], config=QUICK)
    assert model.weights.keys() == fitted.model_.weights.keys()
    for name, weight in model.weights.items():
        assert weight.tobytes() == fitted.model_.weights[name].tobytes()
    assert fitted.model_.calibration == model.calibration
    assert fitted.predict_proba(topic_pairs[0])[:, 1] == pytest.approx(model.score_pairs(topic_pairs[0]), abs=1e-6)


def test_it_learns_and_predicts_by_the_models_threshold(fitted: DuplicateClassifier, topic_pairs: Labelled) -> None:
    pairs, _ = topic_pairs
    held_out = make_rows(64, start=5000)
    unseen, truth = [row[:2] for row in held_out], [row[2] for row in held_out]
    assert fitted.score(unseen, truth) > 0.9
    same = fitted.model_.score_pairs(pairs) >= fitted.model_.calibration.threshold
    assert fitted.predict(pairs).tolist() == same.astype(int).tolist()
    assert 0 < same.mean() < 1
    assert np.abs(fitted.predict_proba(pairs).sum(axis=1) - 1).max() < 1e-12


@pytest.mark.parametrize("threshold", [0.0, 1e-6, 0.3, 0.5, 0.9999, 1.0, 1.0000001])
def test_the_decision_is_positive_where_the_second_class_is_predicted(
    fitted: DuplicateClassifier, topic_pairs: Labelled, threshold: float
) -> None:
    pairs, _ = topic_pairs
    classifier = pickle.loads(pickle.dumps(fitted))
    classifier.model_.calibration = dataclasses.replace(classifier.model_.calibration, threshold=threshold)
    decision, probability = classifier.decision_function(pairs), classifier.predict_proba(pairs)[:, 1]
    assert np.isfinite(decision).all()
    assert ((decision > 0) == (classifier.predict(pairs) == 1)).all()
    assert (np.diff(decision[np.argsort(probability)]) >= -1e-9).all()
    if threshold == 0.3:
        expected = np.log(probability / (1 - probability)) - np.log(0.3 / 0.7)
        assert decision == pytest.approx(expected, abs=1e-6)


def test_probabilities_on_the_threshold_itself_count_as_reaching_it(
    fitted: DuplicateClassifier, topic_pairs: Labelled
) -> None:
    pairs, _ = topic_pairs
    classifier = pickle.loads(pickle.dumps(fitted))
    for threshold in np.unique(fitted.model_.score_pairs(pairs))[::7].tolist():
        classifier.set_params(threshold=threshold)
        same = fitted.model_.score_pairs(pairs) >= np.float32(threshold)
        assert (classifier.predict(pairs) == same).all()
        assert ((classifier.decision_function(pairs) > 0) == same).all()


def test_a_steep_calibration_never_gives_what_is_not_a_number(
    fitted: DuplicateClassifier, topic_pairs: Labelled
) -> None:
    classifier = pickle.loads(pickle.dumps(fitted))
    classifier.model_.calibration = Calibration(slope=1e6, threshold=0.5)
    for result in (classifier.predict_proba(topic_pairs[0]), classifier.decision_function(topic_pairs[0])):
        assert np.isfinite(result).all()


@pytest.mark.parametrize(
    "of_rows",
    [
        list,
        lambda rows: [list(row) for row in rows],
        np.array,
        lambda rows: np.array(rows, dtype=object),
        pd.DataFrame,
        lambda rows: pd.DataFrame(rows, columns=["a", "b"]),
        lambda rows: pd.DataFrame(rows, columns=["a", "b"], dtype="string"),
        lambda rows: pd.DataFrame(rows, columns=["a", "b"], dtype="category"),
        lambda rows: pl.DataFrame(rows, schema=["a", "b"], orient="row"),
    ],
    ids=["tuples", "lists", "texts", "objects", "unnamed", "pandas", "pandas-string", "pandas-category", "polars"],
)
def test_pairs_come_in_many_kinds_of_tables(fitted: DuplicateClassifier, topic_pairs: Labelled, of_rows: Any) -> None:
    rows, labels = topic_pairs
    X = of_rows(rows)
    classifier = quick(epochs=1).fit(X, labels)
    assert classifier.n_features_in_ == 2
    names = getattr(classifier, "feature_names_in_", None)
    assert (None if names is None else names.tolist()) == (["a", "b"] if getattr(X, "columns", [0])[0] == "a" else None)
    plain = quick(epochs=1).fit(rows, labels)
    assert classifier.predict_proba(X).tobytes() == plain.predict_proba(rows).tobytes()


def test_texts_are_kept_to_the_last_character(fitted: DuplicateClassifier) -> None:
    # an array of NumPy's texts would drop a final \0, and give each cell the room of the longest
    pairs = [("what about the apple", "tell me of apple\0"), ("x" * 100_000, "")]
    assert fitted.predict_proba(pairs)[:, 1] == pytest.approx(fitted.model_.score_pairs(pairs), abs=1e-6)


def test_renamed_columns_are_refused(topic_pairs: Labelled) -> None:
    frame = pd.DataFrame(topic_pairs[0], columns=["a", "b"])
    classifier = quick(epochs=1).fit(frame, topic_pairs[1])
    with pytest.raises(ValueError, match="feature names"):
        classifier.predict(frame.rename(columns={"b": "c"}))


@pytest.mark.parametrize(
    ("same", "other"), [(1, 0), (1.0, 0.0), (True, False), (1, -1), (7, 3), ("yes", "no"), ("TRUE", "FALSE")]
)
def test_the_greater_class_means_the_same(topic_pairs: Labelled, same: object, other: object) -> None:
    pairs, labels = topic_pairs
    y = np.where(np.array(labels) == 1, np.array(same), np.array(other))
    classifier = quick().fit(pairs, y)
    assert classifier.classes_.tolist() == [other, same]
    assert classifier.model_.details["dev"]["label_mean"] == pytest.approx(0.5, abs=0.1)
    assert accuracy_score(y, classifier.predict(pairs)) > 0.9
    assert classifier.model_.score("what about the apple", "tell me of apple") > 0.5


def test_the_class_that_means_the_same_can_be_named(topic_pairs: Labelled, fitted: DuplicateClassifier) -> None:
    pairs, labels = topic_pairs
    y = ["duplicate" if label else "other" for label in labels]
    with pytest.warns(UserWarning, match="'other' is taken to mean that the texts are the same; give pos_label"):
        quick(epochs=1).fit(pairs, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        classifier = quick(pos_label="duplicate").fit(pairs, y)
    assert classifier.classes_.tolist() == ["duplicate", "other"]
    assert classifier.predict_proba(pairs)[:, 0].tobytes() == fitted.predict_proba(pairs)[:, 1].tobytes()
    assert ((classifier.decision_function(pairs) > 0) == (classifier.predict(pairs) == "other")).all()
    assert (classifier.predict(pairs) == np.where(fitted.predict(pairs) == 1, "duplicate", "other")).all()


@pytest.mark.parametrize(
    ("same", "other"),
    [("True", "false"), ("Yes", "no"), ("duplicate", "no"), ("duplicate", "false"), ("true", "unlike"), ("a", "No")],
)
@pytest.mark.filterwarnings("error")
def test_words_for_the_same_are_understood_in_any_order(same: str, other: str) -> None:
    for classes in ([same, other], [other, same]):
        assert classes[_same_place(classes, None)] == same


@pytest.mark.parametrize("classes", [["duplicate", "other"], ["true", "yes"], ["FALSE", "no"], ["0", "1"]])
def test_words_that_do_not_say_which_is_the_same_are_told(classes: list[str]) -> None:
    with pytest.warns(UserWarning, match=f"{classes[1]!r} is taken to mean that the texts are the same"):
        assert _same_place(classes, None) == 1


def test_words_of_mixed_case_train_on_what_they_say(topic_pairs: Labelled, fitted: DuplicateClassifier) -> None:
    pairs, labels = topic_pairs
    classifier = quick().fit(pairs, ["True" if label else "false" for label in labels])
    assert classifier.model_.fingerprint() == fitted.model_.fingerprint()
    assert classifier.predict(pairs).tolist() == ["True" if same else "false" for same in fitted.predict(pairs)]


def test_a_fit_that_fails_leaves_what_an_earlier_one_learned(topic_pairs: Labelled) -> None:
    pairs, labels = topic_pairs
    classifier = quick(epochs=1, pos_label=0).fit(pairs, labels)
    before = classifier.predict(pairs).tolist()
    for options, error in (({"pos_label": "x"}, OptionError), ({"pos_label": None}, TrainingError)):
        classifier.set_params(**options)
        with pytest.raises(error):
            classifier.fit([("a", "b")] * 20, ["no", "yes"] * 10)
        assert classifier.classes_.tolist() == [0, 1]
        assert classifier.predict(pairs).tolist() == before


def test_progress_is_shown_where_it_is_asked_for(topic_pairs: Labelled, capsys: pytest.CaptureFixture[str]) -> None:
    for verbose in (False, True):
        quick(epochs=1, verbose=verbose).fit(*topic_pairs)
        assert bool(capsys.readouterr().err) == verbose


def test_parameters_win_over_the_config_and_leave_out_what_no_longer_fits() -> None:
    pairs = [row[:2] for row in make_rows(64)]
    labels = [row[2] for row in make_rows(64)]
    config = dataclasses.replace(QUICK, encoder="lstm", units=12, pooling="mean", batch_size=16)
    model = DuplicateClassifier(config=config, epochs=1, dim=8, random_state=9).fit(pairs, labels).model_
    assert (model.architecture.encoder, model.architecture.units, model.architecture.dim) == ("lstm", 12, 8)
    assert "seed = 9" in model.train_toml.splitlines()
    assert "batch_size = 16" in model.train_toml.splitlines()
    model = DuplicateClassifier(config=config, epochs=1, encoder="bag").fit(pairs, labels).model_
    assert (model.architecture.encoder, model.architecture.pooling) == ("bag", "max")  # a bag has none
    model = DuplicateClassifier(preset="fast", epochs=1, units=8, dim=8, device="cpu").fit(pairs, labels).model_
    assert (model.architecture.units, model.architecture.bidirectional) == (8, True)
    assert "batch_size = 8" in model.train_toml.splitlines()  # an eighth, not the preset's 512


def test_every_option_that_is_not_its_own_reaches_training() -> None:
    own = {"config", "preset", "pos_label", "threshold", "random_state", "verbose"}
    assert sorted(OPTIONS) == sorted(DuplicateClassifier().get_params().keys() - own)
    assert set(OPTIONS) <= {field.name for field in dataclasses.fields(TrainConfig)}


def test_equal_seeds_give_equal_weights(topic_pairs: Labelled) -> None:
    def weights(random_state: Any) -> bytes:
        model = quick(epochs=1, random_state=random_state).fit(*topic_pairs).model_
        return b"".join(weight.tobytes() for weight in model.weights.values())

    assert weights(3) == weights(3) != weights(4)
    assert weights(np.random.RandomState(3)) == weights(np.random.RandomState(3))
    assert weights(None) == weights(QUICK.seed)


@pytest.mark.parametrize("count", [8, 12, 20, 40, 100])
def test_small_sets_are_trained_on(count: int) -> None:
    rows = make_rows(count)
    classifier = DuplicateClassifier(encoder="bag", dim=4, head_units=4, epochs=1, device="cpu")
    classifier.fit([row[:2] for row in rows], [row[2] for row in rows])
    assert classifier.model_.details["dev"]["pairs"] == min(round(count / 3), 20)
    assert set(classifier.predict([row[:2] for row in rows])) <= {0, 1}


def test_dev_pairs_can_be_given(topic_pairs: Labelled) -> None:
    dev = make_rows(40, start=2000)
    dev_X, dev_y = [row[:2] for row in dev], [int(row[2]) for row in dev]
    classifier = quick(epochs=1).fit(*topic_pairs, dev=(dev_X, dev_y))
    assert classifier.model_.details["dev"]["sha256"] == Pairs.from_rows(dev).fingerprint()
    assert classifier.model_.details["train"]["pairs"] == 256
    with pytest.raises(OptionError, match="dev has the class 2, expected 0 and 1"):
        quick(epochs=1).fit(*topic_pairs, dev=(dev_X, [2, *dev_y[1:]]))
    wrong: list[Any] = [dev_X, np.array(dev_X, dtype=object), (dev_X,)]
    for given in wrong:
        with pytest.raises(OptionError, match=r"dev is of type (list|ndarray|tuple), expected \(X, y\)"):
            quick(epochs=1).fit(*topic_pairs, dev=given)


def test_pairs_that_all_hang_together_need_dev_of_their_own() -> None:
    rows = make_chains(12)
    X, y = [row[:2] for row in rows], [row[2] for row in rows]
    with pytest.raises(TrainingError, match=r"cannot be divided.*give fit dev=\(X, y\)"):
        quick(batch_size=2).fit(X, y)
    dev = make_rows(20)
    quick(batch_size=2, epochs=1).fit(X, y, dev=([row[:2] for row in dev], [row[2] for row in dev]))


def test_a_grid_is_searched_over_folds_that_share_no_text(topic_pairs: Labelled) -> None:
    pairs, labels = topic_pairs
    search = GridSearchCV(
        DuplicateClassifier(encoder="lstm", dim=8, head_units=8, epochs=1, vocabulary_size=100, device="cpu"),
        [{"units": np.array([4, 8])}, {"units": [6], "head": ["cosine"], "head_units": [None]}],
        cv=GroupKFold(3),
        scoring="roc_auc",
        error_score="raise",
    )
    search.fit(pairs, labels, groups=question_components(pairs))
    best, made = search.best_params_, search.best_estimator_.model_.architecture
    assert (made.units, made.head) == (best["units"], best.get("head", "mlp"))
    assert search.cv_results_["param_units"].tolist() == [4, 8, 6]
    assert len(set(search.cv_results_["mean_test_score"].tolist())) == 3


def test_it_works_in_scikit_learns_meta_estimators(topic_pairs: Labelled) -> None:
    pairs, labels = topic_pairs
    probabilities = cross_val_predict(quick(), pairs, labels, cv=2, method="predict_proba")
    assert probabilities.shape == (256, 2)
    assert accuracy_score(labels, probabilities.argmax(axis=1)) > 0.8
    recalibrated = CalibratedClassifierCV(quick(), cv=2).fit(np.array(pairs, dtype=object), labels)
    assert accuracy_score(labels, recalibrated.predict(np.array(pairs, dtype=object))) > 0.8
    pipeline = Pipeline([("duplicates", quick(epochs=1))]).set_params(duplicates__dim=4).fit(pairs, labels)
    assert pipeline[-1].model_.architecture.dim == 4


def test_copies_and_pickles_predict_the_same(fitted: DuplicateClassifier, topic_pairs: Labelled) -> None:
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "model_")
    again = pickle.loads(pickle.dumps(fitted))
    assert again.decision_function(topic_pairs[0]).tobytes() == fitted.decision_function(topic_pairs[0]).tobytes()


def test_it_predicts_without_torch(fitted: DuplicateClassifier, topic_pairs: Labelled, tmp_path: Path) -> None:
    (tmp_path / "fitted.pickle").write_bytes(pickle.dumps((fitted, topic_pairs[0][:5])))
    code = """if True:
        import pickle, sys
        with open(sys.argv[1], "rb") as file:
            classifier, pairs = pickle.load(file)
        print(*classifier.predict(pairs))
        import textsiam.integrations.few_shot_classifier
        assert "torch" not in sys.modules
    """
    command = [sys.executable, "-c", code, str(tmp_path / "fitted.pickle")]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert [int(label) for label in run.stdout.split()] == fitted.predict(topic_pairs[0][:5]).tolist()


def _with(cells: dict[tuple[int, int], object]) -> Array:
    table = np.array([["a", "b"]] * 20, dtype=object)
    for place, cell in cells.items():
        table[place] = cell
    return table


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([("a", "b")] * 3 + [("a", None)] + [("a", "b")] * 16, "X has None of type NoneType in row 3, column 1"),
        (_with({(5, 0): float("nan")}), "X has NaN of type float in row 5, column 0, expected a text"),
        (pd.DataFrame({"a": ["x"] * 20, "b": ["y"] * 19 + [None]}), "in row 19, column 'b', expected a text"),
        (pl.DataFrame({"a": [None] + ["x"] * 19, "b": ["y"] * 20}), "X has None .* in row 0, column 'a'"),
        (_with({(2, 1): b"bytes"}), "X has b'bytes' of type bytes in row 2, column 1"),
        ([("a", "b", 1)] * 20, r"X has 3 columns \(0, 1, 2\), expected two"),
        (pd.DataFrame({"id": range(20), "a": ["x"] * 20, "b": ["y"] * 20}), r"X has 3 columns \('id', 'a', 'b'\)"),
        ([("a", "b")] * 19 + [("a",)], r"X\[19\] is \('a',\), expected rows of as many cells"),
        (["a text"] * 20, r"X\[0\] is 'a text', expected rows of as many cells, \(text a, text b\)"),
        (np.ones((20, 2)), "X has 1.0 of type float in row 0, column 0"),
        ([("a", "b")] * 19, "inconsistent numbers of samples"),
        ("one text", "Expected 2D array"),
        ({"a": ["x"] * 20, "b": ["y"] * 20}, "X is a dict, expected a list or a table; make a DataFrame of it"),
        ({(str(number), "b") for number in range(20)}, "X is a set, which has no order; make a list of it"),
    ],
)
def test_bad_pairs_are_refused_with_their_place(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quick().fit(X, [0, 1] * 10)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1] * 20, "y has one class, 1, expected two"),
        ([0, 1, 2, 3] * 5, "Only binary classification is supported"),
        ([0.5, 0.7] * 10, "Unknown label type|Only binary"),
        (None, "requires y to be passed"),
        (["yes", None] * 10, "y has None in row 1, expected a class"),
        (pd.Series([0, pd.NA] * 10, dtype="Int64"), "y has <NA> in row 1, expected a class"),
        (np.array(1), "y should be a 1d array"),
    ],
)
def test_bad_classes_are_refused(y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quick().fit([row[:2] for row in make_rows(20)], y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 64, "encoder": "bag"}, "units is 64, but encoder 'bag' has no units"),
        ({"encoder": "lsmt"}, "did you mean 'lstm'"),
        ({"epochs": 0}, "epochs is 0, expected a whole number"),
        ({"preset": "fst"}, "did you mean 'fast'"),
        ({"preset": "fast", "config": QUICK}, "preset is 'fast', but config is given too"),
        ({"config": {"dim": 3}}, r"config is \{'dim': 3\}, expected a textsiam.TrainConfig"),
        ({"threshold": 1.5}, "threshold is 1.5, expected a probability"),
        ({"pos_label": "same"}, "pos_label is 'same', expected one of the classes of y, 0 and 1"),
        ({"random_state": -1}, "^random_state is -1, expected an integer from 0 to 4,294,967,295"),
        ({"random_state": np.random.default_rng(3)}, "^random_state is a numpy Generator, expected an integer or a"),
        ({"random_state": 1.5}, "^random_state is 1.5, expected an integer"),
    ],
)
def test_bad_options_are_refused_by_fit(options: dict[str, Any], message: str) -> None:
    rows = make_rows(40)
    with pytest.raises(OptionError, match=message):
        DuplicateClassifier(**options).fit([row[:2] for row in rows], [int(row[2]) for row in rows])


def test_nothing_is_predicted_before_a_fit_that_came_to_its_end() -> None:
    classifier = quick()
    with pytest.raises(NotFittedError):
        classifier.predict([("a", "b")])
    with pytest.raises(TrainingError):
        classifier.fit([("a", "b")] * 20, [0, 1] * 10)
    with pytest.raises(NotFittedError):
        classifier.predict([("a", "b")])
