from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from textsiam.cli.scored_file import open_writer
from textsiam.data.row_source import Row
from textsiam.data.rows import open_rows


def scored(folder: Path, content: bytes, name: str = "out.csv") -> bytes:
    """Write the rows of a file with that content and a probability of 0.5 for each."""
    path, out = folder / "pairs.csv", folder / name
    path.write_bytes(content)
    source = open_rows(path, need_label=False)
    with open_writer(out, out, source, "p") as writer:
        rows = [row for row in source if isinstance(row, Row)]
        writer.write(rows, np.full(len(rows), 0.5, dtype=np.float32))
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
