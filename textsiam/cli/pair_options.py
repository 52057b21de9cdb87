"""The options that say how a pair file is to be read, shared by the commands that read one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from textsiam.errors import OptionError

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PairOptions:
    """How pair files are read; found out from the file where not given."""

    columns: Annotated[
        str | None,
        Parameter(help="Columns of text a, text b and label, as names or numbers from 1, such as 5,6,4."),
    ] = None
    header: Annotated[bool | None, Parameter(help="Whether the first row holds column names.")] = None
    quoting: Annotated[str, Parameter(help="auto, minimal (CSV rules) or none (quotes are plain characters).")] = "auto"
    delimiter: Annotated[str | None, Parameter(help="What stands between two columns; \\t is a tab.")] = None
    labels: Annotated[str | None, Parameter(help="What label words mean, such as PARAPHRASE=1,NEUTRAL=0.")] = None
    label_range: Annotated[
        str | None, Parameter(help="Lowest and highest grade, such as 0,5, where labels are grades.")
    ] = None
    on_error: Annotated[str, Parameter(help="raise: stop at a bad row; skip: count and list bad rows.")] = "raise"

    def reading(self) -> dict[str, Any]:
        """Return the options of ``open_rows``; raises OptionError for one that cannot be understood."""
        delimiter = None if self.delimiter is None else self.delimiter.replace("\\t", "\t")
        columns = None if self.columns is None else [name.strip() for name in self.columns.split(",")]
        return {
            "columns": columns,
            "header": self.header,
            "quoting": self.quoting,
            "delimiter": delimiter,
            "labels": self._label_words(),
        }

    def read(self, path: Path, *, keep: tuple[str, ...] = ()) -> Pairs:
        """Read the pair file ``path`` with these options; bad rows that were skipped are listed on stderr."""
        from textsiam.cli.messages import tell_report
        from textsiam.data.read import read_pairs

        pairs = read_pairs(
            path,
            **self.reading(),
            label_range=self._range(),
            on_error=self.on_error,
            keep=keep,
            show_progress=True,
        )
        tell_report(path, pairs.report)
        return pairs

    def _label_words(self) -> Mapping[str, float] | None:
        if self.labels is None:
            return None
        words: dict[str, float] = {}
        for part in self.labels.split(","):
            word, _, value = part.rpartition("=")
            if word.strip() in words:
                raise OptionError(f"--labels says twice what {word.strip()!r} means")
            words[word.strip()] = _number("--labels", value, part)
        return words

    def _range(self) -> tuple[float, float] | None:
        if self.label_range is None:
            return None
        low, _, high = self.label_range.partition(",")
        return _number("--label-range", low, self.label_range), _number("--label-range", high, self.label_range)


def _number(option: str, text: str, whole: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        example = "WORD=NUMBER,..." if option == "--labels" else "LOW,HIGH"
        raise OptionError(f"{option} is {whole!r}, expected {example}")
    return number
