"""A new folder of several files, complete or not there at all; nothing that stands in its place is replaced."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from textsiam.atomic import part_folder, replace_folder
from textsiam.errors import ModelFolderError


def check_free(folder: Path) -> None:
    """Raise ModelFolderError unless ``folder`` is empty, or not there and not below a file."""
    try:
        if folder.is_dir():
            held = next(folder.iterdir(), None)
            if held is not None:
                raise ModelFolderError(
                    f"{folder} is not empty, it holds {held.name}; give another folder, or remove it first"
                )
        elif folder.exists() or folder.is_symlink():
            raise ModelFolderError(f"{folder} is a file, expected a folder that is not there yet; give another one")
        else:
            above = next((one for one in folder.absolute().parents if one.exists()), folder)
            if above.is_file():
                raise ModelFolderError(
                    f"{folder} could not be written: {above} is a file, expected a folder; give another one"
                )
    except OSError as error:
        raise _refused(folder, error) from error


def write_new_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` ("name" or "inner/name") as ``folder``, beside, flushed, then renamed.

    Raises ModelFolderError where ``check_free`` does, or the disk refuses.
    """
    check_free(folder)
    try:
        place = folder.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        with part_folder(place, files) as part:
            if place.exists():
                part.chmod(place.stat().st_mode & 0o777)
                place.rmdir()  # which refuses, should something stand in it by now
            replace_folder(part, place)
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(folder: Path, error: OSError) -> ModelFolderError:
    return ModelFolderError(f"{folder} could not be written: {error.strerror or os.strerror(error.errno or 0)}")
