from __future__ import annotations

from pathlib import Path

import pytest

from textsiam.errors import ModelFolderError
from textsiam.integrations.sentence_transformers.new_folder import write_new_folder


def test_files_stand_in_their_folders(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "one"
    write_new_folder(folder, {"a.json": b"1", "0_Inner/b.json": b"2"})
    assert (folder / "a.json").read_bytes() == b"1"
    assert (folder / "0_Inner" / "b.json").read_bytes() == b"2"
    assert [path.name for path in folder.parent.iterdir()] == ["one"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write_new_folder(tmp_path / "empty", {})
    write_new_folder(tmp_path / "empty", {"a": b"1"})
    assert (tmp_path / "empty" / "a").read_bytes() == b"1"


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_bytes(b"mine")
    with pytest.raises(ModelFolderError, match=r"full is not empty, it holds mine\.txt"):
        write_new_folder(tmp_path / "full", {"a": b"1"})
    with pytest.raises(ModelFolderError, match="file is a file, expected a folder"):
        write_new_folder(tmp_path / "file", {"a": b"1"})
    for inner in ("inner", "inner/most"):
        with pytest.raises(
            ModelFolderError, match=r"inner.* could not be written: .*file is a file, expected a folder"
        ):
            write_new_folder(tmp_path / "file" / inner, {"a": b"1"})
    assert (tmp_path / "full" / "mine.txt").read_bytes() == (tmp_path / "file").read_bytes() == b"mine"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ModelFolderError, match="could not be written: No space left"):
        write_new_folder(tmp_path / "new", {"a": b"1"})
    assert list(tmp_path.iterdir()) == []
