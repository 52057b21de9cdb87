"""Fitting a model's calibration and threshold on dev: of all methods, the one with the least log loss is taken."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.data.components import question_components
from textsiam.data.pairs import Pairs
from textsiam.errors import import_extra
from textsiam.model.calibration import Calibration, best_accuracy_threshold, log_shares
from textsiam.model.pair_model import PairModel
from textsiam.training.decisions import fit_decisions

FOLDS = 10
LEAST_PAIRS = {"temperature": 100, "beta": 100, "isotonic": 1000}  # with fewer, a method learns the noise
MOST_KNOTS = 200

Fit = Callable[[Array, Array], "Calibration | None"]


def calibrate(model: PairModel, raw: Array, dev: Pairs) -> None:
    """Give a model its calibration, and for 0/1 labels its decisions, by the raw scores (n,) that it gives ``dev``."""
    components = question_components(dev)
    model.calibration = fit_calibration(raw, dev.labels, components, graded=dev.graded)
    model.decisions = None if dev.graded else fit_decisions(model.calibration, raw, dev.labels, components)


def fit_calibration(raw: Array, labels: Array, components: Array, *, graded: bool) -> Calibration:
    """Fit a calibration of raw scores (n,) to labels (n,) in [0, 1], and for 0/1 labels the most accurate threshold.

    The method is the one with the least mean log loss on pairs that it was not fitted on: in each of 10 folds, which
    hold whole ``components`` (int (n,)). Methods with more freedom need more pairs: isotonic 1,000, beta and
    temperature 100. The targets are Platt's (1999): a 1 counts as (n1 + 1) / (n1 + 2) and a 0 as 1 / (n0 + 2), which
    keeps all curves finite where dev is separated without an error. A graded label y counts as y parts of a 1 and
    1 - y parts of a 0.
    """
    raw, labels = raw.astype(np.float64), labels.astype(np.float64)
    losses = held_out_losses(raw, labels, components)
    best_first = [FITS[method](raw, labels) for method in sorted(losses, key=lambda method: losses[method])]
    fitted = next(one for one in best_first if one is not None)  # Platt's is always there
    calibration = dataclasses.replace(fitted, prior=float(labels.mean()), dev_prior=float(labels.mean()))
    if graded:
        return dataclasses.replace(calibration, policy="half")
    threshold = best_accuracy_threshold(calibration.probability(raw), labels)
    return dataclasses.replace(calibration, threshold=threshold)


def held_out_losses(raw: Array, labels: Array, components: Array) -> dict[str, float]:
    """Give each method that can be fitted its mean log loss on the folds held out; 0 for Platt's where it is alone."""
    rivals = [method for method in FITS if len(raw) >= LEAST_PAIRS.get(method, 0)]
    numbers = np.unique(components, return_inverse=True)[1]
    if len(rivals) == 1 or np.ptp(raw) == 0 or numbers.max() == 0:
        return {"platt": 0.0}
    fold = np.random.default_rng(0).permutation(numbers.max() + 1)[numbers] % FOLDS
    losses = dict.fromkeys(rivals, 0.0)
    for number in np.unique(fold):
        inside = fold == number
        for method in list(losses):
            fitted = FITS[method](raw[~inside], labels[~inside])
            if fitted is None:
                del losses[method]
            else:
                losses[method] += _log_loss(fitted.logit(raw[inside]), labels[inside])
    return {method: loss / len(raw) for method, loss in losses.items()}


def _log_loss(logits: Array, labels: Array) -> float:
    return float((np.logaddexp(0, logits) - labels * logits).sum())


def _platt(raw: Array, labels: Array) -> Calibration:
    center, scale = raw.mean(), raw.std() or 1.0
    (slope,), intercept = _logistic(((raw - center) / scale)[:, None], labels)
    return Calibration(slope=slope / scale, intercept=float(intercept - slope / scale * center))


def _temperature(raw: Array, labels: Array) -> Calibration | None:
    scale = float(np.sqrt(np.mean(raw**2)))
    if scale == 0:
        return None
    (slope,), _ = _logistic(raw[:, None] / scale, labels, fit_intercept=False)
    return Calibration(method="temperature", slope=slope / scale) if slope > 0 else None


def _beta(raw: Array, labels: Array) -> Calibration | None:
    line = _platt(raw, labels)
    if line.slope <= 0:
        return None
    shares = np.stack(log_shares(line.logit(raw)), axis=1)
    slopes, offset = _logistic(shares, labels)
    if min(slopes) < 0:  # the curve would fall there: level instead (Kull et al. 2017)
        rising = int(np.argmax(slopes))
        (slope,), offset = _logistic(shares[:, [rising]], labels)
        slopes = [slope if place == rising else 0.0 for place in (0, 1)]
    bend = (*slopes, offset)
    return Calibration(method="beta", slope=line.slope, intercept=line.intercept, bend=bend)


def _isotonic(raw: Array, labels: Array) -> Calibration | None:
    """Fit shares that never fall, and put a knot at the middle of each run of equal ones."""
    isotonic = import_extra("sklearn.isotonic", "train", "calibration").IsotonicRegression
    shares = isotonic().fit_transform(raw, _targets(labels))
    # equal means of neighbouring runs can differ in their last bits
    _, run, sizes = np.unique(shares.round(12), return_inverse=True, return_counts=True)
    middle, share = (np.bincount(run, weights=values) / sizes for values in (raw, shares))
    if len(sizes) < 2:
        return None
    kept = np.unique(np.linspace(0, len(sizes) - 1, MOST_KNOTS).round().astype(int))
    odds = np.log(share[kept]) - np.log1p(-share[kept])
    knots = tuple(zip(middle[kept].tolist(), odds.tolist(), strict=True))
    return Calibration(method="isotonic", knots=knots)


FITS: dict[str, Fit] = {"platt": _platt, "temperature": _temperature, "beta": _beta, "isotonic": _isotonic}


def _targets(labels: Array) -> Array:
    same, other = labels.sum(), (1 - labels).sum()
    targets: Array = labels * (same + 1) / (same + 2) + (1 - labels) / (other + 2)
    return targets


def _logistic(inputs: Array, labels: Array, **options: Any) -> tuple[list[float], float]:
    """Fit a logistic regression of Platt's targets on inputs (n, k); gives k slopes and the intercept."""
    model = import_extra("sklearn.linear_model", "train", "calibration").LogisticRegression
    targets = _targets(labels)
    fitted = model(C=np.inf, tol=1e-8, max_iter=1000, **options).fit(
        np.concatenate([inputs, inputs]),
        np.repeat([1, 0], len(inputs)),
        sample_weight=np.concatenate([targets, 1 - targets]),
    )
    return fitted.coef_[0].tolist(), float(np.ravel(fitted.intercept_)[0])
