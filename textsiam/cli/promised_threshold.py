"""The threshold at which dev promises a precision, for texts that are not pairs of a file."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.messages import say
from textsiam.errors import OptionError
from textsiam.model.pair_model import PairModel

Precision = Annotated[
    float | None,
    Parameter(
        help="The threshold at which dev promises this precision, for dev's share of same pairs, which in a list is "
        "far lower."
    ),
]


def check_one(threshold: float | None, precision: float | None) -> None:
    """Raise OptionError where both a threshold and a precision are given."""
    if threshold is not None and precision is not None:
        raise OptionError("--threshold and --precision cannot go together; give one")


def promised_threshold(model: PairModel, precision: float) -> float:
    """Choose the threshold for a precision, and say what the promise is worth in a list."""
    if model.decisions is None:
        raise OptionError("--precision needs what dev pairs show, which this model does not keep; give --threshold")
    threshold = model.threshold_for(precision=precision)
    say(
        f"threshold {threshold:.4f}: its precision was promised where {model.calibration.prior:.0%} of the pairs are "
        "the same; in a list far fewer are, and more of what is found is wrong"
    )
    return threshold
