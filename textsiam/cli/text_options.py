"""The options that say how the rows of a file of texts are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.row_options import DialectOptions
from textsiam.data.columns import AgainstColumn, TextColumn
from textsiam.data.files import file_format
from textsiam.data.row_source import RowSource
from textsiam.data.rows import open_rows
from textsiam.data.texts import is_plain_text
from textsiam.errors import OptionError

UNUSED = "\x1f"  # a delimiter that texts do not hold: a line of plain text is one cell


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TextOptions(DialectOptions):
    """How the rows of a file of texts are read; None where nothing was said."""

    text_column: Annotated[
        str | None, Parameter(help="Column of texts, by name or number from 1; found by the usual names if not given.")
    ] = None

    def open(self, path: Path) -> RowSource:
        """Open a file; raises as ``open_rows`` does."""
        if self == TextOptions(on_error=self.on_error) and path.exists() and is_plain_text(path):
            return open_lines(path)
        return open_rows(path, columns=_column(TextColumn, self.text_column), **self.dialect(), need_label=False)

    def open_against(self, path: Path, column: str | None) -> RowSource:
        """Open a second file, whose column of texts is ``column``; how tables are read goes for tables alone."""
        if column is None and path.exists() and is_plain_text(path):
            return open_lines(path)
        how = self.dialect() if file_format(path) == "delimited" else {}
        return open_rows(path, columns=_column(AgainstColumn, column), **how, need_label=False)


def _column(kind: type[TextColumn], given: str | None) -> TextColumn:
    if given is not None and given.strip("0") == "":
        name = kind.option.removeprefix("--").replace("-", "_")
        raise OptionError(f"{name} ({kind.option}) is {given!r}, expected a name, or a number from 1")
    return kind(() if given is None else (given,))


def open_lines(path: Path) -> RowSource:
    """Open a file with one text a line as a table of one column, called text."""
    column = TextColumn((1,))
    source = open_rows(path, columns=column, header=False, quoting="none", delimiter=UNUSED, need_label=False)
    source.fieldnames, source.header, source.delimiter = ["text"], None, None
    return source
