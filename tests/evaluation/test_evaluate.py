from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import textsiam
from textsiam.data.pairs import Pairs
from textsiam.errors import DataError, OptionError
from textsiam.evaluation.curves import precision_recall_points, roc_points
from textsiam.evaluation.evaluate import evaluate
from textsiam.evaluation.evaluation import BINARY, METRICS
from textsiam.evaluation.intervals import ece_interval, resampled
from textsiam.evaluation.metrics import binary_metrics, ece_by_chance, graded_metrics
from textsiam.evaluation.resampled import BinaryMetrics, GradedMetrics
from textsiam.model.pair_model import PairModel
from textsiam.model.scores import TextReport

# text a, text b, label, source
ROWS = [
    ("red cat sleeps", "red cat sleeps now", 1, "forum"),
    ("green dog runs", "blue bird sings", 0, "forum"),
    ("blue bird", "blue bird", 1, "mail"),
    ("red dog runs here", "green dog runs here", 0, "forum"),
    ("cat runs", "dog sings", 1, "forum"),
    ("bird sings today", "bird sings now", 1, "mail"),
    ("", "cat", 0, "chat"),
    ("red", "blue", 0, "chat"),
]
RECORDS: list[dict[str, object]] = [
    {"text_a": a, "text_b": b, "label": label, "source": source} for a, b, label, source in ROWS
]
GRADED = [(a, b, grade) for (a, b, _, _), grade in zip(ROWS, (4.5, 0, 5, 2, 1.5, 4, 0, 0.5), strict=True)]


def records(keep: int = len(RECORDS)) -> Pairs:
    return textsiam.read_pairs(RECORDS[:keep], keep=["source"])


def test_the_metrics_are_those_of_the_models_scores_at_its_threshold(model: PairModel) -> None:
    result = evaluate(model, records())
    scores = model.score_details([(a, b) for a, b, _, _ in ROWS])
    labels = np.array([label for _, _, label, _ in ROWS], dtype=np.float32)
    assert result.pairs == 8
    assert result.label_mean == 0.5
    assert result.prior == 0.37
    assert result.threshold == 0.4
    assert result.texts == scores.texts
    assert result.texts.empty == 1
    assert result.slices == {}
    assert result.probabilities.tobytes() == scores.probabilities.tobytes()
    assert result.labels.tolist() == labels.tolist()
    assert {name: getattr(result, name) for name in BINARY[1:]} == binary_metrics(scores.probabilities, labels, 0.4)
    assert (result.pearson, result.spearman, result.mean_squared_error) == (None, None, None)
    # some are right and some are wrong, or the test would hold nothing
    assert result.accuracy is not None
    assert 0.5 < result.accuracy < 1


def test_curves_are_those_of_the_scores(model: PairModel) -> None:
    result = evaluate(model, records())
    for got, expected in (
        (result.roc(), roc_points(result.probabilities, result.labels)),
        (result.precision_recall(), precision_recall_points(result.probabilities, result.labels)),
    ):
        assert {name: values.tolist() for name, values in got.items()} == {
            name: values.tolist() for name, values in expected.items()
        }


