"""``textsiam threshold``: what dev promises of a model's thresholds, and the choice of one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.messages import say
from textsiam.cli.scoring_model import tell_doubt
from textsiam.errors import OptionError
from textsiam.model.calibration import Calibration
from textsiam.model.decisions import CONFIDENCE, Decision, checked_threshold, chosen_by_training, decide
from textsiam.model.folder import check_no_file
from textsiam.model.policy import Policy, read_policy


def threshold(
    model: Path,
    /,
    *,
    precision: float | None = None,
    recall: float | None = None,
    cost: str | None = None,
    value: float | None = None,
    trained: Annotated[bool, Parameter(negative=())] = False,
    prior: float | None = None,
    set_it: Annotated[bool, Parameter(name="--set", negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """Show what dev promises of a model's thresholds, or choose one.

    Parameters
    ----------
    model
        Model folder.
    precision
        The lowest threshold at which this share of the pairs called the same are right, with 95 % confidence.
    recall
        The highest threshold at which this share of the same pairs are called so, with 95 % confidence.
    cost
        What a false positive and a false negative cost, such as 5,1: the threshold that costs least, if the
        probabilities are right; dev has no other part in it.
    value
        This very threshold, from 0 to 1 (grades count as scaled to it).
    trained
        The threshold that training chose, for dev's share of same pairs.
    prior
        Share of same pairs where the model will be used, such as 0.01, if it differs from dev's.
    set_it
        Make it the model's own: score and evaluate then use it, and probabilities assume the prior.
    as_json
        Print JSON instead of a table.
    """
    check_no_file(model)
    policy = in_use = read_policy(model)
    tell_doubt(model, policy)
    if policy.graded and (precision, recall, cost, prior) != (None, None, None, None):
        raise OptionError(f"{model} learned grades, of which no share is the same; only --value sets its threshold")
    if prior is not None:
        policy = _moved(policy, prior, trained=trained)
    goals = {"precision": precision, "recall": recall, "cost": cost, "value": value, "trained": trained or None}
    given = [f"--{name}" for name, goal in goals.items() if goal is not None]
    if len(given) > 1:
        raise OptionError(f"{' and '.join(given)} cannot go together; give one")
    if not given:
        if set_it:
            raise OptionError(f"--set needs one of --{', --'.join(goals)}")
        print(_all_as_json(policy, in_use.calibration) if as_json else _all(policy, in_use.calibration))
        return
    decision = _chosen(policy, precision, recall, cost, value)
    if set_it:
        in_use.replace(decision)
        before = f"{in_use.calibration.threshold:.4f} ({in_use.calibration.policy})"
        say(f"{model}: threshold {decision.threshold:.4f} ({decision.policy}), before {before}")
    print(json.dumps(decision._asdict()) if as_json else _described(decision, policy))


def _moved(policy: Policy, prior: float, *, trained: bool) -> Policy:
    if trained:
        raise OptionError("--trained goes back to dev's prior; leave out --prior")
    return dataclasses.replace(policy, calibration=policy.calibration.at(prior))


def _chosen(
    policy: Policy, precision: float | None, recall: float | None, cost: str | None, value: float | None
) -> Decision:
    """Choose by the one that is given; of none, what training chose."""
    if value is not None:
        return Decision(checked_threshold(value, "value (--value)"), "given", policy.calibration.prior)
    if (precision, recall, cost) == (None, None, None):
        return chosen_by_training(policy.calibration, graded=policy.graded)
    costs = None if cost is None else _costs(cost)
    return decide(policy.calibration, policy.decisions, precision=precision, recall=recall, cost=costs)


def _costs(text: str) -> tuple[float, float]:
    try:
        false_positive, false_negative = map(float, text.split(","))
    except ValueError as error:
        raise OptionError(
            f"cost (--cost) is {text!r}, expected FP,FN: what a false positive and a false negative cost, such as 5,1"
        ) from error
    return false_positive, false_negative


def _described(decision: Decision, policy: Policy) -> str:
    """Lay out a decision; of one that dev was not asked for, what dev shows of the nearest threshold."""
    calibration = dataclasses.replace(policy.calibration, prior=decision.prior)
    seen = _seen(dataclasses.replace(policy, calibration=calibration))
    lines = [f"{'threshold':<20}{decision.threshold:>10.4f}", f"{'prior':<20}{decision.prior:>10.4f}"]
    if decision.precision is None and seen and not seen[0].threshold <= decision.threshold <= seen[-1].threshold:
        lines.append(f"dev tells nothing of it, only of {seen[0].threshold:.4f} to {seen[-1].threshold:.4f}")
    elif decision.precision is None and seen:
        decision = min(seen, key=lambda one: abs(one.threshold - decision.threshold))
        lines.append(f"{'dev shows of':<20}{decision.threshold:>10.4f}   the nearest one that it tells of")
    for name in ("precision", "recall"):
        share, low = getattr(decision, name), getattr(decision, f"{name}_low")
        if share is not None:
            lines.append(f"{name:<20}{share:>10.4f}   at least {low:.4f} with {CONFIDENCE:.0%} confidence")
    return "\n".join(lines)


def _seen(policy: Policy) -> list[Decision]:
    """Give what dev shows, by rising threshold."""
    return [] if policy.decisions is None else policy.decisions.seen(policy.calibration)[::-1]


def _all(policy: Policy, in_use: Calibration) -> str:
    if policy.graded:
        return f"in use: {in_use.threshold:.4f} of the range of grades ({in_use.policy})"
    lines = [f"in use: {in_use.threshold:.4f} ({in_use.policy}), prior {in_use.prior:.4f}"]
    if policy.decisions is not None:
        lines += [
            f"on {policy.decisions.pairs:,} dev pairs, for prior {policy.calibration.prior:.4f}; bounds hold together, "
            + f"with {CONFIDENCE:.0%} confidence",
            "",
            f"{'threshold':>10}{'precision':>12}{'at least':>10}{'recall':>10}{'at least':>10}",
        ]
    for one in _seen(policy):
        lines.append(
            f"{one.threshold:>10.4f}{one.precision:>12.4f}{one.precision_low:>10.4f}{one.recall:>10.4f}{one.recall_low:>10.4f}"
        )
    return "\n".join(lines)


def _all_as_json(policy: Policy, in_use: Calibration) -> str:
    used = {name: getattr(in_use, name) for name in ("threshold", "policy", "prior", "dev_prior")}
    return json.dumps({**used, "thresholds": [one._asdict() for one in _seen(policy)]}, indent=2)
