"""Which columns of a table hold the two texts and the label: found by name, or given by name or position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

from textsiam.errors import DataError, OptionError, no_column

# Names are compared without case and without anything but letters and digits: "Question_1" is "question1".
TEXT_NAMES = (
    ("texta", "textb"),
    ("text1", "text2"),
    ("question1", "question2"),
    ("questiona", "questionb"),
    ("sentence1", "sentence2"),
    ("sentencea", "sentenceb"),
    ("q1", "q2"),
    ("s1", "s2"),
    ("sent1", "sent2"),
    ("query1", "query2"),
    ("title1", "title2"),
    ("phrase1", "phrase2"),
    ("1string", "2string"),  # "#1 String" and "#2 String" of the MSR paraphrase corpus
    ("premise", "hypothesis"),
)
LABEL_NAMES = frozenset(
    {
        "label",
        "labels",
        "goldlabel",
        "isduplicate",
        "duplicate",
        "isparaphrase",
        "paraphrase",
        "same",
        "issame",
        "quality",
        "score",
        "goldscore",
        "similarity",
        "similarityscore",
        "relatedness",
        "relatednessscore",
    }
)
_KNOWN_TEXT_NAMES = frozenset(name for both in TEXT_NAMES for name in both)


# of tables with one text in a row
SINGLE_NAMES = frozenset({"text", "question", "sentence", "title", "query", "content", "body", "message"})
KEY_NAMES = ("key", "id")  # of columns that tell rows apart, the surest first


class TextColumn(tuple[str | int, ...]):
    """In place of columns a, b and label: one column of texts, named or by position from 1; empty: found by its name.

    Text a and text b of ``Places`` are both this one. ``option`` names it on the command line.
    """

    option = "--text-column"


class AgainstColumn(TextColumn):
    """The same of a second file of texts."""

    option = "--against-column"


class Places(NamedTuple):
    """Positions, from 0, of text a, text b and the label (None: the table has no label column)."""

    a: int
    b: int
    label: int | None


def find_columns(
    fieldnames: Sequence[str],
    columns: Sequence[str | int] | None,
    need_label: bool,
    *,
    file: str | Path | None = None,
) -> Places:
    """Find text a, text b and the label among the ``fieldnames`` of a table.

    ``columns`` names them in that order, by name or by position from 1 (a number, or a string of digits); the label
    may be left out where it is not needed, and is None in what is returned then, given or not: no row has to have it.
    With ``columns`` None they are found by the usual names, and must be unambiguous.
    Raises DataError listing the columns that there are, OptionError where ``columns`` itself cannot be.
    """
    if columns is None:
        return _find_by_usual_names(fieldnames, need_label, file)
    if isinstance(columns, TextColumn):
        place = _find_given(fieldnames, columns[0], file) if columns else _find_single(fieldnames, columns.option, file)
        return Places(place, place, None)
    check_columns(columns, need_label)
    found = [_find_given(fieldnames, column, file) for column in columns]
    if len(set(found)) < len(found):
        raise OptionError(f"columns (--columns) names a column twice: {', '.join(map(str, columns))}")
    return Places(found[0], found[1], found[2] if need_label else None)


def check_columns(columns: Sequence[str | int], need_label: bool) -> None:
    """Raise OptionError unless ``columns`` has three names or positions, or two where no label is needed."""
    listed = isinstance(columns, Sequence) and not isinstance(columns, str)
    if not listed or len(columns) not in ((3,) if need_label else (2, 3)) or not all(map(_is_column, columns)):
        wanted = "three columns (text a, text b, label)" if need_label else "text a, text b and, if any, the label"
        raise OptionError(
            f"columns is {columns!r}, expected {wanted}, each a name or a position from 1 ({_flag(need_label)})"
        )


def _is_column(value: object) -> bool:
    return isinstance(value, str | Integral) and not isinstance(value, bool)


def check_distinct(fieldnames: Sequence[str], file: str | Path | None = None) -> None:
    """Raise DataError if two columns of a table whose rows are read by name have one name."""
    twice = [name for name, count in Counter(fieldnames).items() if count > 1]
    if twice:
        raise DataError(f"more than one column is called {twice[0]!r}; rename or remove all but one", file=file)


def as_position(column: str | int, option: str = "columns (--columns)") -> int | None:
    """Give the position, from 0, that what an ``option`` says stands for, or None if it is a name."""
    if isinstance(column, str):
        if not (column.isascii() and column.isdigit()):
            return None
        column = int(column)
    if column < 1:
        raise OptionError(f"{option} has the position {column}, but positions count from 1")
    return column - 1


def is_text_name(name: str) -> bool:
    """Tell whether a header cell is one of the usual names of a text column."""
    return _fold(name) in _KNOWN_TEXT_NAMES


def is_single_name(name: str) -> bool:
    """Tell whether a header cell is one of the usual names of a column of texts, in a table of pairs or not."""
    return is_text_name(name) or _fold(name) in SINGLE_NAMES


def find_name(fieldnames: Sequence[str], name: str, file: str | Path | None = None) -> int:
    """Give the position, from 0, of a column by its exact name, or else by its name without case and punctuation."""
    matches = [i for i, field in enumerate(fieldnames) if field == name]
    matches = matches or [i for i, field in enumerate(fieldnames) if _fold(field) == _fold(name) != ""]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise DataError(
            f"{len(matches)} columns are called {name!r}; {_listing(fieldnames)}; give a position", file=file
        )
    raise DataError(f"{no_column(name, fieldnames)}; {_listing(fieldnames)}", file=file)


def find_key(fieldnames: Sequence[str], column: str | None, option: str, file: str | Path | None = None) -> int:
    """Give the position, from 0, of the column of keys: ``column`` (a name, or a position from 1), or key, or id."""
    if column is not None:
        return _find_given(fieldnames, column, file, option)
    for name in KEY_NAMES:
        found = [place for place, field in enumerate(fieldnames) if _fold(field) == name]
        if len(found) == 1:
            return found[0]
    raise DataError(
        f"no one column of keys is known by its name ({' or '.join(KEY_NAMES)}); {_listing(fieldnames)}; "
        "give it (--key-column NAME)",
        file=file,
    )


def _find_given(
    fieldnames: Sequence[str], column: str | int, file: str | Path | None, option: str = "columns (--columns)"
) -> int:
    position = as_position(column, option)
    if position is None:
        return find_name(fieldnames, str(column), file)
    if position >= len(fieldnames):
        raise DataError(f"there is no column {column}; {_listing(fieldnames)}", file=file)
    return position


def _find_by_usual_names(fieldnames: Sequence[str], need_label: bool, file: str | Path | None) -> Places:
    places: dict[str, list[int]] = {}
    for position, field in enumerate(fieldnames):
        places.setdefault(_fold(field), []).append(position)
    texts = [(i, j) for a, b in TEXT_NAMES for i in places.get(a, ()) for j in places.get(b, ())]
    labels = [position for name in places if name in LABEL_NAMES for position in places[name]]
    how = f"give columns ({_flag(need_label)}), by name, or by position from 1 if these are not names"
    for what, found in (("pair of text columns", texts), ("label column", labels if need_label else [0])):
        if len(found) != 1:
            count = "no" if not found else "more than one"
            raise DataError(f"{count} {what} is known by its name; {_listing(fieldnames)}; {how}", file=file)
    return Places(*texts[0], labels[0] if need_label else None)


def _find_single(fieldnames: Sequence[str], option: str, file: str | Path | None) -> int:
    found = [place for place, name in enumerate(fieldnames) if len(fieldnames) == 1 or _fold(name) in SINGLE_NAMES]
    if len(found) != 1:
        count = "no" if not found else "more than one"
        raise DataError(
            f"{count} column of texts is known by its name; {_listing(fieldnames)}; give it ({option} NAME)",
            file=file,
        )
    return found[0]


def _flag(need_label: bool) -> str:
    """Give the option by which the command line names the columns."""
    return "--columns A,B,LABEL" if need_label else "--columns A,B"


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _listing(fieldnames: Sequence[str]) -> str:
    shown = ", ".join(name[:40] if name else "''" for name in fieldnames[:30])
    more = f" and {len(fieldnames) - 30} more" if len(fieldnames) > 30 else ""
    return f"the columns are: {shown}{more}"
