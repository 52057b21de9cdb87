from __future__ import annotations

from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from textsiam.data.row_source import Row
from textsiam.data.rows import open_rows
from textsiam.data.tables import BATCH_ROWS, DatasetSource, MemorySource
from textsiam.errors import DataError

RECORDS: list[dict[str, object]] = [
    {"sentence1": "NA", "sentence2": "", "label": 1, "id": "x", "vector": [1.5]},
    {"sentence1": None, "sentence2": "b", "label": 0, "id": "y", "vector": None},
    {"sentence1": "null", "sentence2": "nan", "label": 0, "id": None, "vector": [2.5]},
]


def test_parquet_rows_are_counted_from_one(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    pq.write_table(pa.Table.from_pylist(RECORDS), path, row_group_size=1)
    source = open_rows(path)
    assert (source.format, source.places) == ("parquet", (0, 1, 2))
    first, second, third = source
    assert first == Row(1, ["NA", "", "1", "x", "[1.5]"], RECORDS[0])
    assert third == Row(3, ["null", "nan", "0", "", "[2.5]"], RECORDS[2])
    assert isinstance(second, DataError)
    assert str(second) == f"{path}, line 2, column sentence1: is missing"


def test_narrowed_sources_decode_only_what_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    pq.write_table(pa.Table.from_pylist(RECORDS), path)
    parquet = open_rows(path)
    dataset = DatasetSource(datasets.Dataset.from_list(RECORDS), columns=None, need_label=True)
    for source in (parquet, dataset):
        source.narrow(["id"])
        first = next(iter(source))
        assert isinstance(first, Row)
        assert first.cells == ["NA", "", "1", "x", ""]
        assert set(first.record or ()) == {"sentence1", "sentence2", "label", "id"}


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    pq.write_table(pa.Table.from_pylist(RECORDS * 1000), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(DataError, match=r"pairs\.parquet: is not a Parquet file, or is damaged"):
        open_rows(path)
    path.write_bytes(whole[:4] + b"\xff" * 200 + whole[204:])
    with pytest.raises(DataError, match=r"pairs\.parquet: is not a Parquet file, or is damaged"):
        list(open_rows(path))


def test_parquet_with_two_columns_of_one_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    columns = [["a"], ["b"], ["n1"], ["m1"]]
    pq.write_table(pa.table(columns, names=["text_a", "text_b", "note", "note"]), path)
    with pytest.raises(DataError, match=r"pairs\.parquet: more than one column is called 'note'"):
        open_rows(path, need_label=False)


def test_dates_that_python_cannot_hold_are_named(tmp_path: Path) -> None:
    path, count = tmp_path / "pairs.parquet", BATCH_ROWS + 3
    seconds = [0] * count
    seconds[1] = seconds[BATCH_ROWS + 1] = 10**12  # in the year 33658
    numbers = [str(row) for row in range(count)]
    table = pa.table({"text_a": numbers, "text_b": numbers, "seen": pa.array(seconds, pa.timestamp("s"))})
    pq.write_table(table, path)
    dataset = DatasetSource(datasets.Dataset(table), columns=None, need_label=False)
    for source in (open_rows(path, need_label=False), dataset):
        found = list(source)
        problems = [(row.line, row.column) for row in found if isinstance(row, DataError)]
        assert problems == [(2, "seen"), (BATCH_ROWS + 2, "seen")]
        kept = [(row.line, row.cells[0]) for row in found if isinstance(row, Row)]
        assert kept == [(row + 1, str(row)) for row in range(count) if not seconds[row]]
        assert str(found[1]).endswith("line 2, column seen: cannot be read (date value out of range)")
    source = open_rows(path, need_label=False)
    source.narrow([])
    assert not [row for row in source if isinstance(row, DataError)]


def test_dataset_rows_over_several_batches() -> None:
    dataset = datasets.Dataset.from_dict({"text_a": [str(i) for i in range(25_000)], "text_b": ["b"] * 25_000})
    source = DatasetSource(dataset.select(range(24_999, -1, -1)), columns=None, need_label=False)
    rows = [row for row in source if isinstance(row, Row)]
    assert [row.line for row in rows] == list(range(1, 25_001))
    assert [row.cells[0] for row in rows] == [str(i) for i in range(24_999, -1, -1)]


def test_rows_in_memory() -> None:
    assert list(MemorySource([("a", "b", 1)], columns=None, need_label=True)) == [
        Row(1, ["a", "b", "1"], {"1": "a", "2": "b", "3": 1})
    ]
    longer = MemorySource(iter([["x", 0, "a", "b"]]), columns=(3, 4, 2), need_label=True)
    assert [row.cells for row in longer if isinstance(row, Row)] == [["x", "0", "a", "b"]]
    named = MemorySource([{"text2": "b", "text1": "a", "same": False}], columns=None, need_label=True)
    assert named.places == (1, 0, 2)


def test_rows_unlike_the_first_are_problems() -> None:
    rows = [("a", "b", 1), ("a", "b"), {"text_a": "a"}, "abc", 5, ("c", "d", 0)]
    found = list(MemorySource(rows, columns=None, need_label=True))
    assert [type(row) for row in found] == [Row, DataError, DataError, DataError, DataError, Row]
    assert [str(row) for row in found if isinstance(row, DataError)] == [
        "line 2: has 2 fields, the first row has 3",
        "line 3: is dict, unlike the first row",
        "line 4: is str, unlike the first row",
        "line 5: is int, unlike the first row",
    ]


@pytest.mark.parametrize("rows", [["abc"], [3], [{"a", "b"}]])
def test_first_row_must_be_a_row(rows: list[object]) -> None:
    with pytest.raises(DataError, match="expected \\(text a, text b, label\\) or a mapping"):
        MemorySource(rows, columns=None, need_label=True)


def test_no_rows() -> None:
    with pytest.raises(DataError, match="there are no rows"):
        MemorySource([], columns=None, need_label=True)
