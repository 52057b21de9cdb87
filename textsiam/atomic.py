"""Writes that are beside, flushed, then renamed: a kill at any moment leaves the old file or the new one."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Give a path beside ``target`` to write to; on success it is flushed and renamed, on failure removed.

    Where ``target`` is a link, the file that it leads to is replaced. An OSError of writing names ``target``.
    """
    place = Path(target)
    if place.is_symlink():
        place = place.resolve()
    part: Path | None = None
    try:
        part = _part_beside(place)
        yield part
        _copy_mode(part, place)
        flush_to_disk(part)
        part.replace(place)
        with suppress(OSError):  # the file is in its place: saying now that it failed would be wrong
            flush_to_disk(place.parent)
    except OSError as error:
        _name_target(error, target, place)
        raise
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def write_atomically(target: str | Path, content: bytes | str) -> None:
    """Write a whole file so that it is either there complete or not there."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with atomic_path(target) as part:
        part.write_bytes(data)


@contextmanager
def part_folder(folder: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """Give a hidden folder beside ``folder`` that holds ``files``, flushed, to rename; else it is removed.

    A name may lead through folders ("inner/name"), which are made.
    """
    part = folder.parent / f"{_hidden_prefix(folder)}{secrets.token_hex(4)}.part"
    part.mkdir()
    try:
        for name, content in files.items():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            (part / name).write_bytes(content)
            flush_to_disk(part / name)
        for inner in {part, *((part / name).parent for name in files)}:
            flush_to_disk(inner)
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def replace_folder(part: Path, folder: Path) -> None:
    """Put ``part`` in the place of ``folder``, with its mode; between two renames ``standing`` finds the old one."""
    previous = _previous(folder)
    if folder.exists():
        part.chmod(folder.stat().st_mode & 0o777)
        shutil.rmtree(previous, ignore_errors=True)
        folder.rename(previous)
    try:
        part.rename(folder)
    except OSError:
        if previous.exists() and not folder.exists():
            previous.rename(folder)
        raise
    with suppress(OSError):  # the folder is in its place: saying now that it failed would be wrong
        flush_to_disk(folder.parent)
    shutil.rmtree(previous, ignore_errors=True)


def standing(folder: Path) -> Path:
    """Give the folder, or the old one if a kill fell between the two renames of ``replace_folder``."""
    previous = _previous(folder)
    return previous if not folder.exists() and previous.is_dir() else folder


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


def _previous(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.previous"


def _part_beside(place: Path) -> Path:
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=_hidden_prefix(place), suffix=".part")
    os.close(handle)
    return Path(name)


def _hidden_prefix(place: Path) -> str:
    return f".{place.name}."


def _name_target(error: OSError, target: str | Path, place: Path) -> None:
    """Let ``error`` name ``target`` where it names the hidden file, or (a full disk, while writing) no file at all."""
    hidden = error.filename is not None and Path(str(error.filename)).name.startswith(_hidden_prefix(place))
    if error.errno is not None and (error.filename is None or hidden):
        error.filename = str(target)
        if error.filename2 is not None:  # of a rename: the target, already named
            del error.filename2


def _copy_mode(part: Path, target: Path) -> None:
    """Give the new file the mode of the one it replaces, or what the umask grants, instead of mkstemp's 0600."""
    if target.exists():
        part.chmod(target.stat().st_mode & 0o777)
        return
    mask = os.umask(0)
    os.umask(mask)
    part.chmod(0o666 & ~mask)
