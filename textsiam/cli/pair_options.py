"""The options that say what labels mean, and the reading of labelled pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from textsiam.cli.messages import tell_report
from textsiam.cli.row_options import RowOptions
from textsiam.errors import OptionError

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """What labels mean; None where nothing was said."""

    labels: Annotated[str | None, Parameter(help="What label words mean, such as PARAPHRASE=1,NEUTRAL=0.")] = None
    label_range: Annotated[
        str | None,
        Parameter(
            help="Lowest and highest grade, such as 0,5, where labels are grades; below 0 with =, as in "
            "--label-range=-1,1."
        ),
    ] = None

    def words(self) -> Mapping[str, float] | None:
        """Return the ``labels`` of ``read_pairs``; raises OptionError where they cannot be understood."""
        if self.labels is None:
            return None
        words: dict[str, float] = {}
        for part in self.labels.split(","):
            word, _, value = part.rpartition("=")
            if word.strip() in words:
                raise OptionError(f"labels (--labels) says twice what {word.strip()!r} means")
            words[word.strip()] = _number("labels (--labels)", value, part, "WORD=NUMBER,...")
        return words

    def range(self) -> tuple[float, float] | None:
        """Return the ``label_range`` of ``read_pairs``; raises OptionError where it cannot be understood."""
        if self.label_range is None:
            return None
        low, _, high = self.label_range.partition(",")
        name, expected = "label_range (--label-range)", "LOW,HIGH"
        return _number(name, low, self.label_range, expected), _number(name, high, self.label_range, expected)


def read_labelled(path: Path, rows: RowOptions, labels: LabelOptions, *, keep: tuple[str, ...] = ()) -> Pairs:
    """Read a file of labelled pairs; what was taken for granted and bad rows that were left out are told on stderr."""
    from textsiam.data.read import read_pairs

    rows.tell_header(path, labels=labels.words())
    pairs = read_pairs(
        path,
        **rows.how(),
        labels=labels.words(),
        label_range=labels.range(),
        on_error="skip" if rows.skip else "raise",
        keep=keep,
        show_progress=True,
    )
    tell_report(path, pairs.report)
    return pairs


def _number(option: str, text: str, whole: str, expected: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise OptionError(f"{option} is {whole!r}, expected {expected}")
    return number
