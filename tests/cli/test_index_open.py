from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.making_index import make_index, write_rows
from textsiam.errors import DuplicateIndexError

ADDRESS = "postgresql://someone@localhost:1/texts"


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "rows.csv", "--model", "MODEL"),
        ("add", "rows.csv"),
        ("find", "a"),
        ("find", "a", "--model", "MODEL"),
        ("groups", "--out", "g.csv"),
        ("mark", "a", "b", "--same"),
        ("remove", "a"),
        ("export", "--out", "e.csv"),
        ("check",),
        ("compact",),
        ("reencode", "--model", "MODEL"),
    ],
)
def test_an_address_is_no_path(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    opened: list[object] = []

    def refuse(location: str | Path, *_: object, **__: object) -> textsiam.DuplicateIndex:
        opened.append(location)
        raise DuplicateIndexError("no server answers")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(textsiam.DuplicateIndex, "open", refuse)
    write_rows(tmp_path / "rows.csv")
    command, *rest = (str(model_folder) if argument == "MODEL" else argument for argument in arguments)
    result = run("index", command, ADDRESS, *rest)
    assert result.code == 2
    assert result.err.splitlines()[-1] == "textsiam: no server answers"
    assert set(opened) == {ADDRESS}
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_the_folder_of_the_model_is_written_when_it_is_another_one(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(model_folder)
    index = make_index(run, tmp_path, Path("link"))
    with textsiam.DuplicateIndex.open(index) as opened:
        assert opened.model_folder == str(model_folder.resolve())
    before = index.read_bytes()
    assert run("index", "find", index, "apple", "--model", "link").code == 0
    assert index.read_bytes() == before


def test_a_model_that_is_given_to_look_is_not_named_in_the_place_of_another(
    run: Run, tmp_path: Path, model_folder: Path
) -> None:
    index = make_index(run, tmp_path, model_folder)
    copy = shutil.copytree(model_folder, tmp_path / "copy")
    assert run("index", "find", index, "apple", "--model", copy).code == 0
    with textsiam.DuplicateIndex.open(index) as opened:
        assert opened.model_folder == str(model_folder.resolve())
