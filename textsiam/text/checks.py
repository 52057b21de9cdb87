"""Texts that are given: many, each a str; and what SentencePiece can take, a str without lone surrogates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textsiam.errors import OptionError


def check_text(text: object, position: int) -> None:
    """Raise OptionError that names the position unless ``text`` is a str."""
    if not isinstance(text, str):
        raise OptionError(f"texts[{position}] is {text!r:.60} of type {type(text).__name__}, expected str")


def check_not_one_text(texts: object, name: str = "texts") -> None:
    """Raise OptionError where one text stands in the place of many, which would be read letter by letter."""
    if isinstance(texts, (str, bytes)):
        raise OptionError(f"{name} is one {type(texts).__name__}, expected many str; put it into a list")


def check_no_table(texts: object, name: str = "texts") -> None:
    """Raise OptionError for a table in the place of texts: a pandas DataFrame would be read as its columns' names."""
    if hasattr(texts, "columns") or hasattr(texts, "column_names"):
        raise OptionError(f"{name} is a table ({type(texts).__name__}), expected many str; give one of its columns")


def checked_texts(texts: Iterable[str], name: str = "texts") -> list[str]:
    """Give the texts as a list; OptionError names the position of the first thing that is not a str."""
    if isinstance(texts, str):
        raise OptionError(f"{name} is one text, expected a list of texts")
    check_no_table(texts, name)
    given = cells_of(texts)
    if not set(map(type, given)) <= {str}:
        for position, text in enumerate(given):
            if not isinstance(text, str):
                raise OptionError(f"{name}[{position}] is {text!r:.80}, expected a str")
    return given


def cells_of(column: Any) -> list[Any]:
    """Give the cells of a column of any kind as Python's objects."""
    for method in ("to_pylist", "to_list", "tolist"):  # pyarrow, polars and pandas, NumPy
        if hasattr(column, method):
            return list(getattr(column, method)())
    return list(column)


def without_surrogates(text: str) -> str:
    """Give the text with '?' for each lone surrogate, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
