"""Where an index is: a file, or a PostgreSQL server; and how it is searched there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from textsiam.errors import OptionError
from textsiam.index.approximate import is_installed, usearch
from textsiam.index.database import Database
from textsiam.index.memory_search import MemorySearch, Search
from textsiam.index.postgres import PostgresDatabase
from textsiam.index.postgres_search import PostgresSearch, ServedMemorySearch, is_ranked
from textsiam.index.scorer import Scorer
from textsiam.index.server_location import is_server
from textsiam.index.session import MakeSearch
from textsiam.index.sidecar import APPROXIMATE_FROM, path_beside
from textsiam.index.sidecar_keeper import SidecarKeeper
from textsiam.index.sqlite import SqliteDatabase
from textsiam.index.store import Store

LONGEST = 2_147_483  # seconds that databases wait: they count milliseconds in 32 bits


def open_location(
    location: str | Path, *, approximate: bool | None, timeout: float, create: bool
) -> tuple[Database, MakeSearch]:
    """Open the database of an index, and give what searches in it; see ``DuplicateIndex.open``."""
    timeout = _checked_timeout(timeout)
    if is_server(location):
        server = PostgresDatabase(str(location), timeout=timeout, create=create)
        return server, partial(_search_in_server, server, approximate)
    if isinstance(location, str) and "://" in location:
        scheme = location.partition("://")[0]
        raise OptionError(f"location has the scheme {scheme!r}, expected postgresql://..., or the path of a file")
    path = Path(location)
    if approximate:
        usearch()
    return SqliteDatabase(path, timeout=timeout, create=create), partial(_search_in_memory, path, approximate)


def _checked_timeout(timeout: object) -> float:
    """Give the seconds to wait, as many as databases can; raises OptionError for what is no time."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float | np.integer | np.floating) or not timeout >= 0:
        raise OptionError(f"timeout is {timeout!r}, expected seconds, 0 or more")
    return float(min(timeout, LONGEST))


def _search_in_server(database: PostgresDatabase, approximate: bool | None, store: Store, model: Scorer) -> Search:
    """Search in the server, where it has a distance for the head; else in memory: exact, and without a graph."""
    if is_ranked(database, model.frame(model.encode([""]))):
        return PostgresSearch(database, model, approximate)
    return ServedMemorySearch(database, store, model)


def _search_in_memory(path: Path, approximate: bool | None, store: Store, model: Scorer) -> Search:
    def connect() -> Store:
        return Store(SqliteDatabase(path, timeout=30, create=False))

    keeper = (
        SidecarKeeper(path_beside(path), connect) if approximate or (approximate is None and is_installed()) else None
    )
    return MemorySearch(store, model, keeper, 1 if approximate else APPROXIMATE_FROM)
