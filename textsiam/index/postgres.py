"""An index in a PostgreSQL database with pgvector, in a schema of its own, for more than one machine's file holds."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from textsiam.arrays import Array
from textsiam.errors import DuplicateIndexError, import_extra
from textsiam.index.database import FORMAT, TABLES, Row, busy, vectors_of
from textsiam.index.server_location import server_location

if TYPE_CHECKING:
    import psycopg
    from psycopg.abc import Dumper

    Connection = psycopg.Connection[Any]

# on the table ``meta``, which is the index's own, while its schema may be an administrator's
COMMENT = "textsiam index, format {}"
# last of all: is it the index's still, and in which format
FOUND = "SELECT obj_description(to_regclass('meta'), 'pg_class')"
READ = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {FOUND}"
# each statement behind the lock sees what was finished before it, and then nobody else writes
WRITE = f"""BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {{wait}};
SELECT pg_advisory_xact_lock({{key}}); SET LOCAL lock_timeout TO DEFAULT; {FOUND}"""


class VectorColumn(NamedTuple):
    """A vector as pgvector sends it: its length and a spare zero, 16 bits each, and float32, the highest byte first."""

    content: bytes


class PostgresDatabase:
    """A connection to an index, which is made where ``create``; ``timeout``: seconds to wait for a writer.

    A connection that was lost is made anew with the next transaction; none is repeated, for it may have been finished.
    """

    def __init__(self, url: str, *, timeout: float, create: bool) -> None:
        self._psycopg = import_extra("psycopg", "postgres", "an index in PostgreSQL")
        self._url, self.schema, self.name = server_location(url)
        self._alone, self._ended = threading.RLock(), False
        key = int.from_bytes(hashlib.blake2b(f"textsiam {self.schema}".encode(), digest_size=8).digest(), signed=True)
        self._write = WRITE.format(wait=max(1, round(timeout * 1000)), key=key)
        self.pgvector: tuple[int, ...] = ()  # its version
        self.operators = ""  # the schema of its names, quoted
        with self._new_connection():
            self._set_up(create)
            self._find_pgvector()

    @contextmanager
    def _new_connection(self) -> Iterator[None]:
        """Connect, where names are those of the schema alone; closed again if that is not all that fails inside."""
        self._connection = self._connected()
        try:
            self._set_path()
            yield
        except BaseException:
            self._connection.close()
            raise

    def _connected(self) -> Connection:
        try:
            self._psycopg.conninfo.conninfo_to_dict(self._url)
        except self._psycopg.Error:
            # without the reason, which has the password in it
            raise DuplicateIndexError(
                f"{self.name} is no URL of PostgreSQL, expected postgresql://user:password@host:port/database?schema="
                "NAME"
            ) from None
        try:
            connection: Connection = self._psycopg.connect(
                self._url, autocommit=True, client_encoding="utf8", fallback_application_name="textsiam"
            )
        except self._psycopg.Error as error:
            raise DuplicateIndexError(f"{self.name} cannot be reached: {_in_one_line(error)}") from error
        return connection

    def _set_up(self, create: bool) -> None:
        """Make the index, if there is none, and refuse what is none."""
        is_there = self._is_there()
        if not is_there and create:
            with self._transaction(self._write, new=True):
                if not self._is_there():  # else another process was faster
                    self._create()
        elif not is_there:
            raise DuplicateIndexError(f"{self.name} holds no index, expected one as textsiam index add makes it")

    def _is_there(self) -> bool:
        """Tell whether there is an index; False where the schema has no tables, or is not there."""
        tables = dict(
            self.rows(
                "SELECT relname::text, obj_description(pg_class.oid, 'pg_class') FROM pg_class JOIN pg_namespace "
                "ON pg_namespace.oid = relnamespace WHERE nspname = ? AND relkind IN ('r', 'p', 'v', 'm', 'f')",
                (self.schema,),
            )
        )
        is_own = self._is_own(tables.get("meta"))
        if tables and not is_own:
            raise DuplicateIndexError(f"{self.name} holds tables of another program; give another schema: ?schema=NAME")
        return is_own

    def _is_own(self, comment: str | None) -> bool:
        """Tell by the comment on its table whether it is an index; DuplicateIndexError where it is a newer one."""
        own = re.fullmatch(COMMENT.format(r"(\d+)"), comment or "")
        if own is not None and int(own[1]) > FORMAT:
            raise DuplicateIndexError(
                f"{self.name} has index format {own[1]}, this textsiam reads up to {FORMAT}; upgrade textsiam"
            )
        return own is not None

    def _create(self) -> None:
        # of another schema's index too: only one may make the extension
        list(self.rows("SELECT pg_advisory_xact_lock(hashtext('textsiam'))"))
        if not list(self.rows("SELECT 1 FROM pg_extension WHERE extname = 'vector'")):
            try:
                list(self.rows("SET LOCAL search_path TO DEFAULT"))  # whose first schema takes it
                list(self.rows("CREATE EXTENSION vector"))
                self._set_path()
            except DuplicateIndexError as error:
                raise DuplicateIndexError(
                    f"{error}; pgvector is needed: install it on the server, and let an administrator run "
                    "CREATE EXTENSION vector in this database"
                ) from error
        if not list(self.rows("SELECT 1 FROM pg_namespace WHERE nspname = ?", (self.schema,))):
            list(self.rows(f"CREATE SCHEMA {self.quoted(self.schema)}"))
        self._find_pgvector()
        # by code points, as in SQLite, whatever language the database sorts by
        tables = TABLES.replace(" TEXT ", ' TEXT COLLATE "C" ')
        for statement in tables.split(";"):
            columns = {"id": "id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "bytes": "BYTEA", "keyed": ""}
            list(self.rows(statement.format(vector=f"{self.operators}.vector", **columns)))
        list(self.rows(f"COMMENT ON TABLE meta IS '{COMMENT.format(FORMAT)}'"))

    def _set_path(self) -> None:
        """Let names be those of the schema: not of pgvector's too, where tables of others may be called as these."""
        list(self.rows(f"SET search_path = {self.quoted(self.schema)}"))

    def _find_pgvector(self) -> None:
        """See which pgvector there is, wherever it was put."""
        found = list(
            self.rows(
                "SELECT nspname::text, extversion, to_regtype(quote_ident(nspname) || '.vector')::oid "
                "FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'"
            )
        )
        if not found:
            raise DuplicateIndexError(f"{self.name} has lost its extension vector; take a copy of it from before")
        ((where, version, oid),) = found
        self.pgvector = tuple(int(part) for part in re.findall(r"\d+", version))
        self.operators = self.quoted(where)
        self._connection.adapters.register_dumper(VectorColumn, _dumper(oid))

    def quoted(self, name: str) -> str:
        """Give a name as SQL takes it, whatever is in it."""
        return str(self._psycopg.sql.Identifier(name).as_string(self._connection))

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query, or a statement that gives nothing back."""
        with self._naming_errors():
            cursor = self._connection.cursor(binary=True)  # float32 come as they are, not rounded to digits
            cursor.execute(_placed(sql), tuple(parameters))
        return iter(cursor) if cursor.description else iter(())

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each of many rows of parameters."""
        with self._naming_errors(), self._connection.cursor() as cursor:
            cursor.executemany(_placed(sql), [tuple(row) for row in rows])

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the index inside, whatever others write meanwhile."""
        with self._transaction(READ):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer inside; all that is done there is kept, for good, or nothing."""
        with self._transaction(self._write):
            yield

    @contextmanager
    def _transaction(self, begin: str, *, new: bool = False) -> Iterator[None]:
        with self._alone:
            try:
                if not self._is_own(self._begin(begin)) and not new:
                    raise self._lost()
                yield
                with self._naming_errors():
                    self._connection.execute("COMMIT")
            except BaseException:
                with suppress(self._psycopg.Error):
                    self._connection.execute("ROLLBACK")
                if self._connection.info.transaction_status != self._psycopg.pq.TransactionStatus.IDLE:
                    self._connection.close()
                raise

    def _begin(self, begin: str) -> str | None:
        """Begin a transaction, on a new connection if need be, and give the comment on the index's table."""
        if self._ended:
            raise DuplicateIndexError(f"{self.name} was closed; open it again")
        if not self._connection.closed:
            try:
                return self._begun(begin)
            except DuplicateIndexError:
                if not self._connection.closed:
                    raise  # else it was lost while idle, and nothing was begun
        with self._new_connection():
            self._find_pgvector()
        return self._begun(begin)

    def _begun(self, begin: str) -> str | None:
        with self._naming_errors():
            cursor = self._connection.execute(begin.encode())
            while cursor.nextset():
                pass
            comment: str | None = next(cursor)[0]
        return comment

    def _lost(self) -> DuplicateIndexError:
        return DuplicateIndexError(
            f"{self.name} is not there any more: its schema or tables were dropped, or are another program's by now; "
            "open it again to make it anew, or take a copy of it from before"
        )

    def to_column(self, vector: Array) -> object:
        """Give a vector, float32 (D,), as pgvector takes it."""
        return VectorColumn(len(vector).to_bytes(2) + b"\0\0" + vector.astype(">f4").tobytes())

    def from_columns(self, vectors: Sequence[Any]) -> Array:
        """Give values of the column as vectors, float32 (n, D)."""
        return vectors_of(vectors, ">f4", self.name)[:, 1:]  # in front are their lengths

    def compact(self) -> None:
        """Let the room of what was removed be used again."""
        with self._alone, self._naming_errors():
            sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = ?"
            for (table,) in list(self.rows(sql, (self.schema,))):
                self._connection.execute(f"VACUUM (ANALYZE) {self.quoted(table)}".encode())

    def problems(self) -> list[str]:
        """Say what of the database's own structure is broken."""
        sql = (
            "SELECT relname::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = ? AND NOT (indisvalid AND indisready)"
        )
        found = [f"the database's index {name} is broken; REINDEX it" for (name,) in self.rows(sql, (self.schema,))]
        (lengths,) = next(self.rows(f"SELECT count(DISTINCT {self.operators}.vector_dims(vector)) FROM texts"))
        return found + [f"vectors have {lengths:,} different lengths"] * (lengths > 1)

    def close(self) -> None:
        """End the connection."""
        self._ended = True
        self._connection.close()

    @contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except self._psycopg.errors.LockNotAvailable as error:
            raise busy(self.name) from error
        except self._psycopg.errors.UndefinedTable as error:
            raise self._lost() from error
        except self._psycopg.Error as error:
            reason = _in_one_line(error)
            if self._connection.closed:
                reason = f"the connection was lost ({reason}); what was being written is there whole or not; try again"
            if "index row" in reason:
                reason += "; a key may have about 2,700 bytes in PostgreSQL"
            raise DuplicateIndexError(f"{self.name}: {reason}") from error


def _placed(sql: str) -> bytes:
    """Give SQL with the places of its parameters as psycopg marks them; what is quoted is a name."""
    return re.sub(r'("[^"]*")|\?', lambda found: found[1] or "%s", sql.replace("%", "%%")).encode()


def _in_one_line(error: psycopg.Error) -> str:
    return " ".join((error.diag.message_primary or str(error)).split())


def _dumper(oid: int) -> type[Dumper]:
    """Give what hands vectors to the server, where pgvector's type has a number of its own."""
    adapt, pq = (import_extra(f"psycopg.{name}", "postgres", "an index in PostgreSQL") for name in ("adapt", "pq"))
    return type("VectorDumper", (adapt.Dumper,), {"oid": oid, "format": pq.Format.BINARY, "dump": _content})


def _content(_dumper: object, vector: VectorColumn) -> bytes:
    return vector.content
