"""The options that say which pairs of texts are looked for, and what is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.number_types import WholeNumber
from textsiam.cli.promised_threshold import Precision, check_one, promised_threshold
from textsiam.errors import OptionError
from textsiam.index.duplicates import check_grouping
from textsiam.index.found import check_search
from textsiam.model.pair_model import PairModel


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """Which pairs are looked for."""

    threshold: Annotated[
        float | None,
        Parameter(help="Probability from which on two texts are the same. [default: that of the model]"),
    ] = None
    precision: Precision = None
    neighbours: Annotated[
        WholeNumber,
        Parameter(
            help="Near texts that each one is scored with, where the model's head lets no search find all pairs "
            "exactly."
        ),
    ] = 100
    approximate: Annotated[
        bool | None,
        Parameter(
            help="Whether each text is scored with its nearest by a graph, so that less is found (needs the extra ann; "
            "not for heads dot, euclidean, manhattan, squared_euclidean). [default: above 220,000 texts, for the head "
            "cosine above 2 million, if the extra is installed]"
        ),
    ] = None
    resume: Annotated[
        bool,
        Parameter(
            negative=(),
            help="Go on with a search that was stopped, by Ctrl-C or a kill; the files and the options must be the "
            "same.",
        ),
    ] = False

    def check(self) -> None:
        """Raise OptionError for options that are out of range."""
        check_one(self.threshold, self.precision)
        check_search(self.threshold, self.neighbours, approximate=self.approximate)

    def threshold_of(self, model: PairModel) -> float | None:
        """Give the threshold; that for a precision is said, with what the promise is worth in a list."""
        return self.threshold if self.precision is None else promised_threshold(model, self.precision)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class GroupOptions:
    """What is made of the pairs of one file, or that they are looked for between two."""

    linkage: Annotated[
        str | None,
        Parameter(
            help="connected: chains of pairs make a group; complete: every two texts of a group are a pair. "
            "[default: connected]"
        ),
    ] = None
    keep: Annotated[
        str | None,
        Parameter(help="The row of a group that is kept: first, longest or shortest. [default: first]"),
    ] = None
    against: Annotated[
        Path | None,
        Parameter(
            help="Second file of texts: find for each of TEXTS what says the same there, in place of groups; OUT then "
            "has the row of the best match (from 1, without bad and blank rows), its text and its probability."
        ),
    ] = None
    against_column: Annotated[
        str | None,
        Parameter(help="Its column of texts, by name or number from 1; found by the usual names if not given."),
    ] = None

    against_key: Annotated[
        str | None,
        Parameter(help="Its column of keys, by name or number from 1, which OUT then has in place of the row."),
    ] = None

    def check(self) -> None:
        """Raise OptionError for options that are unknown, or cannot go together."""
        if self.against is None:
            for option, given in (("--against-column", self.against_column), ("--against-key", self.against_key)):
                if given is not None:
                    raise OptionError(f"{option} names a column of the file --against, which is missing; give both")
            check_grouping(*self.rules())
            return
        for option, given in (("--linkage", self.linkage), ("--keep", self.keep)):
            if given is not None:
                raise OptionError(f"{option} is for groups, which are not made with --against; leave it out")

    def rules(self) -> tuple[str, str]:
        """Give the linkage and the row to keep."""
        return self.linkage or "connected", self.keep or "first"
