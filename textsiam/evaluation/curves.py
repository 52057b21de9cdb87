"""Points of the ROC curve and of the precision-recall curve; equal probabilities make one point."""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import import_extra
from textsiam.evaluation.metrics import check_both_classes


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
