"""Texts and models as scikit-learn's estimators are given them, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from math import isnan
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.model.pair_model import PairModel
from textsiam.text.checks import cells_of, check_not_one_text

# cells may be anything here: what is not a text is refused with its row
_CHECKS: dict[str, Any] = {"dtype": None, "ensure_all_finite": False}


def opened_model(model: object, device: str | None) -> PairModel:
    """Give the model itself, or load its folder; OptionError for anything else, ModelFolderError as loading does."""
    if isinstance(model, PairModel):
        if device is not None:
            raise OptionError(
                f"device is {device!r}, but model is loaded already; give PairModel.load the device, or give the folder"
            )
        return model
    if isinstance(model, str | PathLike):
        return PairModel.load(Path(model), device)
    raise OptionError(f"model is {model!r:.60}, expected a PairModel or the folder of one")


def checked_table(estimator: Any, X: Any, *, reset: bool) -> Array:
    """Give X, (n, k) of any kind of cell, checked by scikit-learn, whose ValueError and TypeError speak of shapes.

    With ``reset`` the estimator takes over n_features_in_ and feature_names_in_, else they must be the same.
    """
    table: Array = validate_data(estimator, _as_array(X), reset=reset, **_CHECKS)
    return table


def checked_table_and_labels(estimator: Any, X: Any, y: Any, *, reset: bool) -> tuple[Array, Array]:
    """Give X as ``checked_table`` does, and y, (n,), one for each row; OptionError where one is missing."""
    _check_none_missing(y)
    table, labels = validate_data(estimator, _as_array(X), y, reset=reset, **_CHECKS)
    return table, labels


def _check_none_missing(y: Any) -> None:
    """Raise OptionError for a None or a pandas.NA among the classes, which cannot be sorted; NaN is scikit-learn's."""
    if isinstance(y, (str, bytes)) or not isinstance(y, Sized) or getattr(y, "shape", None) == ():
        return
    for row, label in enumerate(cells_of(y)):
        if label is None or type(label).__name__ == "NAType":
            raise OptionError(
                f"y has {label!r} in row {row:,}, expected a class; leave out rows of which none is known"
            )


def _check_ordered(X: Any) -> None:
    """Raise OptionError for a set, whose order is any, and a mapping, which would be read as its keys."""
    if isinstance(X, Mapping) and not hasattr(X, "shape"):  # as some sparse arrays have, which scikit-learn refuses
        raise OptionError(f"X is a {type(X).__name__}, expected a list or a table; make a DataFrame of it")
    if isinstance(X, set | frozenset):
        raise OptionError(f"X is a {type(X).__name__}, which has no order; make a list of it")


def _as_array(X: Any) -> Any:
    """Make an array of rows alone; what has a shape has its own kind of cells, and maybe names."""
    _check_ordered(X)
    if hasattr(X, "shape") or not isinstance(X, Iterable) or isinstance(X, (str, bytes)):
        return X
    rows = list(X)
    widths = [len(row) if isinstance(row, Sized) and not isinstance(row, (str, bytes)) else 0 for row in rows]
    for place, width in enumerate(widths):
        if width != widths[0] or not width:
            raise OptionError(f"X[{place}] is {rows[place]!r:.60}, expected rows of as many cells, (text a, text b)")
    return _of_objects(rows)


def _of_objects(rows: list[Any]) -> Array:
    """Make an array of objects: NumPy's own texts lose a final \\0, and each takes the memory of the longest."""
    return np.array(rows, dtype=object)


def text_cells(cells: Array, column: str) -> list[str]:
    """Give a column, (n,), as str; OptionError naming row, and ``column``, of the first cell that is not."""
    texts: list[Any] = cells.tolist()
    if not set(map(type, texts)) <= {str}:
        for row, text in enumerate(texts):
            if isinstance(text, str):
                continue
            shown = "NaN" if isinstance(text, float) and isnan(text) else f"{text!r:.60}"
            kind = type(text).__name__
            raise OptionError(f"X has {shown} of type {kind} in row {row:,}, column {column}, expected a text (str)")
    return texts


def column_names(estimator: Any, count: int) -> Sequence[str]:
    """Name the columns of X, by their names or else by their places from 0."""
    return [repr(name) for name in getattr(estimator, "feature_names_in_", range(count))]


class TextColumnMixin:
    """For estimators whose X is a column of texts: a list, array or Series (n,), or a table of one column, (n, 1)."""

    def _checked_texts(self, X: Any, *, reset: bool) -> list[str]:
        """Give the texts of X; raises as ``checked_table``, and OptionError for what is no text."""
        return self._texts_of(checked_table(self, _as_column(X), reset=reset))

    def _checked_texts_and_labels(self, X: Any, y: Any, *, reset: bool) -> tuple[list[str], Array]:
        """Give the texts of X and the label of each, (n,)."""
        table, labels = checked_table_and_labels(self, _as_column(X), y, reset=reset)
        return self._texts_of(table), labels

    def _texts_of(self, table: Array) -> list[str]:
        """Give the texts of a table, (n, k); OptionError where it has more than one column, or other cells."""
        names = column_names(self, table.shape[1])
        if table.shape[1] != 1:
            raise OptionError(f"X has {table.shape[1]} columns ({', '.join(names)}), expected one of texts")
        return text_cells(table[:, 0], names[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc] # BaseEstimator comes behind
        tags.input_tags.one_d_array, tags.input_tags.two_d_array, tags.input_tags.string = True, False, True
        return tags


def _as_column(X: Any) -> Any:
    """Give a column as a table of one, (n, 1), and a table as it is."""
    check_not_one_text(X, "X")
    _check_ordered(X)
    if getattr(X, "shape", None) == ():
        raise OptionError(f"X is {X!r:.60}, an array of no dimension, expected many texts; put it into a list")
    if len(getattr(X, "shape", ())) == 2 or not isinstance(X, Iterable):
        return X
    cells = _of_objects(cells_of(X))
    return cells[:, None] if cells.ndim == 1 else cells
