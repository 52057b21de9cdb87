from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from textsiam.data.row_source import Row
from textsiam.data.tables import MemorySource
from textsiam.errors import DataError


def only_row(record: dict[str, object]) -> Row | DataError:
    """Read one mapping as a row."""
    (row,) = MemorySource([record], columns=("text_a", "text_b", "label"), need_label=True)
    return row


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (1, "1"),
        (True, "true"),
        (False, "false"),
        (0.1, "0.1"),
        (np.int64(3), "3"),
        (np.bool_(True), "true"),
        (np.float64(2.5), "2.5"),
        (Decimal("4.750"), "4.750"),
        ("yes", "yes"),
    ],
)
def test_label_of_any_kind_becomes_a_cell(value: object, cell: str) -> None:
    record = {"text_a": "a", "text_b": "b", "label": value, "more": None, "list": [1, "\u00e9"]}
    assert only_row(record) == Row(1, ["a", "b", cell, "", '[1, "\u00e9"]'], record)


@pytest.mark.parametrize(
    ("record", "column", "message"),
    [
        ({"text_a": None, "text_b": "b", "label": 1}, "text_a", "is missing"),
        ({"text_a": float("nan"), "text_b": "b", "label": 1}, "text_a", "NaN"),
        ({"text_a": "a", "text_b": 7, "label": 1}, "text_b", "is int 7, expected a text"),
        ({"text_a": "a", "text_b": ["b"], "label": 1}, "text_b", "a list"),
        ({"text_a": "a", "text_b": {"b": 1}, "label": 1}, "text_b", "an object"),
        ({"text_a": "a\0", "text_b": "b", "label": 1}, "text_a", "NUL"),
        ({"text_a": "a", "text_b": "\ud800", "label": 1}, "text_b", "surrogate"),
        ({"text_a": "a", "text_b": "b", "label": None}, "label", "is missing"),
        ({"text_a": "a", "text_b": "b", "label": [1]}, "label", "expected a label"),
    ],
)
def test_values_that_cannot_be_are_named(record: dict[str, object], column: str, message: str) -> None:
    problem = only_row(record)
    assert isinstance(problem, DataError)
    assert (problem.line, problem.column) == (1, column)
    assert message in str(problem)
