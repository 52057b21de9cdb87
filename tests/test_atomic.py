from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from textsiam.atomic import atomic_path, flush_to_disk, part_folder, write_atomically

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_bytes_and_text_are_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"\x00\r\n")
    write_atomically(str(tmp_path / "b"), "\u00e9\n")
    assert (tmp_path / "a").read_bytes() == b"\x00\r\n"
    assert (tmp_path / "b").read_bytes() == "\u00e9\n".encode()
    assert names(tmp_path) == ["a", "b"]


def test_the_old_file_is_there_until_the_end(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old", encoding="utf-8")
    with atomic_path(target) as part:
        assert part.parent == target.parent
        part.write_text("new", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "old"
    assert target.read_text(encoding="utf-8") == "new"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failing_writer_leaves_the_old_file_alone(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "file"
    target.write_text("old", encoding="utf-8")

    def write_half() -> None:
        with atomic_path(target) as part:
            part.write_text("half", encoding="utf-8")
            raise error

    with pytest.raises(error):
        write_half()
    assert target.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["file"]


def test_a_failing_writer_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "file"):
        raise RuntimeError
    assert names(tmp_path) == []


def test_text_that_utf8_cannot_hold_leaves_the_old_file_alone(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_atomically(target, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(target, "\ud800")
    assert target.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["file"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        write_atomically(tmp_path / "missing" / "file", "x")


def test_an_error_names_the_target_and_not_the_hidden_file(tmp_path: Path) -> None:
    target = tmp_path / "missing" / "file"
    with pytest.raises(FileNotFoundError) as caught:
        write_atomically(target, "x")
    assert caught.value.filename == str(target)
    assert str(caught.value).endswith(f"{str(target)!r}")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.mkdir()
    with pytest.raises(OSError, match="file") as caught:  # another subclass on Windows
        write_atomically(target, "x")
    assert caught.value.filename == str(target)
    assert ".part" not in str(caught.value)
    assert " -> " not in str(caught.value)
    assert names(tmp_path) == ["file"]


def test_a_part_that_is_gone_is_told_of_the_target(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, atomic_path(tmp_path / "file") as part:
        part.unlink()
    assert caught.value.filename == str(tmp_path / "file")


def test_an_error_that_names_no_file_names_the_target(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="file") as caught, atomic_path(tmp_path / "file"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(tmp_path / "file")


def test_an_error_about_another_file_stays(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, atomic_path(tmp_path / "file"):
        (tmp_path / "input").read_bytes()
    assert caught.value.filename == str(tmp_path / "input")
    with pytest.raises(OSError, match=r"^no number$") as unnumbered, atomic_path(tmp_path / "file"):
        raise OSError("no number")
    assert unnumbered.value.filename is None


WRITE_ON_A_FULL_DISK = """
import resource, signal, sys
from textsiam.atomic import write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    write_atomically(sys.argv[1], bytes(9000))
except OSError as error:
    print(error.filename, error.strerror)
"""


@posix_only
def test_a_full_disk_names_the_target_and_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old", encoding="utf-8")
    command = [sys.executable, "-c", WRITE_ON_A_FULL_DISK, str(target)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == f"{target} File too large\n"
    assert target.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["file"]


@posix_only
def test_the_file_behind_a_link_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "file", tmp_path / "link"
    link.symlink_to(Path("there") / "file")
    for content in ("made", "replaced"):
        write_atomically(link, content)
        assert link.is_symlink()
        assert target.read_text(encoding="utf-8") == content
    assert names(tmp_path) == ["link", "there"]
    assert names(target.parent) == ["file"]


@posix_only
def test_a_link_into_a_missing_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "missing" / "file")
    with pytest.raises(FileNotFoundError) as caught:
        write_atomically(tmp_path / "link", "x")
    assert caught.value.filename == str(tmp_path / "link")


def test_a_folder_that_cannot_be_flushed_does_not_undo_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # some network file systems refuse to flush a folder; none is at hand
    def flush(path: Path) -> None:
        if path.is_dir():
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr("textsiam.atomic.flush_to_disk", flush)
    write_atomically(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "new"


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o755, 0o600])
def test_the_mode_of_the_old_file_is_kept(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "file"
    target.write_text("old", encoding="utf-8")
    target.chmod(mode)
    write_atomically(target, "new")
    assert stat.S_IMODE(target.stat().st_mode) == mode


@posix_only
def test_a_new_file_has_the_mode_that_the_umask_grants(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", "new")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_flush_takes_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    flush_to_disk(tmp_path / "file")
    flush_to_disk(tmp_path)


WRITER = """
import sys
from itertools import count
from textsiam.atomic import write_atomically
for i in count(1):
    write_atomically(sys.argv[1], bytes([i % 251]) * (100_000 + i))
    print(i, flush=True)
"""


def whole(content: bytes) -> bool:
    """Whether the file is one of the writer's, from its first byte to its last."""
    number = len(content) - 100_000
    return number >= 0 and content == bytes([number % 251]) * len(content)


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(bytes(100_000))
    for kill in range(8):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE, text=True)
        with writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "1\n"  # it is in its loop now
            time.sleep(0.0037 * kill)
            writer.kill()
        assert writer.returncode != 0
        assert whole(target.read_bytes()), f"kill {kill} left {target.stat().st_size} bytes"


def test_a_folder_is_whole_before_it_is_renamed(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    with part_folder(target, {"a": b"1", "b": b"\x00"}) as part:
        assert part.parent == tmp_path
        assert {file.name: file.read_bytes() for file in part.iterdir()} == {"a": b"1", "b": b"\x00"}
        assert names(tmp_path) == [part.name]
        part.rename(target)
    assert names(tmp_path) == ["folder"]
    assert names(target) == ["a", "b"]


def test_nothing_is_left_of_a_folder_that_was_not_renamed(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), part_folder(tmp_path / "folder", {"a": b"1", "a/c": b"2"}):
        pytest.fail("a file in a file was written")
    assert names(tmp_path) == []


def test_nothing_is_left_of_a_folder_when_the_work_on_it_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), part_folder(tmp_path / "folder", {"a": b"1"}):
        raise KeyError
    assert names(tmp_path) == []
