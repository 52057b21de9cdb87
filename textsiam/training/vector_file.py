"""Word vectors in text form, line by line: of GloVe, and of word2vec and fastText, which begin with a line of sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from textsiam.arrays import Array
from textsiam.data.files import check_file, open_bytes
from textsiam.errors import DataError
from textsiam.progress import progress

_REPORT_LINES = 10_000  # lines between two reports of progress
# a word of several parts, as glove.840B has, is one of these in no file known
_NUMBER = re.compile(rb"[-+]?\d*\.\d+(e[-+]?\d+)?", re.IGNORECASE)


class VectorFile:
    """A file of word vectors, plain or compressed: a line holds a word and ``dim`` numbers, between white space.

    The first line may hold the number of words and ``dim`` instead. A word may have spaces in it: the last ``dim``
    fields are the numbers.
    """

    def __init__(self, path: Path) -> None:
        """Read the first line; raises DataError where it is neither a word with its vector nor the two sizes."""
        check_file(path)
        self.path = path
        with open_bytes(path) as stream:
            fields = stream.readline().split()
        self.rows: int | None = None
        if len(fields) == 2 and all(field.isdigit() for field in fields):
            self.rows, self.dim = int(fields[0]), int(fields[1])
        else:
            self.dim = len(fields) - 1
            if self.dim > 0:
                self._numbers(fields[1:], 1)
        if self.dim < 1:
            raise self._bad(1, "holds no vector", "a word and its numbers, or the number of words and of numbers")

    def vectors(
        self, key_of: Callable[[str], str | None], *, show_progress: bool = False
    ) -> Iterator[tuple[str, Array]]:
        """Give the key of each word that has one, and its vector, float32 (dim,), in the order of the file.

        ``key_of`` a word is None where it is not wanted. The fields of every line are counted, but only the numbers of
        wanted words are read. Raises DataError, which names the line, for one with too few or too many fields, for what
        is not a finite number, and where there are not as many words as the first line says.
        """
        with (
            open_bytes(self.path) as stream,
            progress("reading word vectors", self.rows, "words", show=show_progress) as bar,
        ):
            first = 1
            if self.rows is not None:
                stream.readline()
                first = 2
            found = 0
            for number, word, fields in self._lines(stream, first):
                found += 1
                if found % _REPORT_LINES == 0:
                    bar.advance(_REPORT_LINES)
                key = key_of(word)
                if key is not None:
                    yield key, self._numbers(fields, number)
            bar.advance(found % _REPORT_LINES)
        if self.rows not in (None, found):
            raise self._bad(1, f"says {self.rows:,} words, but {found:,} follow", "the number of lines behind it")

    def _lines(self, stream: BinaryIO, first: int) -> Iterator[tuple[int, str, list[bytes]]]:
        """Give each line that is not blank: its number, its word and its numbers as they stand."""
        for number, line in enumerate(stream, first):
            # of bytes, white space is that of ASCII alone: others may stand in words
            if not line.strip():
                continue
            head, *fields = line.rsplit(None, self.dim)
            if len(fields) < self.dim:
                raise self._bad(number, f"has {len(fields) + 1} fields", f"a word and {self.dim} numbers")
            parts = head.split()
            if len(parts) > 1 and all(_NUMBER.fullmatch(part) for part in parts[1:]):
                raise self._bad(number, f"has {len(parts) - 1 + self.dim} numbers", f"a word and {self.dim} numbers")
            yield number, head.decode("utf-8", "replace").strip(), fields

    def _numbers(self, fields: list[bytes], number: int) -> Array:
        try:
            with np.errstate(over="ignore"):  # of float32: told below
                vector = np.array([float(field) for field in fields], dtype=np.float32)
        except ValueError:
            vector = np.full(self.dim, np.nan, np.float32)
        if not np.isfinite(vector).all():
            wrong = next(field for field in fields if not _is_finite(field))
            raise self._bad(number, f"holds {wrong.decode('utf-8', 'replace')!r:.40}", "a finite number")
        return vector

    def _bad(self, line: int, what: str, expected: str) -> DataError:
        return DataError(f"{what}, expected {expected}", file=self.path, line=line)


def _is_finite(field: bytes) -> bool:
    try:
        return abs(float(field)) <= float(np.finfo(np.float32).max)
    except ValueError:
        return False
