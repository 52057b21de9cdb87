"""Writes that are beside, flushed, then renamed: a kill at any moment leaves the old file or the new one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Give a path beside ``target`` to write to; on success it is flushed and renamed, on failure removed."""
    target = Path(target)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        yield part
        _copy_mode(part, target)
        flush_to_disk(part)
        part.replace(target)
        flush_to_disk(target.parent)
    finally:
        part.unlink(missing_ok=True)


def write_atomically(target: str | Path, content: bytes | str) -> None:
    """Write a whole file so that it is either there complete or not there."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with atomic_path(target) as part:
        part.write_bytes(data)


def flush_to_disk(path: Path) -> None:
    """fsync a file, or a folder where the system allows it (Windows does not open folders)."""
    if path.is_dir() and os.name == "nt":
        return
    # Windows refuses to flush a handle that cannot write; POSIX refuses to open a folder for writing.
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_mode(part: Path, target: Path) -> None:
    """Give the new file the mode of the one it replaces, or what the umask grants, instead of mkstemp's 0600."""
    if target.exists():
        part.chmod(target.stat().st_mode & 0o777)
        return
    mask = os.umask(0)
    os.umask(mask)
    part.chmod(0o666 & ~mask)
