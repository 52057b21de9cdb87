"""The options that say how the rows of a file of texts are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.row_options import RowOptions
from textsiam.data.columns import TextColumn
from textsiam.data.row_source import RowSource
from textsiam.data.rows import open_rows
from textsiam.data.texts import is_plain_text
from textsiam.errors import OptionError

UNUSED = "\x1f"  # a delimiter that texts do not hold: a line of plain text is one cell


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """How the rows of a file of texts are read; None where nothing was said."""

    text_column: Annotated[
        str | None, Parameter(help="Column of texts, by name or number from 1; found by the usual names if not given.")
    ] = None
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
        return self._rows().skip

    def open(self, path: Path) -> RowSource:
        """Open a file; raises as ``open_rows`` does."""
        if self == TextOptions(on_error=self.on_error) and path.exists() and is_plain_text(path):
            return _open_lines(path)
        return open_rows(path, **self._rows().how(), need_label=False)

    def _rows(self) -> RowOptions:
        if self.text_column is not None and self.text_column.strip("0") == "":
            raise OptionError(
                f"text_column (--text-column) is {self.text_column!r}, expected a name, or a number from 1"
            )
        column = TextColumn(() if self.text_column is None else (self.text_column,))
        return RowOptions(
            columns=column,
            header=self.header,
            quoting=self.quoting,
            delimiter=self.delimiter,
            on_error=self.on_error,
        )


def _open_lines(path: Path) -> RowSource:
    """Open a file with one text a line as a table of one column, called text."""
    column = TextColumn((1,))
    source = open_rows(path, columns=column, header=False, quoting="none", delimiter=UNUSED, need_label=False)
    source.fieldnames, source.header, source.delimiter = ["text"], None, None
    return source
