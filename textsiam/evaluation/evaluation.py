"""What an evaluation gives: metrics with intervals, slices, and the scores that they are of."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from textsiam.arrays import Array
from textsiam.evaluation.curves import precision_recall_points, roc_points
from textsiam.evaluation.leaks import Leaks
from textsiam.evaluation.slices import Slice
from textsiam.model.scores import TextReport

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
LONGEST_NAME = 50  # of a slice, in a table
METRICS = (*BINARY, "pearson", "spearman", "mean_squared_error")


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A model's metrics on ``pairs`` pairs.

    For 0/1 labels: ``accuracy precision recall f1`` at ``threshold``, ``roc_auc average_precision``, and of the
    probabilities ``ece`` (15 equal-mass bins) ``brier log_loss``; all in [0, 1] but the last. For graded labels:
    ``pearson spearman mean_squared_error``. What does not apply, or is not defined, is None. ``label_mean`` is the
    share of same pairs (grades: their mean on the scale from 0 to 1), ``prior`` the share that the probabilities
    assume. ``intervals`` are the metrics' 95 % ones (low, high), by a bootstrap that draws whole components of the
    pairs. ``ece_by_chance`` is the ECE that right probabilities stay below in 39 of 40 samples of so many pairs, if
    these share no texts: where many do, chance gives more.
    ``uncalibrated``: what ECE, Brier score and log loss were before calibration, of the head's own score as a
    probability. ``texts`` counts what the model could not read, ``leaks`` what of them it was trained on (None: the
    model does not keep it), ``slices`` holds the metrics of parts of the pairs.
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
    ece_by_chance: float | None = None
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    uncalibrated: dict[str, float] = field(default_factory=dict)
    texts: TextReport
    leaks: Leaks | None = None
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
        values["leaks"] = None if self.leaks is None else dataclasses.asdict(self.leaks)
        values["intervals"] = {name: list(interval) for name, interval in self.intervals.items()}
        values["slices"] = {name: _slice_values(part) for name, part in self.slices.items()}
        return values

    def __str__(self) -> str:
        lines = [f"{'pairs':<20}{self.pairs:>10,}", f"{'label mean':<20}{self.label_mean:>10.4f}"]
        if self.threshold is not None:
            lines.append(f"{'prior':<20}{self.prior:>10.4f}   the label mean that probabilities assume")
        for name in METRICS:
            value = getattr(self, name)
            if value is not None:
                remark = _remark(self.intervals.get(name))
                lines.append(f"{name.replace('_', ' '):<20}{value:>10.4f}{remark}")
        if self.ece_by_chance is not None:
            lines.append(
                f"{'ece by chance':<20}{self.ece_by_chance:>10.4f}   right probabilities stay below in 39 of 40"
            )
        for name, value in self.uncalibrated.items():
            lines.append(f"{name.replace('_', ' ') + ' before':<20}{value:>10.4f}   calibration")
        for name in ("empty", "unknown", "cut"):
            lines.append(f"{'texts ' + name:<20}{getattr(self.texts, name):>10,}")
        if self.leaks is not None:
            lines += ["", str(self.leaks)]
        if self.slices:
            shown = {name: _shown(name) for name in self.slices}
            width = max(20, *(len(name) + 2 for name in shown.values()))
            lines += ["", f"{'slice':<{width}}{'pairs':>10}{'ROC-AUC':>10}{'accuracy':>10}"]
            for name, part in self.slices.items():
                figures = f"{part.pairs:>10,}{part.roc_auc:>10.4f}{'*' if part.one_label else ' '}{part.accuracy:>9.4f}"
                lines.append(f"{shown[name]:<{width}}{figures}{_remark(part.accuracy_interval)}")
            if any(part.one_label for part in self.slices.values()):
                lines.append("* of one label alone: against all pairs of the other label")
        return "\n".join(lines)


def _shown(name: str) -> str:
    """Give a name, which may hold anything, in one short line of what can be printed."""
    line = "".join(character if character.isprintable() else " " for character in name)
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 3]}..."


def _slice_values(part: Slice) -> dict[str, Any]:
    interval = part.accuracy_interval
    return {**dataclasses.asdict(part), "accuracy_interval": None if interval is None else list(interval)}


def _remark(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"   {interval[0]:.4f} to {interval[1]:.4f}"
