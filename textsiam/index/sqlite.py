"""An index in one SQLite file, in write-ahead mode: readers see finished writes, and never wait for a writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from textsiam.arrays import Array
from textsiam.errors import DuplicateIndexError
from textsiam.index.database import FORMAT, TABLES, Row, busy, vectors_of

APPLICATION = 0x74736961  # "tsia", by which a file is known to be an index
ROWS_AT_ONCE = 8192
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; nothing of this was written",
    sqlite3.SQLITE_READONLY: "it cannot be written to; change its mode, or that of its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; is its folder there, and writable?",
    sqlite3.SQLITE_NOTADB: "it is no index, but another kind of file",
    sqlite3.SQLITE_CORRUPT: "it is broken; take a copy of it from before",
    sqlite3.SQLITE_IOERR: "the disk refuses to read or write it; nothing of this was written",
}


class SqliteDatabase:
    """A connection to an index in a file, which is made where ``create``; ``timeout``: seconds to wait for a writer."""

    def __init__(self, path: Path, *, timeout: float, create: bool) -> None:
        self.name = str(path)
        if path.is_dir() or (not create and not path.exists()):
            found = "is a folder" if path.is_dir() else "is not there"
            raise DuplicateIndexError(f"{path} {found}, expected an index file as textsiam index add makes it")
        with self._naming_errors():
            self._connection = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
        try:
            self._set_up(create=create)
        except BaseException:
            self._connection.close()
            raise

    def _set_up(self, *, create: bool) -> None:
        with self._naming_errors():
            self._check()  # before anything is written to a file that may be another program's
            if self._version() == 0 and not create:
                raise DuplicateIndexError(f"{self.name} is empty, expected an index as textsiam index add makes it")
            # the mode stays in the file; FULL: what is acknowledged survives a loss of power
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536", "foreign_keys = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            if self._version() == 0:
                with self.writing():
                    if self._version() == 0:  # else another process was faster
                        self._create()

    def _check(self) -> None:
        """Raise DuplicateIndexError for a file of another program, or of a newer version."""
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (application or tables) and application != APPLICATION:
            raise DuplicateIndexError(f"{self.name} is an SQLite file of another program; give another file")
        if self._version() > FORMAT:
            raise DuplicateIndexError(
                f"{self.name} has index format {self._version()}, this textsiam reads up to {FORMAT}; upgrade textsiam"
            )

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _create(self) -> None:
        tables = TABLES.format(
            id="id INTEGER PRIMARY KEY AUTOINCREMENT", bytes="BLOB", vector="BLOB", keyed=" WITHOUT ROWID"
        )
        for statement in tables.split(";"):
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
        self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query, or a statement that gives nothing back."""
        with self._naming_errors():
            cursor = self._connection.execute(sql, parameters)
            first = cursor.fetchmany(ROWS_AT_ONCE)  # at once, for a statement is run by asking for its rows
        return self._rest(cursor, first)

    def _rest(self, cursor: sqlite3.Cursor, found: list[Row]) -> Iterator[Row]:
        while found:
            yield from found
            with self._naming_errors():
                found = cursor.fetchmany(ROWS_AT_ONCE)

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each of many rows of parameters."""
        with self._naming_errors():
            self._connection.executemany(sql, rows)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the index inside, whatever others write meanwhile."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer inside; all that is done there is kept, for good, or nothing."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        try:
            with self._naming_errors():
                self._connection.execute(begin)
            yield
            with self._naming_errors():
                self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            raise

    def to_column(self, vector: Array) -> object:
        """Give a vector, float32 (D,), as bytes, the lowest first."""
        return vector.astype("<f4").tobytes()

    def from_columns(self, vectors: Sequence[Any]) -> Array:
        """Give values of the column as vectors, float32 (n, D)."""
        return vectors_of(vectors, "<f4", self.name)

    def compact(self) -> None:
        """Write the file anew without the space of what was removed."""
        with self._naming_errors():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def problems(self) -> list[str]:
        """Say what of the file's own structure is broken."""
        with self._naming_errors():
            found = [row[0] for row in self._connection.execute("PRAGMA quick_check")]
            loose = self._connection.execute("PRAGMA foreign_key_check").fetchall()
        return [line for line in found if line != "ok"] + [f"{len(loose):,} entries have no text"] * bool(loose)

    def close(self) -> None:
        """End the connection; the last one puts all into the one file."""
        with self._naming_errors():
            self._connection.close()

    @contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # without its details
            if code in _BUSY:
                raise busy(self.name) from error
            reason = _REASONS.get(code, str(error))
            raise DuplicateIndexError(f"{self.name}: {reason}") from error