def test_rows_mappings_and_files_do_as_well_as_pairs(model: PairModel, tmp_path: Path) -> None:
    expected = evaluate(model, records()).to_dict()
    assert evaluate(model, [row[:3] for row in ROWS]).to_dict() == expected
    assert evaluate(model, RECORDS).to_dict() == expected
    assert evaluate(model, iter(RECORDS)).to_dict() == expected
    lines = ["text_a\ttext_b\tlabel\tsource", *("\t".join(map(str, row)) for row in ROWS)]
    (tmp_path / "pairs.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    assert evaluate(model, tmp_path / "pairs.tsv").to_dict() == expected
    assert set(evaluate(model, tmp_path / "pairs.tsv", by="source").slices) == {
        "source: chat",
        "source: forum",
        "source: mail",
    }


def test_slices_hold_the_metrics_of_their_pairs(model: PairModel) -> None:
    result = evaluate(model, records(), by="source")
    sources = [source for _, _, _, source in ROWS]
    called = result.probabilities >= 0.4
    assert list(result.slices) == ["source: chat", "source: forum", "source: mail"]
    for source, found in result.slices.items():
        inside = [place for place, other in enumerate(sources) if f"source: {other}" == source]
        assert found.pairs == len(inside)
        assert found.accuracy == sum(called[place] == ROWS[place][2] for place in inside) / len(inside)
        compared = inside
        if len({ROWS[place][2] for place in inside}) == 1:  # one label: against all pairs of the other
            compared = inside + [place for place, row in enumerate(ROWS) if row[2] != ROWS[inside[0]][2]]
        same, different = ([result.probabilities[p] for p in compared if ROWS[p][2] == label] for label in (1, 0))
        won = sum(1.0 if p > q else 0.5 if p == q else 0.0 for p in same for q in different)
        assert found.roc_auc == pytest.approx(won / len(same) / len(different))


def test_intervals_are_of_whole_components(model: PairModel) -> None:
    pairs = records()
    result = evaluate(model, pairs, draws=200, seed=3)
    of_draws = resampled(
        textsiam.question_components(pairs), BinaryMetrics(result.probabilities, result.labels, 0.4), draws=200, seed=3
    )
    assert set(result.intervals) == set(BINARY[1:])
    for name in BINARY[1:]:
        if name != "ece":
            low, high = np.nanquantile(of_draws[name], [0.025, 0.975])
            assert result.intervals[name] == pytest.approx((low, high))
    assert result.ece is not None
    assert result.ece_by_chance is not None
    assert result.intervals["ece"] == ece_interval(of_draws["ece"], result.ece, result.ece_by_chance)
    assert evaluate(model, pairs, draws=200, seed=3).intervals == result.intervals
    assert evaluate(model, pairs, draws=0).intervals == {}
    assert result.ece_by_chance == ece_by_chance(result.probabilities)


def test_pairs_that_hang_together_have_no_intervals(model: PairModel) -> None:
    hub = [("red cat", f"blue dog {n}", n % 2) for n in range(40)]
    result = evaluate(model, hub, slices=True)
    assert result.intervals == {}
    assert {part.accuracy_interval for part in result.slices.values()} == {None}
    assert evaluate(model, [*hub, *[(f"x {n}", f"y {n}", n % 2) for n in range(4)]]).intervals != {}


def test_grades_have_intervals_too(model: PairModel) -> None:
    pairs = textsiam.read_pairs(GRADED, label_range=(0, 5))
    result = evaluate(model, pairs, draws=300)
    of_draws = resampled(
        textsiam.question_components(pairs), GradedMetrics(result.probabilities, pairs.labels), draws=300
    )
    for name in ("pearson", "spearman", "mean_squared_error"):
        assert result.intervals[name] == pytest.approx(tuple(np.nanquantile(of_draws[name], [0.025, 0.975])))
    assert (result.ece_by_chance, result.uncalibrated) == (None, {})


@pytest.mark.parametrize(
    ("head", "share"),
    [
        ("cosine", lambda raw: (1 + raw) / 2),
        ("euclidean", math.exp),
        ("manhattan", math.exp),
        ("dot", lambda raw: 1 / (1 + math.exp(-raw))),
    ],
)
def test_before_calibration_the_heads_own_score_counts(
    model: PairModel, head: str, share: Callable[[float], float]
) -> None:
    architecture = dataclasses.replace(model.architecture, head=head)
    other = PairModel(architecture=architecture, vocabulary=model.tokenizer.proto, weights=model.weights)
    result = evaluate(other, records(), draws=0)
    raw = other.score_details([(a, b) for a, b, _, _ in ROWS]).raw
    expected = np.mean([(share(float(x)) - label) ** 2 for x, (_, _, label, _) in zip(raw, ROWS, strict=True)])
    assert result.uncalibrated["brier"] == pytest.approx(expected, abs=1e-6)
    assert set(result.uncalibrated) == {"ece", "brier", "log_loss"}


def test_slices_are_no_column(model: PairModel) -> None:
    with pytest.raises(OptionError, match="slices is 'source', expected True or False; by takes a column"):
        evaluate(model, records(), slices="source")  # type: ignore[arg-type] # what is tested


@pytest.mark.parametrize("draws", [-1, True, 1.5])
def test_draws_out_of_range_are_refused(model: PairModel, draws: Any) -> None:
    with pytest.raises(OptionError, match=r"draws is .* expected an integer of at least 0"):
        evaluate(model, records(), draws=draws)


def test_a_slice_column_is_read_from_rows_too(model: PairModel) -> None:
    assert evaluate(model, RECORDS, by="source").slices == evaluate(model, records(), by="source").slices


def test_grades_are_correlated(model: PairModel) -> None:
    pairs = textsiam.read_pairs(GRADED, label_range=(0, 5))
    result = evaluate(model, pairs)
    grades = np.array([grade / 5 for _, _, grade in GRADED], dtype=np.float32)
    expected = graded_metrics(result.probabilities, grades)
    assert result.label_mean == pytest.approx(float(grades.mean()), abs=1e-6)
    for name, value in expected.items():
        assert getattr(result, name) == pytest.approx(value, abs=1e-6)
    assert {getattr(result, name) for name in BINARY} == {None}


def test_grades_have_no_slices(model: PairModel) -> None:
    pairs = textsiam.read_pairs(GRADED, label_range=(0, 5))
    some: list[dict[str, Any]] = [{"by": "source"}, {"slices": True}]
    for options in some:
        with pytest.raises(DataError, match="these labels are graded; leave out by"):
            evaluate(model, pairs, **options)


class Unused:
    """Stands for a model that must not be asked."""

    def __getattr__(self, name: str) -> None:
        raise AssertionError(f"the pairs are at fault, but the model was asked for {name}")

    def score_details(self, _pairs: object) -> None:
        raise AssertionError("the pairs are at fault, but the model was asked for scores")


@pytest.mark.parametrize("label", [0, 1])
def test_one_label_is_refused_before_anything_is_scored(label: int) -> None:
    unused: Any = Unused()
    pairs = textsiam.read_pairs([("a", "b", label), ("c", "d", label)])
    with pytest.raises(DataError, match=f"all 2 have label {label}"):
        evaluate(unused, pairs)


def test_a_column_that_is_not_there_is_refused_before_anything_is_scored() -> None:
    unused: Any = Unused()
    with pytest.raises(DataError, match="no extra column 'sauce'; there are source"):
        evaluate(unused, records(), by="sauce")


def test_no_pairs_are_refused(model: PairModel) -> None:
    with pytest.raises(DataError, match="there are none"):
        evaluate(model, records().select([]))
    with pytest.raises(DataError, match="there are none"):
        evaluate(model, textsiam.read_pairs(GRADED, label_range=(0, 5)).select([]))


@pytest.mark.parametrize("kind", ["binary", "graded"])
def test_to_dict_is_json(model: PairModel, kind: str) -> None:
    graded = textsiam.read_pairs(GRADED, label_range=(0, 5))
    result = evaluate(model, graded) if kind == "graded" else evaluate(model, records(), by="source")
    values = result.to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    others = {"ece_by_chance", "intervals", "uncalibrated", "leaks"}
    assert set(values) == {"pairs", "label_mean", "prior", "texts", "slices", *METRICS, *others}
    assert values["texts"] == {"texts": 15, "empty": 1, "unknown": 0, "cut": 0, "unknown_tokens": 0}
    if kind == "binary":
        assert values["slices"]["source: mail"]["pairs"] == 2
        assert values["pearson"] is None
    else:
        assert values["accuracy"] is None


def test_the_table_has_a_line_for_each_number(model: PairModel) -> None:
    result = evaluate(model, records(), by="source")
    lines = [line.split() for line in str(result).splitlines()]
    assert lines[0] == ["pairs", "8"]
    assert lines[1] == ["label", "mean", "0.5000"]
    assert lines[2][:2] == ["prior", "0.3700"]
    for number, name in enumerate(BINARY, 3):
        low, high = result.intervals.get(name, (None, None))
        interval = [] if low is None else [f"{low:.4f}", "to", f"{high:.4f}"]
        assert lines[number] == [*name.split("_"), f"{getattr(result, name):.4f}", *interval]
    assert lines[13][:4] == ["ece", "by", "chance", f"{result.ece_by_chance:.4f}"]
    assert lines[13][-4:] == ["in", "39", "of", "40"]
    for line, name in zip(lines[14:17], ("ece", "brier", "log_loss"), strict=True):
        assert line == [*name.split("_"), "before", f"{result.uncalibrated[name]:.4f}", "calibration"]
    assert lines[17:20] == [["texts", "empty", "1"], ["texts", "unknown", "0"], ["texts", "cut", "0"]]
    assert lines[20:22] == [[], ["slice", "pairs", "ROC-AUC", "accuracy"]]
    for line, (name, part) in zip(lines[22:-1], result.slices.items(), strict=True):
        mark = "*" if part.one_label else ""
        figures = [f"{part.pairs}", f"{part.roc_auc:.4f}{mark}", f"{part.accuracy:.4f}"]
        interval = [] if part.accuracy_interval is None else "{:.4f} to {:.4f}".format(*part.accuracy_interval).split()
        assert line == [*name.split(), *figures, *interval]
    assert [part.one_label for part in result.slices.values()] == [True, False, True]
    assert lines[-1][:4] == ["*", "of", "one", "label"]


def test_the_table_of_grades_leaves_out_what_does_not_apply(model: PairModel) -> None:
    result = evaluate(model, textsiam.read_pairs(GRADED, label_range=(0, 5)))
    names = [line[:20].strip() for line in str(result).splitlines()]
    assert names == [
        "pairs", "label mean", "pearson", "spearman", "mean squared error", "texts empty", "texts unknown", "texts cut"
    ]  # fmt: skip


def test_the_reports_of_texts_reach_the_result(model: PairModel) -> None:
    rows = [("red " * 50, "龘", 1), ("red", "cat", 0)]
    assert evaluate(model, rows).texts == TextReport(texts=4, empty=0, unknown=1, cut=1, unknown_tokens=1)


@pytest.mark.parametrize("path", ["models/mine", Path("models") / "mine"])
def test_a_path_is_no_model(path: Any) -> None:
    with pytest.raises(OptionError, match=r"model is a path, .*it with textsiam\.PairModel\.load\('models.+mine'\)"):
        evaluate(path, records())


def test_names_of_slices_stay_short_and_on_one_line_in_the_table(model: PairModel) -> None:
    kinds = ["a\nb \x1b[31m", "x" * 80, ""]
    rows = [{**record, "source": kinds[number % 3]} for number, record in enumerate(RECORDS)]
    result = evaluate(model, textsiam.read_pairs(rows, keep=["source"]), by="source")
    assert set(result.slices) == {"source: a\nb \x1b[31m", f"source: {'x' * 80}", "source: (empty)"}
    shown = [line for line in str(result).splitlines() if line.startswith("source: ")]
    assert [line[:50].rstrip() for line in shown] == ["source: (empty)", "source: a b  [31m", f"source: {'x' * 39}..."]
    assert str(result).replace("\n", "").isprintable()
