from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from textsiam.cli.scored_file import Added, open_writer
from textsiam.data.row_source import Row
from textsiam.data.rows import open_rows
from textsiam.data.tables import MemorySource

NAMES = ["first", "text_a", "text_b"]
MARKS = st.text(alphabet=st.sampled_from(',;\t|"\r\n \ufeffab'), max_size=6)
CELLS = MARKS | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


def scored(folder: Path, content: bytes, name: str = "out.csv") -> bytes:
    """Write the rows of a file with that content and a probability of 0.5 for each."""
    path, out = folder / "pairs.csv", folder / name
    path.write_bytes(content)
    source = open_rows(path, need_label=False)
    with open_writer(out, out, source, [Added("p", "float")]) as writer:
        rows = [row for row in source if isinstance(row, Row)]
        writer.write(rows, [[0.5] * len(rows)])
    return out.read_bytes()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_byte_order_mark_and_line_ends_are_kept(tmp_path: Path, mark: bytes, end: bytes) -> None:
    lines = ["text_a,text_b", "ä,\u4f60"]
    content = mark + b"".join(line.encode() + end for line in lines)
    expected = mark + b"".join(line.encode() + end for line in (f"{lines[0]},p", f"{lines[1]},0.500000"))
    assert scored(tmp_path, content) == expected
    assert scored(tmp_path, content, "out.tsv") == expected.replace(b",", b"\t")
    assert not scored(tmp_path, content, "out.jsonl").startswith(b"\xef")


def test_line_ends_of_a_file_without_quotes_are_kept(tmp_path: Path) -> None:
    content = b'text_a\ttext_b\r\nsay "a\tb"\r\n'
    assert scored(tmp_path, content) == b'text_a\ttext_b\tp\r\nsay "a\tb"\t0.500000\r\n'


def test_line_that_names_the_delimiter_is_not_written(tmp_path: Path) -> None:
    assert scored(tmp_path, b"sep=;\ntext_a;text_b\nx;y\n") == b"text_a;text_b;p\nx;y;0.500000\n"


@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5), ending=st.sampled_from("ct"))
@example(rows=[[";", "\r;", "\r;"]], ending="c")
def test_cells_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], ending: str) -> None:
    out = tmp_path_factory.mktemp("scored") / f"out.{ending}sv"
    records = [dict(zip(NAMES, cells, strict=True)) for cells in rows]
    source = MemorySource(records, columns=None, need_label=False)
    with open_writer(out, out, source, [Added("p", "float")]) as writer:
        writer.write(
            [row for row in source if isinstance(row, Row)], [np.linspace(0, 1, len(rows), dtype=np.float32).tolist()]
        )
    again = open_rows(out, quoting="minimal", need_label=False)
    assert again.fieldnames == [*NAMES, "p"]
    assert [row.cells[:3] for row in again if isinstance(row, Row)] == rows


def test_a_lone_carriage_return_is_quoted(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    source = MemorySource([{"text_a": "a\rb", "text_b": "c"}], columns=None, need_label=False)
    with open_writer(out, out, source, [Added("p", "float")]) as writer:
        writer.write([row for row in source if isinstance(row, Row)], [[0.0]])
    assert out.read_bytes() == b'text_a,text_b,p\n"a\rb",c,0.000000\n'
    assert [row.cells for row in open_rows(out, need_label=False) if isinstance(row, Row)] == [
        ["a\rb", "c", "0.000000"]
    ]


@pytest.mark.parametrize("name", ["\ufefftext_a", '"text_a'])
def test_a_first_name_with_a_byte_order_mark_or_a_quote_is_kept(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out.csv"
    source = MemorySource([{name: "a", "text_b": "b"}], columns=(1, 2), need_label=False)
    with open_writer(out, out, source, [Added("p", "float")]) as writer:
        writer.write([row for row in source if isinstance(row, Row)], [[0.0]])
    assert open_rows(out, columns=(1, 2), header=True, need_label=False).fieldnames == [name, "text_b", "p"]
