from __future__ import annotations

import dataclasses
import errno
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from textsiam.errors import ModelFolderError
from textsiam.model.architecture import Architecture
from textsiam.model.folder import FORMAT, MANIFEST, check_target, read_folder, write_folder

FILES = {
    "config.json": b'{"architecture": {}}',
    "weights.safetensors": bytes(range(256)) * 40,
    "vocabulary.model": b"\x00proto\xff",
    "calibration.json": b"{}",
    "README.md": "a card, é\n".encode(),
    "train.toml": b"",
}
OTHERS = {**{name: content + b"?" for name, content in FILES.items()}, "notes.txt": b"of the second model"}
on_posix = pytest.mark.skipif(os.name == "nt", reason="POSIX modes, signals and limits")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder that holds FILES."""
    write_folder(tmp_path / "model", FILES)
    return tmp_path / "model"


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / MANIFEST).read_bytes())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refusal(folder: Path) -> str:
    """Read a folder that cannot be read, and give the one line that says why."""
    with pytest.raises(ModelFolderError) as caught:
        read_folder(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    return str(caught.value)


def test_what_was_written_is_read(folder: Path) -> None:
    assert read_folder(folder) == FILES
    assert read_folder(str(folder)) == FILES
    manifest = json.loads((folder / MANIFEST).read_bytes())
    assert manifest["format"] == FORMAT
    assert list(manifest["files"]) == list(FILES)


def test_nothing_is_left_beside_the_folder(folder: Path) -> None:
    write_folder(folder, OTHERS)
    assert names_in(folder.parent) == [folder.name]


def test_missing_parents_are_made(tmp_path: Path) -> None:
    write_folder(str(tmp_path / "a" / "b" / "model"), FILES)
    assert read_folder(tmp_path / "a" / "b" / "model") == FILES


def test_an_earlier_model_is_replaced_whole(folder: Path) -> None:
    write_folder(folder, OTHERS)
    assert read_folder(folder) == OTHERS
    write_folder(folder, FILES)
    assert read_folder(folder) == FILES
    assert not (folder / "notes.txt").exists()


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write_folder(tmp_path, FILES)
    assert read_folder(tmp_path) == FILES


@pytest.mark.parametrize("missing", [*FILES, MANIFEST])
def test_a_missing_file_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    assert "cut short" in refusal(folder)
    assert missing in refusal(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "is not there, expected a model folder" in refusal(tmp_path / "nothing")


def test_a_file_is_no_folder(folder: Path) -> None:
    assert "config.json is a file, expected a model folder; were the arguments swapped?" in refusal(
        folder / "config.json"
    )


@pytest.mark.parametrize("name", ["weights.safetensors", "README.md"])
def test_a_file_that_was_cut_short_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(FILES[name][:-1])
    assert f"{name} has {len(FILES[name]) - 1} bytes, expected {len(FILES[name])}" in refusal(folder)


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name]])
def test_an_altered_byte_is_found(folder: Path, name: str) -> None:
    altered = bytearray(FILES[name])
    altered[len(altered) // 2] ^= 1
    (folder / name).write_bytes(altered)
    assert f"was altered: {name} has another sha256" in refusal(folder)


def test_a_folder_in_the_place_of_a_file_cannot_be_read(folder: Path) -> None:
    (folder / "README.md").unlink()
    (folder / "README.md").mkdir()
    assert "cannot be read: README.md" in refusal(folder)


def test_every_part_of_an_architecture_is_of_this_format() -> None:
    # an earlier textsiam would take a folder with a part that it does not know for an altered one
    parts = "encoder dim units layers bidirectional pooling widths attention_heads weighting ngrams buckets head"
    known = {5: [*parts.split(), "head_units", "alignment_units", "max_tokens"]}
    assert [field.name for field in dataclasses.fields(Architecture)] == known[FORMAT]


@pytest.mark.parametrize("files", [None, [], {}, {"weights.bin": "sha512"}])
def test_a_newer_format_says_upgrade_whatever_else_it_changed(folder: Path, files: object) -> None:
    change_manifest(folder, lambda manifest: manifest.update(format=FORMAT + 1, files=files))
    assert f"has model format {FORMAT + 1}, this textsiam reads up to {FORMAT}; upgrade textsiam" in refusal(folder)


@pytest.mark.parametrize(
    "name", ["../config.json", "/etc/passwd", "sub/file", "..", ".", "", "a\0b", "\ud800", "sub/", "./config.json"]
)
def test_a_manifest_that_names_a_path_outside_is_refused(folder: Path, name: str) -> None:
    entry = {"bytes": 1, "sha256": "0" * 64}
    change_manifest(folder, lambda manifest: manifest["files"].update({name: entry}))
    assert f"{MANIFEST} names {name!r}, which is no file inside of it" in refusal(folder)


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "vocabulary.model", "calibration.json"])
def test_a_manifest_must_list_what_a_model_needs(folder: Path, name: str) -> None:
    change_manifest(folder, lambda manifest: manifest["files"].pop(name))
    assert f"does not list {name}" in refusal(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"{}",
        b'"format"',
        b'{"format": null, "files": {}}',
        b'{"format": Infinity, "files": {}}',
        b'{"format": NaN, "files": {}}',
        b'{"format": 1}',
        b'{"format": 1, "files": null}',
        b'{"format": 1, "files": [1]}',
        b'{"format": 1, "files": {"config.json": null}}',
        b'{"format": 1, "files": {"config.json": {"bytes": 3}}}',
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:40]),
)
def test_a_garbage_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    assert f"was altered: {MANIFEST} cannot be understood" in refusal(folder)


def test_a_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("mine", encoding="utf-8")
    with pytest.raises(ModelFolderError, match="is a file, expected a folder"):
        write_folder(tmp_path / "model", FILES)
    assert (tmp_path / "model").read_text(encoding="utf-8") == "mine"
    assert names_in(tmp_path) == ["model"]


def test_a_file_in_the_place_of_a_parent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for target in (tmp_path / "file" / "model", tmp_path / "file" / "sub" / "model"):
        with pytest.raises(ModelFolderError, match="file is a file, expected a folder"):
            check_target(target)
        with pytest.raises(ModelFolderError, match="could not be saved"):
            write_folder(target, FILES)
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize("spelled", [".", "", "../model", pytest.param("../link", marks=on_posix)])
@pytest.mark.parametrize("content", ["a model", "nothing"])
def test_the_current_working_directory_is_refused_early(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spelled: str, content: str
) -> None:
    if spelled == "../link":
        (folder.parent / "link").symlink_to(folder, target_is_directory=True)
    if content == "nothing":
        for path in folder.iterdir():
            path.unlink()
    before = names_in(folder)
    monkeypatch.chdir(folder)
    with pytest.raises(ModelFolderError, match="is the current working directory, which no model can replace"):
        check_target(Path(spelled))
    with pytest.raises(ModelFolderError, match="is the current working directory"):
        write_folder(spelled, OTHERS)
    assert names_in(folder) == before


def test_a_model_is_saved_from_a_folder_by_a_relative_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "here").mkdir()
    monkeypatch.chdir(folder.parent / "here")
    write_folder("../model", OTHERS)
    write_folder("../other/../third", FILES)
    assert read_folder(folder) == OTHERS
    assert read_folder(folder.parent / "third") == FILES
    assert names_in(folder.parent) == ["here", "model", "third"]


def test_a_mount_point_is_refused() -> None:
    with pytest.raises(ModelFolderError, match="is a mount point, which no model can replace; give a folder inside"):
        check_target(Path(Path.cwd().anchor))


def test_a_parent_that_cannot_be_flushed_is_no_failure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flush(path: Path) -> None:
        if path == folder.parent:
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("textsiam.atomic.flush_to_disk", flush)
    write_folder(folder, OTHERS)
    assert read_folder(folder) == OTHERS
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_parent_that_is_not_writable_is_refused_early(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the real call says yes to root, whom tests may run as, and on Windows
    asked = []

    def access(path: Path, mode: int) -> bool:
        asked.append((path, mode))
        return False

    monkeypatch.setattr("textsiam.model.folder.os.access", access)
    for target in (folder, folder.parent / "new" / "model"):
        with pytest.raises(ModelFolderError, match="is not writable; give another --out") as caught:
            check_target(target)
        assert f"{target} could not be saved: the folder {folder.parent} " in str(caught.value)
    assert asked == [(folder.parent, os.W_OK | os.X_OK)] * 2
    assert names_in(folder.parent) == ["model"]


@pytest.mark.parametrize(
    "foreign",
    [
        {"notes.txt": b"mine"},
        {MANIFEST: b'{"name": "my browser extension"}', "background.js": b"1"},
        {MANIFEST: b"{}"},
        {MANIFEST: b'{"format": 1, "files": {}}', "a": b""},
    ],
    ids=["no manifest", "another program's manifest", "an empty manifest", "a model without files"],
)
def test_foreign_files_are_not_overwritten(tmp_path: Path, foreign: dict[str, bytes]) -> None:
    for name, content in foreign.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFolderError, match="holds files that are not a model's, such as"):
        write_folder(tmp_path, FILES)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == foreign


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_file_that_somebody_put_beside_a_model_is_not_lost(folder: Path, kind: str) -> None:
    stray = folder / "my measurements"
    stray.mkdir() if kind == "folder" else stray.write_bytes(b"1")
    with pytest.raises(ModelFolderError, match="such as my measurements; give another --out, or move them away"):
        check_target(folder)
    with pytest.raises(ModelFolderError, match="such as my measurements"):
        write_folder(folder, OTHERS)
    assert stray.exists()
    assert read_folder(folder) == FILES


def test_what_a_file_browser_leaves_is_nobodys(folder: Path) -> None:
    (folder / ".DS_Store").write_bytes(b"\x00")
    write_folder(folder, OTHERS)
    assert read_folder(folder) == OTHERS


def test_a_model_that_lost_a_file_can_be_replaced(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    write_folder(folder, OTHERS)
    assert read_folder(folder) == OTHERS


def test_a_kill_between_the_two_renames_leaves_the_old_model(folder: Path) -> None:
    folder.rename(folder.parent / f".{folder.name}.previous")
    assert read_folder(folder) == FILES
    write_folder(folder, OTHERS)
    assert read_folder(folder) == OTHERS
    assert names_in(folder.parent) == [folder.name]


def test_a_kill_before_the_old_model_was_removed_leaves_the_new_one(folder: Path) -> None:
    write_folder(folder.parent / f".{folder.name}.previous", OTHERS)
    assert read_folder(folder) == FILES
    write_folder(folder, OTHERS)
    assert names_in(folder.parent) == [folder.name]


@on_posix
def test_a_link_keeps_leading_to_the_folder(folder: Path) -> None:
    link = folder.parent / "current"
    link.symlink_to(folder, target_is_directory=True)
    for files in (OTHERS, FILES):
        write_folder(link, files)
        assert link.is_symlink()
        assert read_folder(link) == read_folder(folder) == files
    assert names_in(folder.parent) == ["current", "model"]


@on_posix
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o755), (0o077, 0o700)])
def test_a_new_folder_follows_the_umask_and_a_replaced_one_keeps_its_mode(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_folder(tmp_path / "model", FILES)
        assert (tmp_path / "model").stat().st_mode & 0o777 == mode
        (tmp_path / "model").chmod(0o750)
        write_folder(tmp_path / "model", OTHERS)
    finally:
        os.umask(before)
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o750


SAVE_IN_TURN = """
import sys
from textsiam.model.folder import write_folder
content = [dict.fromkeys(sys.argv[2:], mark * 200_000) for mark in (b"A", b"B")]
while True:
    for files in content:
        print("saving", flush=True)
        write_folder(sys.argv[1], files)
