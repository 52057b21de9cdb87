from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from textsiam.atomic import atomic_path, flush_to_disk, write_atomically

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
