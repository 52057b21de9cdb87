"""The options that say what is the same in an index; it keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.promised_threshold import Precision, check_one, promised_threshold
from textsiam.model.pair_model import PairModel


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class IndexSettings:
    """What is the same from now on; None where nothing was said."""

    threshold: Annotated[
        float | None,
        Parameter(
            help="Probability from which on texts are the same; kept in the index. [default: at first that of the "
            "model]"
        ),
    ] = None
    precision: Precision = None
    linkage: Annotated[
        str | None,
        Parameter(
            help="connected: chains of pairs make a group; complete: every two texts of a group are a pair; kept in "
            "the index. [default: at first connected]"
        ),
    ] = None

    def check(self) -> None:
        """Raise OptionError for options that cannot go together."""
        check_one(self.threshold, self.precision)

    def threshold_of(self, model: PairModel) -> float | None:
        """Give the threshold, if one is to be set; that for a precision is said."""
        return self.threshold if self.precision is None else promised_threshold(model, self.precision)
