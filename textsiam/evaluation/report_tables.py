"""What stands in the tables and lines of a report, as strings."""

from __future__ import annotations

from typing import Any

import textsiam
from textsiam.evaluation.evaluation import METRICS, Evaluation
from textsiam.model.pair_model import PairModel

TILES = ("accuracy", "precision", "recall", "roc_auc", "ece", "pearson", "spearman", "mean_squared_error")
_NAMES = {"roc_auc": "ROC-AUC", "ece": "ECE", "f1": "F1", "log_loss": "log loss", "brier": "Brier score"}
_NAMES |= {"pearson": "Pearson", "spearman": "Spearman"}

Rows = list[list[str]]


def tables(result: Evaluation, model: PairModel) -> dict[str, Any]:
    """Give each part of the page by the name that it has there."""
    tiles = [
        (_named(name), _figure(getattr(result, name)), " to ".join(map(_figure, result.intervals.get(name, ()))))
        for name in _defined(result, TILES)
    ]
    return {
        "summary": _summary(result),
        "tiles": tiles,
        "metrics": _metrics(result),
        "metrics_head": ["", "value", "from", "to", *(["before calibration"] if result.uncalibrated else [])],
        "metrics_caption": "95 % intervals, by a bootstrap of whole components: all pairs that shared texts link"
        if result.intervals
        else "Without intervals: none were asked for, or the pairs have fewer than 5 components",
        "slices": _slices(result),
        "leaks_says": _leaks_says(result),
        "leaks": _leaks(result),
        "facts": _facts(model),
    }


def _defined(result: Evaluation, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if getattr(result, name) is not None]


def _named(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " "))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _ends(interval: tuple[float, float] | None) -> list[str]:
    return ["", ""] if interval is None else [_figure(end) for end in interval]


def _summary(result: Evaluation) -> str:
    texts = result.texts
    assumed = "" if result.threshold is None else f"; probabilities assume that it is {result.prior:.4f}"
    return (
        f"{result.pairs:,} pairs, label mean {result.label_mean:.4f}{assumed}. Of {texts.texts:,} distinct texts "
        f"{texts.empty:,} are empty, {texts.unknown:,} have no known token, {texts.cut:,} were cut short. "
        f"Made by textsiam {textsiam.__version__}."
    )


def _metrics(result: Evaluation) -> Rows:
    rows = [
        [
            _named(name),
            _figure(getattr(result, name)),
            *_ends(result.intervals.get(name)),
            _figure(result.uncalibrated.get(name)),
        ]
        for name in _defined(result, METRICS)
    ]
    chance = result.ece_by_chance
    return (
        rows if chance is None else [*rows, ["ECE by chance, in 39 of 40 samples up to", _figure(chance), "", "", ""]]
    )


def _slices(result: Evaluation) -> Rows:
    return [
        [
            name,
            f"{part.pairs:,}",
            _figure(part.roc_auc) + "*" * part.one_label,
            _figure(part.accuracy),
            *_ends(part.accuracy_interval),
        ]
        for name, part in result.slices.items()
    ]


def _leaks_says(result: Evaluation) -> str:
    leaks = result.leaks
    if leaks is None:
        return "The model does not keep what it was trained on."
    return (
        f"The model was trained on {leaks.seen_texts:,} of the {leaks.texts:,} distinct texts; chains of pairs that "
        f"share texts link {leaks.linked_pairs:,} of the {result.pairs:,} pairs to these."
    )


def _leaks(result: Evaluation) -> Rows:
    unlinked = (None if result.leaks is None else result.leaks.unlinked) or {}
    return [
        [_named(name), _figure(getattr(result, name)), _figure(value)]
        for name, value in unlinked.items()
        if value is not None
    ]


def _facts(model: PairModel) -> Rows:
    own, calibration, details = model.architecture, model.calibration, model.details
    facts: dict[str, object] = {"encoder": own.encoder, "head": own.head}
    facts |= {"parameters": f"{details['parameters']:,}"} if "parameters" in details else {}
    facts |= {"made by": f"textsiam {details['textsiam']}"} if "textsiam" in details else {}
    facts |= {"calibration": calibration.method, "threshold": f"{calibration.threshold:.4f} ({calibration.policy})"}
    facts |= {} if details.get("graded") else {"share of same pairs that is assumed": f"{calibration.prior:.4f}"}
    return [[name, str(value)] for name, value in facts.items()]
