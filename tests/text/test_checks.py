from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textsiam.errors import OptionError
from textsiam.text.checks import (
    cells_of,
    check_no_table,
    check_not_one_text,
    check_text,
    checked_texts,
    without_surrogates,
)


def test_a_str_passes_and_the_rest_is_named() -> None:
    check_text("", 0)
    with pytest.raises(OptionError, match=r"texts\[7\] is nan of type float, expected str"):
        check_text(float("nan"), 7)
    with pytest.raises(OptionError) as caught:
        check_text(["long"] * 1000, 0)
    assert len(str(caught.value)) < 130


def test_one_text_in_the_place_of_many() -> None:
    check_not_one_text(["a"])
    check_not_one_text(iter("abc"))
    with pytest.raises(OptionError, match="texts is one str"):
        check_not_one_text("abc")
    with pytest.raises(OptionError, match=r"^X is one bytes, "):
        check_not_one_text(b"abc", "X")


@pytest.mark.parametrize("check", [check_no_table, checked_texts])
@pytest.mark.parametrize("table", [pd.DataFrame({"question": ["red"]}), pl.DataFrame({"question": ["red"]})], ids=type)
def test_a_table_is_not_read_as_the_names_of_its_columns(check: Callable[..., object], table: Any) -> None:
    with pytest.raises(OptionError, match=r"^texts is a table \(DataFrame\), expected many str; give one of"):
        check(table)
    check(table["question"])


def test_cells_are_pythons_own() -> None:
    assert [type(cell) for cell in cells_of(np.array([1, 2]))] == [int, int]
    for column in (
        np.array(["a", "b"]),
        pd.Series(["a", "b"]),
        pl.Series(["a", "b"]),
        pa.array(["a", "b"]),
        iter("ab"),
    ):
        assert cells_of(column) == ["a", "b"]
    assert [type(cell) for cell in cells_of(np.array(["a", "b"]))] == [str, str]
    assert checked_texts(pa.chunked_array([["a"], ["b"]])) == ["a", "b"]


def test_tables_of_arrow_are_tables() -> None:
    with pytest.raises(OptionError, match=r"^texts is a table \(Table\), expected many str; give one of its columns"):
        checked_texts(pa.table({"question": ["red"]}))


@given(st.text(st.characters(codec=None)))
def test_only_surrogates_change(text: str) -> None:
    by_hand = "".join("?" if 0xD800 <= ord(character) <= 0xDFFF else character for character in text)
    assert without_surrogates(text) == by_hand
