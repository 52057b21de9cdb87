"""From a head's raw score to a probability, and the threshold on it; both fitted on dev, then kept."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, log

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError, check_choice

LARGEST = 1e300  # of a logit: 0 times it is 0, but 0 times infinity is not a number
FALLS = "on dev, pairs with higher scores were not more often the same: do not use this model"  # where it does not rise
METHODS = ("platt", "temperature", "beta", "isotonic")
_LAST_FLOAT32 = 0x7F7FFFFF  # bits of the largest finite one


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A rising curve from raw scores to log odds, and what is called the same.

    Parameters
    ----------
    method
        "platt" (Platt 1999): log odds = slope * raw + intercept. "temperature" (Guo et al. 2017): the same without an
        intercept. "beta" (Kull et al. 2017): with z = slope * raw + intercept and s = sigmoid(z), log odds =
        a * ln(s) - b * ln(1 - s) + c, so that they may rise faster on one side. "isotonic": straight lines between
        ``knots``, level beyond them (centered isotonic regression, Oron and Flournoy 2017).
    slope, intercept
        Of all methods but isotonic, which takes the raw score itself.
    bend
        (a, b, c) of "beta".
    knots
        ((raw, log odds), ...) of "isotonic", by rising raw score.
    threshold
        Probability from which on a pair is called the same.
    policy
        How the threshold was chosen: "accuracy" (the most accurate one on dev), "precision=0.95", "recall=0.9",
        "cost=1,5" (of a false positive and a false negative), "half" (of the grades), or "given".
    dev_prior
        Share of label 1 on dev (for grades, their mean), with which the curve was fitted. None: ``prior``.
    prior
        Share of label 1 that the probabilities assume.
    dev_threshold
        The threshold that training chose, for ``dev_prior``, where ``threshold`` is another one now.
    """

    method: str = "platt"
    slope: float = 1.0
    intercept: float = 0.0
    bend: tuple[float, ...] = ()
    knots: tuple[tuple[float, float], ...] = ()
    threshold: float = 0.5
    policy: str = "accuracy"
    prior: float = 0.5
    dev_prior: float | None = None
    dev_threshold: float | None = None

    def __post_init__(self) -> None:
        check_choice("method of a calibration", self.method, METHODS)
        if self.dev_prior is None:
            object.__setattr__(self, "dev_prior", self.prior)
        if self.dev_threshold is not None:
            object.__setattr__(self, "dev_threshold", _finite("dev_threshold", self.dev_threshold))
        for name in ("slope", "intercept", "threshold", "prior", "dev_prior"):
            object.__setattr__(self, name, _finite(name, getattr(self, name)))
        # lists are what JSON has
        object.__setattr__(self, "bend", tuple(_finite("bend", number) for number in self.bend))
        knots = tuple(tuple(_finite("knots", number) for number in knot) for knot in self.knots)
        object.__setattr__(self, "knots", knots)
        self._check_shapes()

    def _check_shapes(self) -> None:
        expected = 3 if self.method == "beta" else 0
        if len(self.bend) != expected:
            raise OptionError(f"bend of a calibration has {len(self.bend)} numbers, {self.method!r} has {expected}")
        if bool(self.knots) != (self.method == "isotonic"):
            raise OptionError(f"a calibration of method {self.method!r} has {len(self.knots)} knots")
        if any(len(knot) != 2 for knot in self.knots) or any(np.diff([raw for raw, _ in self.knots]) <= 0):
            raise OptionError("knots of a calibration must be pairs (raw, log odds) by rising raw score")

    @property
    def rises(self) -> bool:
        """Tell whether higher raw scores have higher probabilities, as they must."""
        if self.knots:
            odds = [odds for _, odds in self.knots]
            return bool(odds[-1] > odds[0] and min(np.diff(odds)) >= 0)
        return bool(self.slope > 0 and (not self.bend or (max(self.bend[:2]) > 0 and min(self.bend[:2]) >= 0)))

    @property
    def shift(self) -> float:
        """How far log odds are moved from the share of same pairs on dev to the assumed one."""
        return log_odds(self.prior) - log_odds(self.dev_prior or 0.0)

    def at(self, prior: float) -> Calibration:
        """Return this calibration for another share of same pairs than dev's.

        Log odds are moved by log(prior / (1 - prior)) - log(dev_prior / (1 - dev_prior)) (Elkan 2001, "The foundations
        of cost-sensitive learning"; Saerens et al. 2002): right where same pairs look like dev's same pairs and others
        like dev's others, and only how many there are differs. Raises OptionError for a prior that is not above 0 and
        below 1, or where dev's is not.
        """
        if not 0 < (self.dev_prior or 0.0) < 1:
            raise OptionError(f"the calibration's dev_prior is {self.dev_prior:g}, from which nothing can be moved")
        return dataclasses.replace(self, prior=checked_prior(prior))

    def logit(self, raw: Array) -> Array:
        """Return float64 (n,) calibrated log odds of raw scores (n,)."""
        return CURVES[self.method](self, raw.astype(np.float64)) + self.shift

    def probability(self, raw: Array) -> Array:
        """Return float32 (n,) in [0, 1] from raw scores (n,)."""
        # so that nothing overflows, and small ones are right to their last digit
        probability: Array = np.exp(-np.logaddexp(0, -self.logit(raw))).astype(np.float32)
        return probability

    def identity(self) -> str:
        """Give what probabilities follow from, all but the threshold: 32 hexadecimal digits."""
        scoring = dataclasses.replace(self, threshold=0.5, dev_threshold=None)
        return hashlib.blake2b(repr(scoring).encode(), digest_size=16).hexdigest()

    def least_raw(self, threshold: float) -> float:
        """Return the lowest raw score in float32 whose probability reaches ``threshold``.

        Infinite if none does; minus infinity if all do, or where probabilities do not rise: then nothing can be told.
        """
        return _least_raw(self, threshold)


