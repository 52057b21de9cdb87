"""What dev promises of each threshold, and the choice of one for a precision, a recall or costs; kept in the folder.

For probability thresholds there are cuts of the raw score: how many dev pairs lie above each, how many of them are the
same, and lower bounds of precision and recall that hold, with 95 % confidence, for all cuts together. So a cut may be
chosen by them, and the promise still holds.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import ceil, exp, isfinite
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from textsiam.errors import OptionError
from textsiam.model.calibration import Calibration, log_odds

CONFIDENCE = 0.95
TRAINED = {"accuracy": "highest accuracy on dev", "half": "half of the grades"}  # policies of training
ASSUMED = "The probabilities assume that the share of same pairs"  # as a model card says


class Cut(NamedTuple):
    """The ``called`` dev pairs of raw score ``raw`` or more, of which ``right`` are the same; lower bounds."""

    raw: float
    called: int
    right: int
    precision_low: float
    recall_low: float


class Decision(NamedTuple):
    """A threshold, the policy by which it was chosen, and what dev shows of it (None: nothing, as for costs).

    The threshold is one of probabilities that assume ``prior``. ``precision`` and ``recall`` are those of the dev
    pairs, had they this share of same ones; ``precision_low`` and ``recall_low`` are the lower bounds.
    """

    threshold: float
    policy: str
    prior: float
    precision: float | None = None
    precision_low: float | None = None
    recall: float | None = None
    recall_low: float | None = None


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """The cuts of ``pairs`` dev pairs, of which ``same`` are the same, by falling raw score."""

    pairs: int
    same: int
    cuts: tuple[Cut, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "cuts", tuple(Cut(*cut) for cut in self.cuts))
        numbers = [self.pairs, self.same, *(number for cut in self.cuts for number in cut)]
        if not all(isinstance(number, int | float) and isfinite(number) for number in numbers):
            raise OptionError("decisions hold what is no finite number")

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values that ``Decisions(**values)`` takes."""
        return {"pairs": self.pairs, "same": self.same, "cuts": [list(cut) for cut in self.cuts]}

    def seen(self, calibration: Calibration) -> list[Decision]:
        """Give the threshold of each cut, and what dev shows of it with the share of same pairs that is assumed.

        Same pairs that are so many times rarer, against the others, make the odds of precision so many times lower. Of
        cuts whose thresholds float32 does not part, near 1 or 0, only the last is there, which calls most.
        """
        moved = calibration.shift
        thresholds = calibration.probability(np.array([cut.raw for cut in self.cuts])).tolist()
        return [
            Decision(
                threshold=threshold,
                policy="given",
                prior=calibration.prior,
                precision=_moved(cut.right / cut.called, moved),
                precision_low=_moved(cut.precision_low, moved),
                recall=cut.right / self.same,
                recall_low=cut.recall_low,
            )
            for cut, threshold, following in zip(self.cuts, thresholds, [*thresholds[1:], None], strict=True)
            if threshold != following
        ]


def decide(
    calibration: Calibration,
    decisions: Decisions | None,
    *,
    precision: float | None = None,
    recall: float | None = None,
    cost: tuple[float, float] | None = None,
) -> Decision:
    """Choose a threshold by one of ``precision``, ``recall`` and ``cost``.

    ``precision``: the lowest threshold, and so the highest recall, at which the lower bound of precision reaches it.
    ``recall``: the highest threshold at which the lower bound of recall reaches it. ``cost`` (of a false positive, of
    a false negative): the probability from which on calling a pair the same costs less than not to, fp / (fp + fn)
    (Elkan 2001); it relies on the calibration, not on the cuts. All are for the share of same pairs that the
    probabilities assume. Raises OptionError unless one of the three is given and in range, or where dev does not
    support it.
    """
    goals = {"precision": precision, "recall": recall, "cost": cost}
    given = [name for name, value in goals.items() if value is not None]
    if len(given) != 1:
        raise OptionError(f"give one of precision, recall and cost, got {' and '.join(given) or 'none'}")
    if cost is not None:
        return _by_cost(cost, calibration.prior)
    name, target = given[0], _checked_share(given[0], recall if precision is None else precision)
    if decisions is None:
        raise OptionError(
            f"a {name} needs what dev pairs show, which this model does not keep: it learned grades, it was imported "
            "without dev pairs, its scores do not rise with the labels, or an earlier version made it; give cost, or "
            "train or import it again"
        )
    seen = decisions.seen(calibration)
    reaching = [one for one in seen if getattr(one, f"{name}_low") >= target]
    if not reaching:
        raise OptionError(_not_promised(name, target, seen, decisions, calibration.shift))
    chosen = reaching[-1] if name == "precision" else reaching[0]
    return chosen._replace(policy=f"{name}={target:g}")


def chosen_by_training(calibration: Calibration, *, graded: bool) -> Decision:
    """Give the decision that a model came with: the most accurate threshold on dev, or half of the grades.

    Raises OptionError where an earlier version of textsiam has replaced it.
    """
    threshold = _trained_threshold(calibration)
    if threshold is None or calibration.dev_prior is None:
        raise OptionError("what training chose was replaced by an earlier textsiam; give a value, or train again")
    return Decision(threshold, "half" if graded else "accuracy", calibration.dev_prior)


