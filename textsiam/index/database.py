"""What an index needs of a database, and its tables, the same in every kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import DuplicateIndexError, IndexBusyError

FORMAT = 1

# a row of ``texts`` for each distinct normalised text; ids are never used again, so that an id tells what is new
TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE texts ({id}, hash {bytes} NOT NULL UNIQUE, text TEXT NOT NULL, vector {vector} NOT NULL);
CREATE TABLE gone (text_id BIGINT PRIMARY KEY, revision BIGINT NOT NULL);
CREATE TABLE entries (
    key TEXT PRIMARY KEY, text_id BIGINT NOT NULL REFERENCES texts (id), text TEXT NOT NULL, attributes TEXT NOT NULL
){keyed};
CREATE INDEX entries_of_text ON entries (text_id);
CREATE TABLE verdicts (
    hash_a {bytes} NOT NULL, hash_b {bytes} NOT NULL, text_a TEXT NOT NULL, text_b TEXT NOT NULL, same BIGINT NOT NULL,
    PRIMARY KEY (hash_a, hash_b)
){keyed};
CREATE INDEX verdicts_of_b ON verdicts (hash_b);
CREATE TABLE links (a BIGINT NOT NULL, b BIGINT NOT NULL, probability REAL NOT NULL, PRIMARY KEY (a, b)){keyed};
CREATE INDEX links_of_b ON links (b);
CREATE TABLE groups (id TEXT PRIMARY KEY, weakest REAL NOT NULL);
CREATE TABLE members (text_id BIGINT PRIMARY KEY, group_id TEXT NOT NULL);
CREATE TABLE merges (gone TEXT PRIMARY KEY, kept TEXT NOT NULL)
"""

Row = Any  # a tuple, of as many values as the query has columns


class Database(Protocol):
    """A connection; ``name`` is what messages call it. Parameters stand in the SQL as ``?``.

    Raises DuplicateIndexError for what the database refuses, and IndexBusyError where another writer is too long.
    """

    name: str

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query, or a statement that gives nothing back."""

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each of many rows of parameters."""

    def reading(self) -> AbstractContextManager[None]:
        """See one state of the index inside, whatever others write meanwhile."""

    def writing(self) -> AbstractContextManager[None]:
        """Be the only writer inside; all that is done there is kept, for good, or nothing."""

    def to_column(self, vector: Array) -> object:
        """Give a vector, float32 (D,), as its column takes it."""

    def from_columns(self, vectors: Sequence[Any]) -> Array:
        """Give values of the column as vectors, float32 (n, D)."""

    def compact(self) -> None:
        """Give back the space of what was removed."""

    def problems(self) -> list[str]:
        """Say what of the database's own structure is broken."""

    def close(self) -> None:
        """End the connection."""


def vectors_of(columns: Sequence[bytes], kind: str, name: str) -> Array:
    """Give columns that hold floats of a ``kind`` (such as "<f4"), all as many, as float32 (n, K); (0, 0) for none."""
    if not columns:
        return np.zeros((0, 0), dtype=np.float32)
    together = b"".join(columns)
    if len(together) != len(columns) * len(columns[0]):
        raise DuplicateIndexError(f"{name} is broken: its vectors differ in length; take a copy from before")
    return np.frombuffer(together, dtype=kind).reshape(len(columns), -1).astype(np.float32, copy=False)


def busy(name: str) -> IndexBusyError:
    """Give the error of waiting for another writer in vain."""
    return IndexBusyError(
        f"{name} is being written by another process, longer than was waited; try again, or wait longer (timeout)"
    )