@lru_cache(maxsize=64)  # a search asks for the same one again and again
def _least_raw(calibration: Calibration, threshold: float) -> float:
    if not calibration.rises:
        return -np.inf
    below, reaching = -_LAST_FLOAT32 - 1, _LAST_FLOAT32 + 1
    while reaching - below > 1:
        middle = (below + reaching) // 2
        if calibration.probability(_float32_at(middle))[0] >= np.float32(threshold):
            reaching = middle
        else:
            below = middle
    if abs(reaching) < _LAST_FLOAT32:
        return float(_float32_at(reaching)[0])
    return np.inf if reaching > 0 else -np.inf


def _float32_at(place: int) -> Array:
    """Give the float32 number, (1,), in this place of all that are finite, by rising value; 0 is in place 0."""
    number: Array = np.array([abs(place)], dtype=np.uint32).view(np.float32)
    return -number if place < 0 else number


def _finite(name: str, value: object) -> float:
    """Give a number of NumPy or Python as a float, so that equal calibrations are shown alike."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating) or not isfinite(value):
        raise OptionError(f"{name} of a calibration is {value!r}, expected a number that is finite")
    return float(value)


def checked_prior(prior: float) -> float:
    """Give ``prior`` back, or raise OptionError unless it is above 0 and below 1."""
    if isinstance(prior, bool) or not isinstance(prior, int | float) or not 0 < prior < 1:
        raise OptionError(f"prior is {prior!r}, expected the share of same pairs, above 0 and below 1, such as 0.01")
    return float(prior)


def log_odds(share: float) -> float:
    """Log odds of a share; 0 for a share of 0 or 1, which has none."""
    return log(share) - log(1 - share) if 0 < share < 1 else 0.0


def _line(calibration: Calibration, raw: Array) -> Array:
    straight: Array = calibration.slope * raw + calibration.intercept
    return straight


def _bent(calibration: Calibration, raw: Array) -> Array:
    below, above, offset = calibration.bend
    log_share, log_rest = log_shares(_line(calibration, raw).clip(-LARGEST, LARGEST))
    bent: Array = below * log_share + above * log_rest + offset
    return bent


def _between_knots(calibration: Calibration, raw: Array) -> Array:
    x, y = np.array(calibration.knots).T
    lines: Array = np.interp(raw, x, y)
    return lines


CURVES: dict[str, Callable[[Calibration, Array], Array]] = {
    "platt": _line,
    "temperature": _line,
    "beta": _bent,
    "isotonic": _between_knots,
}


def log_shares(z: Array) -> tuple[Array, Array]:
    """Return ln(s) and -ln(1 - s), (n,), of s = sigmoid(z)."""
    return -np.logaddexp(0, -z), np.logaddexp(0, z)


def best_accuracy_threshold(probabilities: Array, labels: Array) -> float:
    """Find the threshold with the highest accuracy for "same if probability >= threshold".

    Candidates lie half-way between neighbouring distinct probabilities, or just above the highest, or half-way between
    0 and the lowest; of equally good ones the one nearest to 0.5 is taken. If nothing is best called the same, it may
    lie above 1. ``probabilities`` (float32 or float64) and ``labels`` (0 or 1) are (n,), n > 0. Raises OptionError if
    the lengths differ or are 0.
    """
    if len(probabilities) != len(labels) or len(labels) == 0:
        raise OptionError(
            f"got {len(probabilities)} probabilities and {len(labels)} labels, expected as many, at least 1"
        )
    order = np.argsort(-probabilities, kind="stable")
    ranked, is_same = probabilities[order], labels[order] > 0.5
    # correct[k]: the k highest are called the same, the others are not
    true_positives = np.concatenate([[0], np.cumsum(is_same)])
    true_negatives = (~is_same).sum() - np.concatenate([[0], np.cumsum(~is_same)])
    correct = true_positives + true_negatives
    possible = np.concatenate([[True], ranked[1:] != ranked[:-1], [True]])
    best = possible & (correct == correct[possible].max())
    candidates = _between(ranked)[best]
    return float(candidates[np.abs(candidates - 0.5).argmin()])


def _between(ranked: Array) -> Array:
    """Give thresholds (n + 1,) above, between and below falling probabilities (n,), in their precision.

    In their precision, so that they compare the same as arrays and as Python's floats.
    """
    lower = np.append(ranked, ranked.dtype.type(0))
    upper = np.append(np.nextafter(ranked[:1], ranked.dtype.type(2)), ranked)
    middle = lower + (upper - lower) / 2
    middle[0] = upper[0]
    # neighbours in their precision have nothing between them: the half-way point rounds, maybe down to the lower one
    return np.where(middle > lower, middle, upper)