def _trained_threshold(calibration: Calibration) -> float | None:
    if calibration.dev_threshold is None and calibration.policy in TRAINED and calibration.shift == 0:
        return calibration.threshold
    return calibration.dev_threshold


def checked_threshold(threshold: float, option: str = "threshold") -> float:
    """Give a threshold in float32, or raise OptionError, naming it ``option``, unless it is a number from 0 to 1."""
    if isinstance(threshold, bool) or not isinstance(threshold, Real) or not 0 <= float(threshold) <= 1:
        raise OptionError(f"{option} is {threshold!r}, expected a probability from 0 to 1")
    return in_float32(float(threshold))


def in_float32(threshold: float) -> float:
    """Round to float32, as probabilities are: else arrays of them and single ones would compare differently."""
    return float(np.float32(threshold))


def adopted(decision: Decision, calibration: Calibration, card: str) -> tuple[Calibration, str]:
    """Give a calibration and a model card with a decision in place of the earlier one."""
    own = dataclasses.replace(
        calibration,
        threshold=in_float32(decision.threshold),
        policy=decision.policy,
        prior=decision.prior,
        dev_threshold=None if decision.policy in TRAINED else _trained_threshold(calibration),
    )
    return own, _noted(card, decision, calibration.dev_prior or 0.0)


def _noted(card: str, decision: Decision, dev_prior: float) -> str:
    shown = [TRAINED.get(decision.policy, decision.policy)]
    for name in ("precision", "recall"):
        low = getattr(decision, f"{name}_low")
        shown += [] if low is None else [f"{name} at least {low:.4f} with {CONFIDENCE:.0%} confidence"]
    replaced = {
        "| threshold |": f"| threshold | {decision.threshold:.4f} ({', '.join(shown)}) |",
        ASSUMED: f"{ASSUMED} is that of dev, {dev_prior:.3f}."
        if decision.prior == dev_prior
        else f"{ASSUMED} is {decision.prior:g}; on dev it was {dev_prior:.3f}.",
    }
    lines = card.split("\n")
    for start, line in replaced.items():
        lines = [line + _second_sentence(found) if found.startswith(start) else found for found in lines]
    return "\n".join(lines)


def _second_sentence(line: str) -> str:
    """Give what an earlier version wrote behind the first sentence of a line."""
    _, stop, rest = line.partition(". ")
    return f" {rest}" if stop and not line.startswith("|") else ""


def _moved(share: float, by: float) -> float:
    """Move the log odds of a share; 0 and 1 stay."""
    if by == 0 or not 0 < share < 1:
        return share
    return 1 / (1 + exp(-(log_odds(share) + by)))


def _checked_share(name: str, share: float | None) -> float:
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise OptionError(f"{name} is {share!r}, expected a share above 0 and below 1, such as 0.95")
    return float(share)


def _by_cost(cost: tuple[float, float], prior: float) -> Decision:
    try:
        false_positive, false_negative = (float(one) for one in cost)
        fits = all(isfinite(one) and one > 0 for one in (false_positive, false_negative))
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise OptionError(
            f"cost is {cost!r}, expected two numbers above 0, what a false positive and a false negative cost"
        )
    threshold = in_float32(false_positive / (false_positive + false_negative))
    return Decision(threshold, f"cost={false_positive:g},{false_negative:g}", prior)


def _not_promised(name: str, target: float, seen: list[Decision], decisions: Decisions, moved: float) -> str:
    """Say what dev shows at most, and how many pairs would show the target: those of ``decisions`` and others alike."""
    most = max(getattr(one, f"{name}_low") for one in seen)
    on_dev = _moved(target, -moved) if name == "precision" else target
    wanted = []
    for cut in decisions.cuts:
        of_precision = (cut.right / cut.called, cut.precision_low)
        share, low = of_precision if name == "precision" else (cut.right / decisions.same, cut.recall_low)
        if share > on_dev:
            wanted.append(_needed(share, low, on_dev, decisions.pairs))
    advice = (
        f"about {min(wanted):,} dev pairs like these would show it"
        if wanted
        else f"on dev itself no threshold had more than {max(getattr(one, name) for one in seen):.4f}: "
        "more dev pairs alone would not help"
    )
    return (
        f"{name} {target:g} cannot be promised: with {CONFIDENCE:.0%} confidence, the {decisions.pairs:,} dev pairs "
        f"({decisions.same:,} the same) show at most {most:.4f}; {advice}"
    )


def _needed(share: float, low: float, target: float, pairs: int) -> int:
    """Give how many pairs would show ``target``: what is unsure of a share falls with the root of their number.

    Of a share of 1, in which none was wrong, it falls with their number itself.
    """
    factor = (share - low) / (share - target)
    return ceil(pairs * (factor if share == 1 else factor**2))
