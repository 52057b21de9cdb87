from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest

from textsiam.data.files import check_file, compression, file_format, inner_suffix, open_bytes, read_blocks, read_lines
from textsiam.errors import DataError

CONTENT = b"first line\nsecond line\n" * 5000


def zstd(data: bytes) -> bytes:
    packed: bytes = pyarrow.compress(data, codec="zstd", asbytes=True)
    return packed


PACKERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd}


@pytest.mark.parametrize(("name", "pack"), PACKERS.items())
def test_compressed_files_are_known_by_their_first_bytes(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "pairs.tsv"  # no ending that would tell
    path.write_bytes(pack(CONTENT))
    assert compression(path) == name
    with open_bytes(path) as stream:
        assert b"".join(stream) == CONTENT
    path.write_bytes(CONTENT)
    assert compression(path) is None


@pytest.mark.parametrize(("name", "pack"), PACKERS.items())
def test_cut_compressed_file_is_refused_by_name(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "pairs.tsv"
    packed = pack(CONTENT)
    path.write_bytes(packed[: len(packed) - 10])
    with (
        pytest.raises(DataError, match=r"pairs\.tsv: (is damaged or cut short|cannot be read) \("),
        open_bytes(path) as stream,
    ):
        deque(stream)


@pytest.mark.parametrize(
    ("name", "suffix", "kind"),
    [
        ("a.csv", ".csv", "delimited"),
        ("a.b.TSV.GZ", ".tsv", "delimited"),
        ("a.jsonl.xz", ".jsonl", "jsonl"),
        ("a.json", ".json", "jsonl"),
        ("a.parquet", ".parquet", "parquet"),
        ("a.txt.zst", ".txt", "delimited"),
    ],
)
def test_format_by_ending(name: str, suffix: str, kind: str) -> None:
    assert inner_suffix(Path(name)) == suffix
    assert file_format(Path(name)) == kind


def test_unknown_ending_is_refused() -> None:
    with pytest.raises(DataError, match=r"book\.xlsx: has the ending '\.xlsx', expected one of \.csv"):
        file_format(Path("book.xlsx"))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        check_file(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        check_file(tmp_path / "none.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(DataError, match="is empty"):
        check_file(tmp_path / "empty.csv")


def test_lines_end_as_the_file_has_them() -> None:
    for newline in ("\n", "\r\n"):
        assert list(read_lines(io.BytesIO(b"a\rb\nc\r\nd"), newline)) == [b"a\rb\n", b"c\r\n", b"d"]
    assert list(read_lines(io.BytesIO(b"a\rb\r\rd"), "\r")) == [b"a\r", b"b\r", b"\r", b"d"]


def test_blocks_end_at_lines_and_stop_at_the_limit() -> None:
    line = b"x" * 999 + b"\n"
    blocks = list(read_blocks(io.BytesIO(line * 3000), 1 << 40))
    assert len(blocks) == 3
    assert all(block.endswith(b"\n") for block in blocks)
    assert b"".join(blocks) == line * 3000
    assert b"".join(read_blocks(io.BytesIO(line * 3000), 1500)) == line + line[:500]
