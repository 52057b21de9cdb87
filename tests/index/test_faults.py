"""What an index must survive: kills, full disks, broken files, and many processes at once."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.index.conftest import MakeModel
from tests.index.writer import BATCH, rows_of
from textsiam import DuplicateIndex, DuplicateIndexError, PairModel
from textsiam.index.sqlite import SqliteDatabase

KILLS = 50


@pytest.fixture(scope="module")
def folder(make_model: MakeModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("model") / "model"
    make_model("cosine").save(found)
    return found


def start(place: Path, folder: Path, name: str, first: int, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.index.writer", str(place), str(folder), name, str(first), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Log:
    """What a writer has said that it finished."""

    def __init__(self) -> None:
        self.added: set[int] = set()
        self.removed: set[int] = set()

    def read(self, lines: str) -> None:
        for line in lines.splitlines():
            what, *batch = line.split()
            {"added": self.added, "removed": self.removed}.get(what, set()).update(map(int, batch))

    def check(self, index: DuplicateIndex, name: str) -> None:
        """Batches are there whole or not at all; what was acknowledged is."""
        keys = set(index.keys())
        for batch in range(max(self.added, default=0) + 2):
            there = sum(key in keys for key, _ in rows_of(name, batch))
            assert there in (0, BATCH), f"batch {batch} is half there: {there}"
            if batch in self.removed:
                assert there == 0, f"batch {batch} was removed, and is there"
            # the removal that a kill cut off may have been done
            elif batch in self.added and not (batch % 3 == 0 and batch + 2 in self.added):
                assert there == BATCH, f"batch {batch} was added, and is lost"


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing(folder: Path, tmp_path: Path) -> None:
    place, model, log = tmp_path / "x.db", PairModel.load(folder), Log()
    chance = random.Random(5)
    following = 0
    for kill in range(KILLS):
        process = start(place, folder, "w", following, 60)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.25))
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
        log.read(out)
        with DuplicateIndex.open(place, model) as index:
            assert index.check().problems == (), f"after kill {kill}"
            log.check(index, "w")
            kept = next((key for key in index.keys() if key.startswith("w-")), None)  # noqa: SIM118 - no dict
            if kept is not None:
                assert index.find(index[kept].text, limit=1)[0].probability == 1
        following = max(log.added, default=-1) + 2
    assert len(log.added) > KILLS
    assert len(log.removed) > KILLS / 5


@pytest.mark.slow
def test_two_writers_and_four_readers_for_a_minute(folder: Path, tmp_path: Path) -> None:
    place, seconds = tmp_path / "x.db", 60
    with DuplicateIndex.open(place, PairModel.load(folder)) as index:
        index.add_many(rows_of("kept", 0))
    reading = (
        "import sys, time; from textsiam import DuplicateIndex, PairModel\n"
        "index = DuplicateIndex.open(sys.argv[1], PairModel.load(sys.argv[2], threads=1))\n"
        f"end, found = time.monotonic() + {seconds}, 0\n"
        "while time.monotonic() < end:\n"
        "    assert index.find('kept text 0 3 red', limit=1)[0].key == 'kept-0-3'\n"
        "    assert len(index) % 10 == 0\n"
        "    matches = index.find('a text 3 3 red', limit=None, threshold=0.2)\n"
        "    assert all(match.key.split('-')[0] in ('a', 'b', 'kept') for match in matches)\n"
        "    found += 1\n"
        "print(found)\n"
    )
    writers = [start(place, folder, name, 0, seconds) for name in "ab"]
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", reading, str(place), str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for reader in readers:
        out, err = reader.communicate()
        assert (reader.returncode, err) == (0, "")
        assert int(out) > 20
    logs = {}
    for name, writer in zip("ab", writers, strict=True):
        out, err = writer.communicate()
        assert (writer.returncode, err) == (0, "")
        logs[name] = Log()
        logs[name].read(out)
        assert len(logs[name].added) > 20
    with DuplicateIndex.open(place, PairModel.load(folder)) as index:
        assert index.check().problems == ()
        for name, log in logs.items():
            log.check(index, name)
            assert log.removed == {batch for batch in range(max(log.added) - 1) if batch % 3 == 0}
        assert len(index) == BATCH * (1 + sum(len(log.added) - len(log.removed) for log in logs.values()))


def test_a_full_disk_loses_nothing(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "x.db"
    with DuplicateIndex.open(place, PairModel.load(folder)) as index:
        index.add_many(rows_of("w", 0))
        database = index._session.database
        assert isinstance(database, SqliteDatabase)
        connection = database._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(DuplicateIndexError, match=r"x.db: the disk is full; nothing of this was written"):
            index.add_many([row for batch in range(1, 200) for row in rows_of("w", batch)])
        assert index.keys() == sorted(key for key, _ in rows_of("w", 0))
        connection.execute("PRAGMA max_page_count = 1000000")
        index.add_many(rows_of("w", 1))
        assert index.check().problems == ()
        assert len(index) == 2 * BATCH


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX's")
def test_a_limit_of_file_sizes_loses_nothing(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "x.db"
    with DuplicateIndex.open(place, PairModel.load(folder)) as index:
        index.add_many(rows_of("w", 0))
    script = (
        "import resource, sys; from textsiam import DuplicateIndex, DuplicateIndexError, PairModel\n"
        "from tests.index.writer import rows_of\n"
        "index = DuplicateIndex.open(sys.argv[1], PairModel.load(sys.argv[2]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try:\n"
        "    index.add_many([row for batch in range(1, 500) for row in rows_of('w', batch)])\n"
        "except DuplicateIndexError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(place), str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "nothing of this was written" in told
    with DuplicateIndex.open(place, PairModel.load(folder)) as index:
        assert index.keys() == sorted(key for key, _ in rows_of("w", 0))
        assert index.check().problems == ()


def test_files_that_are_no_index_are_left_alone(folder: Path, tmp_path: Path) -> None:
    model = PairModel.load(folder)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE birds (name TEXT)")
    connection.close()
    text = tmp_path / "text.txt"
    text.write_text("These are no pages of a database.\n" * 100)
    for place, message in (
        (other, "is an SQLite file of another program"),
        (text, "it is no index, but another kind of file"),
        (tmp_path, "is a folder, expected an index file"),
        (tmp_path / "no" / "folder.db", "it cannot be opened; is its folder there, and writable"),
    ):
        before = place.read_bytes() if place.is_file() else None
        with pytest.raises(DuplicateIndexError, match=message):
            DuplicateIndex.open(place, model)
        assert (place.read_bytes() if place.is_file() else None) == before
    with pytest.raises(DuplicateIndexError, match="is not there, expected an index file"):
        DuplicateIndex.open(tmp_path / "new.db")
    with pytest.raises(DuplicateIndexError, match="is not there, expected an index file"):
        DuplicateIndex.open(tmp_path / "new.db", model, create=False)
    assert not (tmp_path / "new.db").exists()


def test_a_newer_format_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    place, model = tmp_path / "x.db", PairModel.load(folder)
    DuplicateIndex.open(place, model).close()
    with sqlite3.connect(place) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DuplicateIndexError, match="has index format 99, this textsiam reads up to 1; upgrade textsiam"):
        DuplicateIndex.open(place, model)


def test_a_broken_file_is_told_of(folder: Path, tmp_path: Path) -> None:
    place, model = tmp_path / "x.db", PairModel.load(folder)
    with DuplicateIndex.open(place, model) as index:
        index.add_many([row for batch in range(200) for row in rows_of("w", batch)])
    whole = place.read_bytes()
    place.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DuplicateIndexError, match=r"x.db: it is broken"):
        read_all(place, model)
    altered = bytearray(whole)
    altered[len(whole) // 2 : len(whole) // 2 + 9000] = b"\x07" * 9000
    place.write_bytes(altered)
    with DuplicateIndex.open(place, model) as index, pytest.raises(DuplicateIndexError, match=r"x.db: it is broken"):
        index.check()


def read_all(place: Path, model: PairModel) -> None:
    with DuplicateIndex.open(place, model) as index:
        index.find("red")
        index.keys()


def test_vectors_of_another_length_are_told_of(folder: Path, tmp_path: Path) -> None:
    place, model = tmp_path / "x.db", PairModel.load(folder)
    with DuplicateIndex.open(place, model) as index:
        index.add_many(rows_of("w", 0))
        database = index._session.database
        assert isinstance(database, SqliteDatabase)
        list(database.rows("UPDATE texts SET vector = ? WHERE id = 3", (b"1234",)))
        with pytest.raises(DuplicateIndexError, match="is broken: its vectors differ in length"):
            index.find("red")


def test_an_empty_file_is_left_as_it_is(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "x.db"
    place.touch()
    with pytest.raises(DuplicateIndexError, match=r"x.db is empty, expected an index"):
        DuplicateIndex.open(place, PairModel.load(folder), create=False)
    assert place.stat().st_size == 0
