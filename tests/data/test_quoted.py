from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.data.quoted import MAX_ROW, QuoteError, parse_quoted

CELLS = st.lists(st.text(alphabet=st.sampled_from('ab",\t\n\r \u00e9'), max_size=8), min_size=1, max_size=4)


def parse(text: str, delimiter: str = ",") -> list[str]:
    lines = iter(text.splitlines(keepends=True) if "\r" not in text else io.StringIO(text, newline="\n"))
    return parse_quoted(next(lines), lambda: next(lines, None), delimiter)


@settings(deadline=None)
@given(CELLS, st.sampled_from([",", "\t"]), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_what_the_csv_writer_writes_comes_back(cells: list[str], delimiter: str, quoting: int) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=quoting).writerow(cells)  # type: ignore[arg-type]  # a plain int
    assert parse(file.getvalue(), delimiter) == cells


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('a "b" c,d\n', ['a "b" c', "d"]),
        ('5" pipe,6"" pipe\n', ['5" pipe', '6"" pipe']),
        ('"a","b"', ["a", "b"]),
        ('"","",\r\n', ["", "", ""]),
        ('"a\n"\r\n', ["a\n"]),
        ('"a""\n""b",c\n', ['a"\n"b', "c"]),
        ('x"\ry,z\n', ['x"\ry', "z"]),
    ],
)
def test_where_quotes_are_ordinary_or_enclose(line: str, cells: list[str]) -> None:
    assert parse(line) == cells


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"a,b\n', "not closed"),
        ('"a,b', "not closed"),
        ('"a"b,c\n', "goes on after its closing quote"),
        ('"a" ,c\n', "goes on"),
        ('"a\nb" c,d\n', "goes on"),
    ],
)
def test_broken_quotes_are_refused(text: str, message: str) -> None:
    with pytest.raises(QuoteError, match=message):
        parse(text)


def test_field_of_any_length_on_one_line_and_a_limit_over_several() -> None:
    long = "x" * 300_000  # more than the csv module takes
    assert parse(f'"{long}",b\n') == [long, "b"]
    lines = iter(["y" * 999 + "\n"] * 10_000)
    with pytest.raises(QuoteError, match="not closed"):
        parse_quoted('"a\n', lambda: next(lines), ",")
    assert MAX_ROW // 1000 <= 10_000 - len(list(lines)) <= MAX_ROW // 1000 + 2
