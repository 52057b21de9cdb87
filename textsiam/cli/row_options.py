"""The options that say how a file's rows are read, shared by every command that reads one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, Token

from textsiam.cli.messages import say
from textsiam.data.columns import as_position, is_text_name
from textsiam.data.files import file_format
from textsiam.data.row_source import Row, RowSource
from textsiam.data.rows import open_rows
from textsiam.errors import check_choice

if TYPE_CHECKING:
    Columns = tuple[str | int, ...]
else:
    # For the parser it is one word, which _split takes apart. Not str: cyclopts has pydantic, where that is imported,
    # check what comes out.
    Columns = Any


def _split(kind: Any, tokens: Sequence[Token]) -> Columns:  # noqa: ARG001 - the parser gives the kind too
    return split_columns(tokens[0].value)


def split_columns(text: str) -> Columns:
    """Give the names or positions that stand in ``text`` with commas between them."""
    return tuple(name.strip() for name in text.split(","))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PairColumns:
    """Which columns of a file hold pairs; None where nothing was said."""

    columns: Annotated[
        Columns | None,
        Parameter(
            converter=_split,
            metavar="STR",
            help="Columns of text a, text b and, where labels are read, the label: names, or numbers from 1, such as "
            "5,6,4; found by the usual names if not given.",
        ),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class DialectOptions:
    """How the rows of any file are read; None where nothing was said."""

    header: Annotated[bool | None, Parameter(help="Whether the first row holds column names.")] = None
    quoting: Annotated[
        str | None,
        Parameter(help="auto, minimal (CSV rules) or none (quotes are plain characters). [default: auto]"),
    ] = None
    delimiter: Annotated[str | None, Parameter(help="What stands between two columns; \\t is a tab.")] = None
    on_error: Annotated[
        str | None, Parameter(help="raise: stop at a bad row; skip: leave bad rows out. [default: raise]")
    ] = None

    @property
    def skip(self) -> bool:
        """Whether bad rows are left out; raises OptionError for what ``on_error`` cannot be."""
        check_choice("on_error (--on-error)", self.on_error or "raise", ("raise", "skip"))
        return self.on_error == "skip"

    def dialect(self) -> dict[str, Any]:
        """Return the options of ``open_rows`` but the columns; raises OptionError for one that cannot be understood."""
        quoting = self.quoting or "auto"
        check_choice("quoting (--quoting)", quoting, ("auto", "minimal", "none"))
        delimiter = None if self.delimiter is None else self.delimiter.replace("\\t", "\t")
        return {"header": self.header, "quoting": quoting, "delimiter": delimiter}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RowOptions(DialectOptions, PairColumns):  # of dataclasses the last base's fields come first
    """How the rows of files of pairs are read; None where nothing was said."""

    def how(self) -> dict[str, Any]:
        """Return the options of ``open_rows``; raises OptionError for one that cannot be understood."""
        return {"columns": self.columns, **self.dialect()}

    def tell_header(self, path: Path, *, labels: Mapping[str, float] | None = None, need_label: bool = True) -> None:
        """Open ``path`` if only its first row tells whether it is a header, and say what was taken for granted."""
        if self.columns is not None and self.header is None and file_format(path) == "delimited":
            self.tell_header_of(open_rows(path, **self.how(), labels=labels, need_label=need_label))

    def tell_header_of(self, source: RowSource) -> None:
        """Say on stderr for what the first row of ``source`` was taken, if its cells leave that open."""
        if source.header is None or self.header is not None or self.columns is None:
            return
        places = [as_position(column) for column in self.columns]
        if None in places:
            return
        if source.header and not any(map(is_text_name, source.fieldnames)):
            names = ", ".join(source.fieldnames)
            say(f"{source.file}: the first row is taken for column names ({names:.80}); if it is a pair: --no-header")
        elif not source.header and not _has_cell(source, places[2:]):
            say(f"{source.file}: the first row is taken for a pair; if it holds column names: --header")


def _has_cell(source: RowSource, places: Sequence[int | None]) -> bool:
    """Tell whether the first row has something in the label's column, which then was seen to be a label."""
    first = next(iter(source), None)
    return isinstance(first, Row) and any(first.cells[place].strip() for place in places if place is not None)
