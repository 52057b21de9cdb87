from __future__ import annotations

from pathlib import Path

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
