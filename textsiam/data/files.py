"""Bytes of a file that may be compressed: opened by what it starts with, read line by line, damage named."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from textsiam.errors import DataError, import_extra

BLOCK = 1 << 20  # bytes
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_COMPRESSED_SUFFIXES = frozenset([".gz", ".bz2", ".xz", ".zst"])
_FORMATS = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".tab": "delimited",
    ".txt": "delimited",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def check_file(path: Path) -> None:
    """Raise DataError unless ``path`` is a file with something in it."""
    if path.is_dir():
        raise DataError("is a folder, expected a file of pairs or texts", file=path)
    if not path.exists():
        raise DataError("does not exist", file=path)
    if not path.is_file():
        raise DataError("is not a regular file; save its content to a file first", file=path)
    if path.stat().st_size == 0:
        raise DataError("is empty", file=path)


def inner_suffix(path: PurePath) -> str:
    """Give the ending in lower case, below that of a compression: ".tsv" for "A.TSV.gz"."""
    if path.suffix.lower() in _COMPRESSED_SUFFIXES:
        path = path.with_suffix("")
    return path.suffix.lower()


def file_format(path: Path) -> str:
    """Give "delimited", "jsonl" or "parquet" by the ending; raises DataError for another one."""
    suffix = inner_suffix(path)
    if suffix not in _FORMATS:
        raise DataError(
            f"has the ending {suffix!r}, expected one of {', '.join(_FORMATS)}, or these with .gz", file=path
        )
    return _FORMATS[suffix]


def compression(path: Path) -> str | None:
    """Give "gzip", "bzip2", "xz", "zstd" or None by the first bytes of the file."""
    with path.open("rb") as file:
        start = file.read(8)
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed; raises DataError where it cannot be read or is damaged."""
    try:
        with _open(path) as stream:
            yield stream
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DataError(f"is damaged or cut short ({error})", file=path) from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", file=path) from error


def read_blocks(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """Give the first ``limit`` bytes of a stream in blocks of 1 MiB that end at a line's end."""
    rest = b""
    while limit > 0 and (block := stream.read(min(BLOCK, limit))):
        limit -= len(block)
        cut = block.rfind(b"\n") + 1
        if cut:
            yield rest + block[:cut]
            rest = block[cut:]
        else:
            rest += block
    if rest:
        yield rest


def read_lines(stream: BinaryIO, newline: str) -> Iterator[bytes]:
    r"""Give the lines of a stream with their ends; ``newline`` is "\n", "\r\n" (lines end at each "\n") or "\r"."""
    if newline != "\r":
        yield from stream
        return
    rest = b""
    for block in iter(partial(stream.read, BLOCK), b""):
        *lines, rest = (rest + block).split(b"\r")
        yield from (line + b"\r" for line in lines)
    if rest:
        yield rest


def _open(path: Path) -> BinaryIO:
    kind = compression(path)
    if kind == "gzip":
        return cast(BinaryIO, gzip.open(path, "rb"))
    if kind == "bzip2":
        return cast(BinaryIO, bz2.open(path, "rb"))
    if kind == "xz":
        return cast(BinaryIO, lzma.open(path, "rb"))
    if kind == "zstd":
        pyarrow = import_extra("pyarrow", "train", "reading a file compressed with zstd")
        return io.BufferedReader(pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd"), BLOCK)
    return path.open("rb", buffering=BLOCK)
