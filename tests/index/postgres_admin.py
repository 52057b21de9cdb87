"""What an administrator does in the server of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


@contextmanager
def as_administrator(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url.partition("&schema=")[0], autocommit=True) as connection:
        yield connection


def end_connections(url: str) -> None:
    """End those of indexes, as a server that is started again does."""
    with as_administrator(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND application_name = 'textsiam'"
        )
