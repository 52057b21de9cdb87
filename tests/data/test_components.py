from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textsiam
from textsiam.data.components import question_components
from textsiam.data.pairs import Pairs
from textsiam.errors import OptionError

# some are the same text once normalised
TEXTS = st.sampled_from(
    ["a", "A", " a ", "b", "B\t", "c", "\uff43", "d", "e", "f", "\u00e9", "e\u0301", "\u00c9", "", " "]
)
SAME = {"A": "a", " a ": "a", "B\t": "b", "\uff43": "c", "e\u0301": "\u00e9", "\u00c9": "\u00e9", " ": ""}


def by_breadth_first_search(rows: list[tuple[str, str]]) -> list[int]:
    keys = [{SAME.get(text, text) for text in row} for row in rows]
    components = [-1] * len(rows)
    for start in range(len(rows)):
        if components[start] >= 0:
            continue
        queue, number = [start], max(components) + 1
        components[start] = number
        while queue:
            row = queue.pop(0)
            for other in range(len(rows)):
                if components[other] < 0 and keys[row] & keys[other]:
                    components[other] = number
                    queue.append(other)
    return components


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=12))
def test_components_equal_a_search_over_all_pairs(rows: list[tuple[str, str]]) -> None:
    found = question_components(rows)
    assert found.dtype == np.int64
    assert found.tolist() == by_breadth_first_search(rows)


def test_pairs_and_selected_pairs() -> None:
    pairs = Pairs.from_rows([("a", "b", 1), ("x", "y", 0), ("b", "c", 0), ("z", "Y", 0)])
    assert question_components(pairs).tolist() == [0, 1, 0, 1]
    assert question_components(pairs[1:]).tolist() == [0, 1, 0]


def test_a_chain_of_many_pairs_is_one_component() -> None:
    rows = [(f"t{i}", f"t{i + 1}") for i in range(50_000)]
    order = np.random.default_rng(0).permutation(len(rows))
    assert question_components([rows[i] for i in order]).max() == 0


@pytest.mark.parametrize("wrong", ["pairs.csv", 5, None])
def test_what_holds_no_rows_is_refused(wrong: object) -> None:
    with pytest.raises(OptionError, match=r"pairs is .*read them first with textsiam\.read_pairs"):
        question_components(wrong)  # type: ignore[arg-type]  # what untyped callers pass


@pytest.mark.parametrize("row", ["ab", ("a",), {"text_a": "a", "text_b": "b"}, 5])
def test_what_is_no_row_is_named(row: object) -> None:
    with pytest.raises(OptionError, match=r"row 2 is .*expected text a and text b"):
        question_components([("a", "b"), row])  # type: ignore[list-item]  # what untyped callers pass


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_table_is_not_read_by_its_columns(kind: Callable[[object], Any]) -> None:
    table = kind({"text_a": ["a", "b"], "text_b": ["c", "d"], "label": [1, 0]})
    with pytest.raises(OptionError, match=r"pairs is a (DataFrame|Table), expected pairs; read them first"):
        question_components(table)
    assert question_components(textsiam.read_pairs(table)).tolist() == [0, 1]
