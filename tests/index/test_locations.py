from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.index.conftest import Place
from textsiam.errors import DuplicateIndexError, OptionError
from textsiam.index.locations import open_location
from textsiam.index.postgres import PostgresDatabase
from textsiam.index.sqlite import SqliteDatabase


def test_a_location_tells_the_kind_of_database(place: Place) -> None:
    with pytest.raises(DuplicateIndexError):
        open_location(place, approximate=None, timeout=1, create=False)
    database, _ = open_location(place, approximate=None, timeout=1, create=True)
    assert type(database) is (SqliteDatabase if isinstance(place, Path) else PostgresDatabase)
    database.close()
    open_location(place, approximate=None, timeout=1, create=False)[0].close()


def test_other_servers_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        OptionError, match=r"location has the scheme 'mysql', expected postgresql://\.\.\., or the path"
    ):
        open_location("mysql://h/db", approximate=None, timeout=1, create=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("timeout", [-1, -0.5, float("nan"), float("-inf"), True, "x", "5", None, 1j])
@pytest.mark.parametrize("location", ["i.db", "postgresql://127.0.0.1:1/x"])
def test_what_is_no_time_to_wait_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str, timeout: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match=rf"^timeout is {re.escape(repr(timeout))}, expected seconds, 0 or more$"):
        open_location(location, approximate=None, timeout=timeout, create=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "timeout", [0, 0.25, 1e7, float("inf"), pytest.param(10**400, id="huge"), np.float32(2), np.int64(3)]
)
def test_the_time_to_wait_can_be_as_long_as_wanted(place: Place, timeout: float) -> None:
    for create in (True, False):
        database, _ = open_location(place, approximate=None, timeout=timeout, create=create)
        with database.writing():
            list(database.rows("SELECT 1"))
        database.close()
