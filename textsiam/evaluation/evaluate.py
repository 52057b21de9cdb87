"""textsiam.evaluate: what a model is worth on pairs that it has not seen, at the threshold that dev chose."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.data.components import question_components
from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.errors import DataError, OptionError, check_integer, check_model
from textsiam.evaluation.evaluation import Evaluation
from textsiam.evaluation.intervals import ece_interval, enough_components, percentile_interval, resampled
from textsiam.evaluation.leaks import find_leaks
from textsiam.evaluation.metrics import (
    binary_metrics,
    check_both_classes,
    ece_by_chance,
    graded_metrics,
)
from textsiam.evaluation.resampled import BinaryMetrics, GradedMetrics
from textsiam.evaluation.slices import kinds_of_column, kinds_of_texts, make_slices
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel

# what stands for a probability in a head's raw score, where it is not a logit
_SHARES: dict[str, Callable[[Array], Array]] = {
    "cosine": lambda raw: (1 + raw) / 2,
    "euclidean": np.exp,  # of a distance's negative
    "manhattan": np.exp,  # of a logarithm
}


def evaluate(
    model: PairModel,
    pairs: Any,
    *,
    by: str | None = None,
    slices: bool = False,
    draws: int = 1000,
    seed: int = 0,
    show_progress: bool = False,
) -> Evaluation:
    """Score ``pairs`` (Pairs, or what ``read_pairs`` takes) and compute the metrics, with 95 % intervals.

    ``by`` names a further column of the pairs whose values make slices, and ``slices`` makes them by traits of the
    texts: length, words in both, numbers, negation (of English) and unknown tokens. The threshold is the model's,
    fitted on dev; one that learned grades has none, and judges 0/1 labels at half of the grades. ``draws`` is how often
    the bootstrap draws, by ``seed``; 0 makes no intervals, which take a minute for 100,000 pairs, nor do fewer than 5
    components of the pairs.
    Raises DataError for pairs that cannot be read, a column that is not there, or 0/1 labels of which one is missing;
    OptionError for what is no PairModel, or draws below 0.
    """
    check_model(model, pair_model=True)
    check_integer("draws", draws, least=0)
    if not isinstance(slices, bool):
        raise OptionError(f"slices is {slices!r}, expected True or False; by takes a column")
    if not isinstance(pairs, Pairs):
        pairs = read_pairs(pairs, keep=() if by is None else (by,))
    _check_pairs(pairs, sliced=slices or by is not None)
    kinds = [] if by is None else [*kinds_of_column(by, pairs.extra(by))]
    scores = model.score_details(zip(pairs.text_a, pairs.text_b, strict=True), show_progress=show_progress)
    probabilities, labels, threshold = scores.probabilities, pairs.labels, model.calibration.threshold
    kinds += [*kinds_of_texts(pairs, model.tokenizer)] if slices else []
    found = _graded(probabilities, labels) if pairs.graded else _binary(model, scores.raw, probabilities, labels)
    components, judged = question_components(pairs), (pairs, probabilities, threshold)
    result = Evaluation(
        pairs=len(pairs),
        label_mean=float(labels.mean()),
        prior=model.calibration.prior,
        texts=scores.texts,
        leaks=None if model.seen_texts is None else find_leaks(model.seen_texts, *judged, components),
        slices=make_slices(kinds, *judged, components, draws, seed) if kinds else {},
        probabilities=probabilities,
        labels=labels,
        **found,
    )
    if not draws or not enough_components(components):
        return result
    metrics = metrics_of_draws(result, graded=pairs.graded)
    of_draws = resampled(components, metrics, draws=draws, seed=seed)
    return dataclasses.replace(result, intervals=_intervals(of_draws, result))


def metrics_of_draws(result: Evaluation, *, graded: bool) -> BinaryMetrics | GradedMetrics:
    """Give what computes the metrics of an evaluation for draws of its pairs."""
    if graded:
        return GradedMetrics(result.probabilities, result.labels)
    assert result.threshold is not None
    return BinaryMetrics(result.probabilities, result.labels, result.threshold)


def _graded(probabilities: Array, labels: Array) -> dict[str, Any]:
    return dict(graded_metrics(probabilities, labels))


def _binary(model: PairModel, raw: Array, probabilities: Array, labels: Array) -> dict[str, Any]:
    threshold = model.calibration.threshold
    share = _SHARES.get(model.architecture.head, Calibration().probability)
    before = BinaryMetrics(share(raw), labels, threshold)(np.ones((1, len(labels))))
    return {
        "threshold": threshold,
        **binary_metrics(probabilities, labels, threshold),
        "ece_by_chance": ece_by_chance(probabilities),
        "uncalibrated": {name: float(before[name][0]) for name in ("ece", "brier", "log_loss")},
    }


def _intervals(of_draws: dict[str, Array], result: Evaluation) -> dict[str, tuple[float, float]]:
    """Give the interval of each metric that is defined, and that some draw defines."""
    intervals = {}
    for name, values in of_draws.items():
        interval = percentile_interval(values)
        if interval is not None and getattr(result, name) is not None:
            intervals[name] = interval
    if result.ece is not None and result.ece_by_chance is not None:
        intervals["ece"] = ece_interval(of_draws["ece"], result.ece, result.ece_by_chance)
    return intervals


def _check_pairs(pairs: Pairs, *, sliced: bool) -> None:
    """Raise DataError before anything is scored where the metrics or slices cannot be made."""
    if not pairs.graded:
        check_both_classes(pairs.labels > 0.5)
    elif sliced:
        raise DataError(
            "slices are made of pairs with 0/1 labels, these labels are graded; leave out by (--by) and slices"
        )
