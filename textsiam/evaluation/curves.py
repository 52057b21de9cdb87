"""Points of the curves that an evaluation is drawn with; equal probabilities make one point."""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import import_extra
from textsiam.evaluation.metrics import ECE_BINS, check_both_classes, equal_mass_bins


def roc_points(probabilities: Array, labels: Array) -> dict[str, Array]:
    """Return ``false_positive_rate``, ``true_positive_rate`` and ``threshold``, each float64 (k,).

    From (0, 0) to (1, 1); points on a straight line between their neighbours are left out. The first threshold is
    infinite: nothing is called the same. Raises DataError unless both labels occur.
    """
    roc_curve = import_extra("sklearn.metrics", "train", "evaluation").roc_curve

    check_both_classes(labels > 0.5)
    false_rate, true_rate, thresholds = roc_curve(labels > 0.5, probabilities)
    return {
        "false_positive_rate": np.asarray(false_rate),
        "true_positive_rate": np.asarray(true_rate),
        "threshold": np.asarray(thresholds, dtype=np.float64),
    }


def precision_recall_points(probabilities: Array, labels: Array) -> dict[str, Array]:
    """Return ``precision``, ``recall`` and ``threshold``, float64 (k,), by rising threshold; one point a probability.

    Raises DataError unless both labels occur.
    """
    precision_recall_curve = import_extra("sklearn.metrics", "train", "evaluation").precision_recall_curve

    check_both_classes(labels > 0.5)
    precision, recall, thresholds = precision_recall_curve(labels > 0.5, probabilities)
    # scikit-learn appends the point (1, 0), at which no threshold lies
    return {
        "precision": np.asarray(precision[:-1]),
        "recall": np.asarray(recall[:-1]),
        "threshold": np.asarray(thresholds, dtype=np.float64),
    }


def reliability_points(probabilities: Array, labels: Array, bins: int = ECE_BINS) -> dict[str, Array]:
    """Return the mean ``probability``, the share that is ``same`` and the ``pairs`` of each bin of the ECE, (k,) each.

    By rising probability; k is at most ``bins``, for equal probabilities share one.
    """
    _, place, pairs = np.unique(equal_mass_bins(probabilities, bins), return_inverse=True, return_counts=True)
    means = [np.bincount(place, weights=values) / pairs for values in (probabilities.astype(np.float64), labels > 0.5)]
    return {"probability": means[0], "same": means[1], "pairs": pairs}


def threshold_points(
    probabilities: Array, labels: Array, thresholds: Array, cost: tuple[float, float]
) -> dict[str, Array]:
    """Return ``precision``, ``recall`` and ``cost`` of a pair at each of the ``thresholds`` (k,), float64 (k,) each.

    ``cost``: what a false positive and a false negative cost. Precision is nan where nothing is called the same.
    """
    order = np.argsort(probabilities, kind="stable")
    # of the k lowest, which are called different: how many are the same
    missed = np.append(0, np.cumsum(labels[order] > 0.5))
    lower = np.searchsorted(probabilities[order].astype(np.float64), thresholds)
    called, right, same = len(order) - lower, missed[-1] - missed[lower], missed[-1]
    return {
        "precision": np.divide(right, called, out=np.full(len(called), np.nan), where=called > 0),
        "recall": right / same,
        "cost": (cost[0] * (called - right) + cost[1] * (same - right)) / len(order),
    }