"""


NAMES = ["config.json", "weights.safetensors", "vocabulary.model", "calibration.json"]
MODEL_A, MODEL_B = (dict.fromkeys(NAMES, mark * 200_000) for mark in (b"A", b"B"))


def start_saving(folder: Path) -> subprocess.Popen[bytes]:
    """Start a process that saves MODEL_A and MODEL_B in turn; each line that it prints begins a save."""
    return subprocess.Popen([sys.executable, "-c", SAVE_IN_TURN, folder, *NAMES], stdout=subprocess.PIPE)


@on_posix
def test_a_kill_at_any_moment_leaves_one_model_or_the_other(tmp_path: Path) -> None:
    folder, moments, found = tmp_path / "model", random.Random(7), []
    write_folder(folder, MODEL_A)
    for _ in range(20):
        with start_saving(folder) as saving:
            assert saving.stdout is not None
            saving.stdout.readline()
            for _ in range(moments.randrange(1, 4)):
                started = time.monotonic()
                saving.stdout.readline()
            time.sleep(moments.uniform(0, 1) * (time.monotonic() - started))
            saving.kill()
        found.append(read_folder(folder))
    assert [files for files in found if files not in (MODEL_A, MODEL_B)] == []
    assert MODEL_A in found
    assert MODEL_B in found


@on_posix
def test_a_reader_gets_one_model_or_the_other_while_it_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_folder(folder, MODEL_A)
    with start_saving(folder) as saving:
        assert saving.stdout is not None
        saving.stdout.readline()
        try:
            found = [read_folder(folder) for _ in range(100)]
        finally:
            saving.kill()
    assert [files for files in found if files not in (MODEL_A, MODEL_B)] == []


SAVE_ON_A_FULL_DISK = """
import resource, signal, sys
from textsiam.errors import ModelFolderError
from textsiam.model.folder import write_folder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    write_folder(sys.argv[1], {"config.json": b"1", "weights.safetensors": bytes(9000)})
except ModelFolderError as error:
    print(error)
"""


@on_posix
def test_a_full_disk_leaves_the_old_model(folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SAVE_ON_A_FULL_DISK, folder], capture_output=True, text=True, check=True, timeout=60
    )
    reason = "File too large; what was there before is unchanged"
    assert run.stdout.splitlines() == [f"{folder} could not be saved: {reason}"]
    assert read_folder(folder) == FILES
    assert names_in(folder.parent) == [folder.name]
