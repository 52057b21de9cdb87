"""Columns of texts, as tables of many kinds have them, turned into pairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textsiam.errors import DataError, OptionError, no_column
from textsiam.text.checks import cells_of


def pairs_of_columns(batch: Any, text_a: str, text_b: str) -> list[tuple[str, str]]:
    """Give (text a, text b) of each row of ``batch``, which has columns of these names.

    ``batch`` is a mapping of columns (lists or arrays of str), such as ``datasets`` hands to ``map(batched=True)``, a
    ``datasets.Dataset``, a pandas or polars DataFrame or a pyarrow Table. Raises DataError naming the columns that are
    there where one is missing, and column and row (from 0) of the first thing that is not a str; OptionError for
    anything that has no columns, or reads them only when asked to, and for a name that is not a str: a column that is
    called by a number, as in a pandas DataFrame made of rows, has it spelled, such as "0".
    """
    for name, option in ((text_a, "text_a"), (text_b, "text_b")):
        if not isinstance(name, str):
            raise OptionError(
                f"{option} is {name!r:.60}, expected the name of a column as a str, such as '{name!s:.20}'"
            )
    names = _names(batch)
    columns = [_texts(batch, text_a, "text_a", names, text_b), _texts(batch, text_b, "text_b", names, text_a)]
    if len(columns[0]) != len(columns[1]):
        raise DataError(
            f"columns {text_a!r} and {text_b!r} have {len(columns[0]):,} and {len(columns[1]):,} rows, expected as many"
        )
    return list(zip(*columns, strict=True))


def _names(batch: Any) -> list[Any]:
    """Give the names of the columns of a table, of whichever kind, as they are: those of pandas may be numbers."""
    if type(batch).__name__ == "LazyFrame":
        raise OptionError("batch is a LazyFrame, whose rows are not read yet; give batch.collect()")
    for kind in ("column_names", "columns", "keys"):  # datasets and pyarrow, pandas and polars, mappings
        names = getattr(batch, kind, None)
        if names is not None and hasattr(batch, "__getitem__"):
            return list(names() if callable(names) else names)
    shown = " ".join(repr(batch).split())
    raise OptionError(
        f"batch is {shown:.60} of type {type(batch).__name__}, expected columns: a mapping of names to texts, such "
        "as dataset.map(..., batched=True) gives, or a data frame; score_pairs takes rows"
    )


def _texts(batch: Any, name: str, option: str, names: list[Any], taken: str) -> list[str]:
    """Give the texts of a column; ``taken`` is the name of the other one, which is not meant."""
    found = [real for real in names if str(real) == name]
    if not found:
        listed = list(map(str, names))
        raise DataError(
            f"{no_column(name, [other for other in listed if other != taken])}; the columns are: "
            f"{', '.join(listed) or 'none'}; name the one that holds the texts with {option}=..."
        )
    if len(found) > 1:
        raise DataError(f"more than one column is called {name!r}; rename or remove all but one")
    column = batch[found[0]]
    if isinstance(column, (str, bytes)) or not isinstance(column, Iterable):
        raise OptionError(
            f"column {name!r} is {column!r:.60}, expected many texts; datasets gives them with map(..., batched=True)"
        )
    texts = cells_of(column)
    if not set(map(type, texts)) <= {str}:
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise DataError(
                    f"column {name!r} has {text!r:.60} in row {row:,} (of this batch, from 0), expected a text (str)"
                )
    return texts
