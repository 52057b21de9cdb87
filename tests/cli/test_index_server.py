"""The commands on an index that a PostgreSQL server keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.making_index import ROWS, write_rows
from tests.index.postgres_server import running_server

pytestmark = pytest.mark.xdist_group("postgres")  # one process starts the server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_server() as url:
        yield url


def test_settings_are_given_to_an_index_that_is_not_there_yet(
    run: Run, server: str, tmp_path: Path, model_folder: Path
) -> None:
    rows, place = write_rows(tmp_path / "rows.csv"), f"{server}&schema=new"
    added = run("index", "add", place, rows, "--model", model_folder, "--threshold", 0.95, "--linkage", "complete")
    assert added.code == 0, added.err
    assert "5 new, 0 replaced, 0 unchanged" in added.err
    assert "are kept from now on" not in added.err  # nothing was before
    with textsiam.DuplicateIndex.open(place, create=False) as index:
        assert (index.threshold, index.linkage) == (0.95, "complete")
        assert set(index.keys()) == {key for key, *_ in ROWS}
    again = run("index", "add", place, rows, "--threshold", 0.875)
    assert again.code == 0, again.err
    assert "threshold 0.8750 and linkage complete are kept from now on" in again.err
    assert "(before 0.9500 and complete)" in again.err


def test_what_is_wrong_with_a_server_is_told_though_settings_are_given(
    run: Run, tmp_path: Path, model_folder: Path
) -> None:
    rows, place = write_rows(tmp_path / "rows.csv"), f"postgresql://postgres@/postgres?host={tmp_path}"
    added = run("index", "add", place, rows, "--model", model_folder, "--threshold", 0.95)
    assert added.code == 2
    assert str(tmp_path) in added.err.splitlines()[-1]
