"""Which losses there are, what each goes with, and how a sum of them is written: "bce+in_batch:0.5"."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from textsiam.errors import OptionError, check_choice

AUTO = "auto"


class LossRule(NamedTuple):
    """What a loss goes with.

    ``graded``: it can learn from labels between 0 and 1, too. ``margin``: the margins that it can take (None: it has
    none). ``temperature``: it has one. ``positive_weight``: it can weigh pairs of label 1 against those of label 0.
    ``known_same``: it must know which texts are the same over other pairs.
    """

    graded: bool = False
    margin: tuple[float, float] | None = None
    temperature: bool = False
    positive_weight: bool = False
    known_same: bool = False


_TRIPLET = LossRule(margin=(1e-6, 2.0), known_same=True)
LOSS_RULES = {
    "bce": LossRule(graded=True, positive_weight=True),
    "contrastive": LossRule(graded=True, margin=(1e-6, 100.0), positive_weight=True),
    "cosent": LossRule(graded=True, temperature=True),
    "cosine_embedding": LossRule(graded=True, margin=(-1.0, 1.0), positive_weight=True),
    "in_batch": LossRule(temperature=True, known_same=True),
    "online_contrastive": LossRule(margin=(1e-6, 100.0), positive_weight=True),
    "squared_error": LossRule(graded=True),
    "triplet_all": _TRIPLET,
    "triplet_hard": _TRIPLET,
    "triplet_semi_hard": _TRIPLET,
}
# The losses that train each head; the first is what "auto" takes for 0/1 labels. Those of the cosine head can be added
# to any other head's: they then take the cosine of the two vectors.
HEAD_LOSSES = {
    "alignment": ("bce", "squared_error"),
    "cosine": (
        *("contrastive", "cosine_embedding", "squared_error", "online_contrastive", "cosent"),
        *("in_batch", "triplet_all", "triplet_hard", "triplet_semi_hard"),
    ),
    "dot": ("bce", "squared_error"),
    "euclidean": ("contrastive", "online_contrastive"),
    "manhattan": ("bce", "squared_error"),
    "mlp": ("bce", "squared_error"),
    "squared_euclidean": ("bce", "squared_error"),
}


class WeightedLoss(NamedTuple):
    """One loss of a sum, and the weight that it has there."""

    name: str
    weight: float = 1.0


def parse_losses(text: str) -> tuple[WeightedLoss, ...]:
    """Read losses joined by "+", each perhaps with a weight above 0 behind a colon.

    Raises OptionError for a name that is no loss's, one that comes twice, and a weight that is none.
    """
    losses = tuple(_parse_term(term.strip(), text) for term in text.split("+"))
    _check_different(losses, text)
    return losses


def _parse_term(term: str, text: str) -> WeightedLoss:
    name, colon, weight = (part.strip() for part in term.partition(":"))
    if not name:
        raise OptionError(f"loss {text!r} lacks a name; expected losses joined by +, as in bce+in_batch:0.5")
    where = "loss" if term == text.strip() and not colon else f"a loss of {text!r}"
    check_choice(where, name, (AUTO, *LOSS_RULES))
    if not colon:
        return WeightedLoss(name)
    try:
        value = float(weight)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise OptionError(f"the weight of {name} in loss {text!r} is {weight!r}, expected a number above 0")
    return WeightedLoss(name, value)


def _check_different(losses: Iterable[WeightedLoss], text: str) -> None:
    names = [loss.name for loss in losses]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise OptionError(f"loss {text!r} has {twice} twice; give it once, with a weight behind a colon if need be")


def resolve_losses(text: str, head: str, *, graded: bool) -> tuple[WeightedLoss, ...]:
    """Read losses as ``parse_losses`` does and name what "auto" stands for.

    Raises OptionError also where none of them trains the head, one goes neither with it nor with a cosine, or one
    cannot learn from these labels.
    """
    losses = tuple(loss._replace(name=_named(loss.name, head, graded=graded)) for loss in parse_losses(text))
    _check_different(losses, text)
    _check_head(losses, head)
    for loss in losses:
        if graded and not LOSS_RULES[loss.name].graded:
            able = ", ".join(name for name in HEAD_LOSSES[head] if LOSS_RULES[name].graded)
            raise OptionError(
                f"loss {loss.name!r} needs labels that are 0 or 1, but these are graded; head {head!r} learns grades "
                f"by one of {able}"
            )
    return losses


def _named(name: str, head: str, *, graded: bool) -> str:
    if name != AUTO:
        return name
    if not graded:
        return HEAD_LOSSES[head][0]
    if "squared_error" not in HEAD_LOSSES[head]:
        able = ", ".join(repr(other) for other, losses in HEAD_LOSSES.items() if "squared_error" in losses)
        raise OptionError(f"head {head!r} has no loss for graded labels; choose one of the heads {able}")
    return "squared_error"


def _check_head(losses: Iterable[WeightedLoss], head: str) -> None:
    own = HEAD_LOSSES[head]
    strangers = [loss.name for loss in losses if loss.name not in own]
    expected = f"expected one of {', '.join(own)}"
    for name in strangers:
        if name not in HEAD_LOSSES["cosine"]:
            raise OptionError(f"loss {name!r} does not go with head {head!r}, {expected}")
    if len(strangers) == len(tuple(losses)):
        added = f"; it can be added to that, as in {own[0]}+{strangers[0]}"
        raise OptionError(f"loss {strangers[0]!r} does not go with head {head!r}, {expected}{added}")


def learns_probability(name: str, head: str) -> bool:
    """Tell whether a loss takes the probabilities of a head, and not its cosines or distances."""
    return "bce" in HEAD_LOSSES[head] and name in HEAD_LOSSES[head]


def spelled(losses: Iterable[WeightedLoss]) -> str:
    """Write losses as ``parse_losses`` reads them."""
    return "+".join(loss.name if loss.weight == 1 else f"{loss.name}:{loss.weight:g}" for loss in losses)
