from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.data.read import read_pairs
from textsiam.data.row_source import Row
from textsiam.data.rows import open_rows
from textsiam.errors import DataError, OptionError

TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"))


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1), st.booleans())
def test_what_json_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]], ascii_only: bool
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "pairs.jsonl"
    records = [{"text_a": a, "text_b": b, "label": i % 2} for i, (a, b) in enumerate(pairs)]
    lines = [json.dumps(record, ensure_ascii=ascii_only) + "\n" for record in records]
    path.write_text("".join(lines), encoding="utf-8", newline="")
    found = list(open_rows(path))
    assert found == [
        Row(line, [a, b, str((line - 1) % 2)], record)
        for line, ((a, b), record) in enumerate(zip(pairs, records, strict=True), 1)
    ]


def test_broken_lines_are_named_and_the_next_ones_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"q1": "a", "q2": "b", "label": true, "id": 7}\r\n'
        b"\n"
        b'{"q1": "a", "q2": "b", "label": 1\n'  # 3
        b'["a", "b", 1]\n'  # 4
        b'{"q1": "a", "label": 1}\n'  # 5
        b'{"q1": "caf\xe9", "q2": "b", "label": 1}\n'  # 6
        b'{"q1": "\\ud83d", "q2": "b", "label": 1}\n'  # 7
        b'{"q1": "a", "q2": null, "label": 1}\n' + b"[" * 100_000 + b"\n"  # 8  # 9
        b'{"q1": "a", "q2": "b", "label": ' + b"1" * 5000 + b"}\n"  # 10
        b'{"label": 0.0, "q2": "d", "q1": "", "new": 1}'  # 11
    )
    source = open_rows(path)
    assert source.fieldnames == ["q1", "q2", "label", "id"]
    found = list(source)
    assert found[0] == Row(1, ["a", "b", "true", "7"], {"q1": "a", "q2": "b", "label": True, "id": 7})
    assert found[-1] == Row(11, ["", "d", "0.0", ""], {"label": 0.0, "q2": "d", "q1": "", "new": 1})
    problems = [(row.line, row.column, str(row.args[0])) for row in found if isinstance(row, DataError)]
    assert [(line, column) for line, column, _ in problems] == [
        (3, None),
        (4, None),
        (5, "q2"),
        (6, None),
        (7, "q1"),
        (8, "q2"),
        (9, None),
        (10, None),
    ]
    assert problems[0][2].startswith("is not JSON (Expecting ")
    assert problems[1][2] == "is not a JSON object but list"
    assert len(problems) + 2 == len(found)


def test_columns_come_from_the_first_object(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('oops\n{"a": "x", "b": "y", "same": "no"}\n', encoding="utf-8")
    source = open_rows(path, columns=("a", "b", "same"))
    assert [type(row) for row in source] == [DataError, Row]
    path.write_text("oops\n3\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1: is not JSON"):
        open_rows(path)


def test_array_in_one_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    path.write_text('[{"text_a": "x"}]', encoding="utf-8")
    with pytest.raises(DataError, match="one JSON array, expected JSON Lines"):
        open_rows(path)


@pytest.mark.parametrize("options", [{"header": True}, {"delimiter": ","}, {"quoting": "none"}, {"quoting": "bogus"}])
def test_options_of_delimited_files_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"text_a": "x", "text_b": "y", "label": 1}', encoding="utf-8")
    with pytest.raises(OptionError, match=next(iter(options))):
        open_rows(path, **options)  # type: ignore[arg-type]  # options of many types


def test_half_of_a_surrogate_pair_in_a_further_column_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(r'{"text_a": "x", "text_b": "y", "label": 1, "note": "n \ud83d"}', encoding="utf-8")
    assert read_pairs(path, keep=["note"]).extra("note") == ["n \\ud83d"]
