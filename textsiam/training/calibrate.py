"""Fitting a model's calibration and threshold on dev."""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import import_extra
from textsiam.model.calibration import Calibration, best_accuracy_threshold


def fit_calibration(raw: Array, labels: Array, *, graded: bool) -> Calibration:
    """Fit a logistic calibration of raw scores (n,) to labels (n,) in [0, 1], and for 0/1 labels the threshold.

    The targets are Platt's (1999): a 1 counts as (n1 + 1) / (n1 + 2) and a 0 as 1 / (n0 + 2), which keeps the slope
    finite where dev is separated without an error. A graded label y counts as y parts of a 1 and 1 - y parts of a 0.
    """
    linear_model = import_extra("sklearn.linear_model", "train", "calibration")
    raw, labels = raw.astype(np.float64), labels.astype(np.float64)
    prior = float(labels.mean())
    positives, negatives = labels.sum(), (1 - labels).sum()
    targets = labels * (positives + 1) / (positives + 2) + (1 - labels) / (negatives + 2)
    center, scale = raw.mean(), raw.std() or 1.0
    inputs = np.tile((raw - center) / scale, 2)[:, None]
    ones_and_zeros = np.repeat([1, 0], len(raw))
    fitted = linear_model.LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(
        inputs, ones_and_zeros, sample_weight=np.concatenate([targets, 1 - targets])
    )
    slope = float(fitted.coef_[0, 0] / scale)
    calibration = Calibration(slope=slope, intercept=float(fitted.intercept_[0] - slope * center), prior=prior)
    if graded:
        return calibration
    threshold = best_accuracy_threshold(calibration.probability(raw), labels)
    return Calibration(slope=slope, intercept=calibration.intercept, threshold=threshold, prior=prior)
