"""textsiam.evaluate: what a model is worth on pairs that it has not seen, at the threshold that dev chose."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.errors import DataError, OptionError
from textsiam.evaluation.curves import precision_recall_points, roc_points
from textsiam.evaluation.metrics import binary_metrics, check_both_classes, graded_metrics
from textsiam.model.pair_model import PairModel
from textsiam.model.scores import TextReport


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The metrics of the pairs that share a value of a column.

    Where a slice holds one label only, its ROC-AUC is that of its pairs against all pairs of the other label.
    """

    pairs: int
    accuracy: float
    roc_auc: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A model's metrics on ``pairs`` pairs.

    For 0/1 labels: ``accuracy precision recall f1`` at ``threshold``, ``roc_auc average_precision``, and of the
    probabilities ``ece`` (15 equal-mass bins) ``brier log_loss``; all in [0, 1] but the last. For graded labels:
    ``pearson spearman mean_squared_error``. What does not apply, or is not defined, is None. ``label_mean`` is the
    share of same pairs (grades: their mean on the scale from 0 to 1), ``prior`` the share that the probabilities
    assume. ``texts`` counts what the model could not read, ``slices`` holds the metrics by value of a column.
    ``probabilities`` and ``labels`` are float32 (n,), in the order of the pairs.
    """

    pairs: int
    label_mean: float
    prior: float
    threshold: float | None = None
    accuracy: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    roc_auc: float | None = None
    average_precision: float | None = None
    ece: float | None = None
    brier: float | None = None
    log_loss: float | None = None
    pearson: float | None = None
    spearman: float | None = None
    mean_squared_error: float | None = None
    texts: TextReport
    slices: dict[str, Slice] = field(default_factory=dict)
    probabilities: Array = field(repr=False)
    labels: Array = field(repr=False)

    def roc(self) -> dict[str, Array]:
        """Return the points of the ROC curve, as ``curves.roc_points`` does."""
        return roc_points(self.probabilities, self.labels)

    def precision_recall(self) -> dict[str, Array]:
        """Return the points of the precision-recall curve, as ``curves.precision_recall_points`` does."""
        return precision_recall_points(self.probabilities, self.labels)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the single pairs, as JSON values."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        del values["probabilities"], values["labels"]
        values["texts"] = dataclasses.asdict(self.texts)
        values["slices"] = {name: dataclasses.asdict(part) for name, part in self.slices.items()}
        return values

    def __str__(self) -> str:
        rows = [("pairs", f"{self.pairs:,}"), ("label mean", f"{self.label_mean:.4f}")]
        rows += [
            (name.replace("_", " "), f"{getattr(self, name):.4f}")
            for name in METRICS
            if getattr(self, name) is not None
        ]
        rows += [(f"texts {name}", f"{getattr(self.texts, name):,}") for name in ("empty", "unknown", "cut")]
        lines = [f"{name:<20}{value:>10}" for name, value in rows]
        if self.slices:
            lines += ["", f"{'slice':<20}{'pairs':>10}{'accuracy':>10}{'ROC-AUC':>10}"]
            lines += [f"{n:<20}{s.pairs:>10,}{s.accuracy:>10.4f}{s.roc_auc:>10.4f}" for n, s in self.slices.items()]
        return "\n".join(lines)


BINARY = (
    "threshold",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "average_precision",
    "ece",
    "brier",
    "log_loss",
)
METRICS = (*BINARY, "pearson", "spearman", "mean_squared_error")


def evaluate(model: PairModel, pairs: Any, *, by: str | None = None, show_progress: bool = False) -> Evaluation:
    """Score ``pairs`` (Pairs, or what ``read_pairs`` takes) and compute the metrics.

    ``by`` names a further column of the pairs whose values make slices. The threshold is the model's, fitted on
    dev; one that learned grades has none, and judges 0/1 labels at half of the grades.
    Raises DataError for pairs that cannot be read, a column that is not there, or 0/1 labels of which one is missing;
    OptionError for a path in place of a model.
    """
    if isinstance(model, str | PathLike):
        raise OptionError(f"model is a path, expected a model; load it with textsiam.PairModel.load({str(model)!r})")
    if not isinstance(pairs, Pairs):
        pairs = read_pairs(pairs, keep=() if by is None else (by,))
    kinds = _checked(pairs, by)
    scores = model.score_details(zip(pairs.text_a, pairs.text_b, strict=True), show_progress=show_progress)
    probabilities = scores.probabilities
    labels = pairs.labels
    metrics: dict[str, Any]
    if pairs.graded:
        metrics = dict(graded_metrics(probabilities, labels))
    else:
        threshold = model.calibration.threshold
        metrics = {"threshold": threshold, **binary_metrics(probabilities, labels, threshold)}
    return Evaluation(
        pairs=len(pairs),
        label_mean=float(labels.mean()),
        prior=model.calibration.prior,
        texts=scores.texts,
        slices={} if kinds is None else _slices(probabilities, labels, kinds, model.calibration.threshold),
        probabilities=probabilities,
        labels=labels,
        **metrics,
    )


def _checked(pairs: Pairs, by: str | None) -> list[str] | None:
    """Raise before anything is scored where the metrics or slices cannot be made; gives the column ``by``."""
    if not pairs.graded:
        check_both_classes(pairs.labels > 0.5)
    elif by is not None:
        raise DataError("slices are made of pairs with 0/1 labels, these labels are graded; leave out by (--by)")
    return None if by is None else pairs.extra(by)


def _slices(probabilities: Array, labels: Array, values: list[str], threshold: float) -> dict[str, Slice]:
    truth, kinds = labels > 0.5, np.asarray(values, dtype=object)
    slices = {}
    for kind in sorted(set(values)):
        inside = kinds == kind
        compared = inside
        if truth[inside].all() or not truth[inside].any():
            compared = inside | (truth != truth[inside][0])
        metrics = binary_metrics(probabilities[compared], labels[compared], threshold)
        accuracy = float(((probabilities[inside] >= threshold) == truth[inside]).mean())
        slices[str(kind)] = Slice(pairs=int(inside.sum()), accuracy=accuracy, roc_auc=metrics["roc_auc"])
    return slices
