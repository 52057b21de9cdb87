"""Files and model folders that commands write, checked before any work is done."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textsiam.errors import OptionError
from textsiam.model.folder import MANIFEST


def check_new(path: Path, option: str, *, overwrite: bool, inputs: Iterable[Path] = ()) -> None:
    """Raise OptionError where ``option`` names a file that cannot be made, or must not; see the two checks below."""
    check_place(path, option)
    check_free(path, option, overwrite=overwrite, inputs=inputs)


def check_no_model(folder: Path, *, overwrite: bool) -> None:
    """Raise OptionError where ``folder``, as --out gives it, holds a model that is not to be overwritten."""
    if (folder / MANIFEST).exists() and not overwrite:
        raise OptionError(f"--out {folder} holds a model; give another folder, or --overwrite to replace it")


def check_place(path: Path, option: str) -> None:
    """Raise OptionError where ``path`` is a folder, or stands in none."""
    if path.is_dir():
        raise OptionError(f"{option} {path} is a folder, expected a file")
    if not path.parent.is_dir():
        raise OptionError(f"{option} {path}: there is no folder {path.parent}; make it first")


def check_free(path: Path, option: str, *, overwrite: bool, inputs: Iterable[Path] = ()) -> None:
    """Raise OptionError where ``path`` is one of the ``inputs``, or is there already and not to be overwritten."""
    for given in inputs:
        if path.exists() and given.exists() and path.samefile(given):
            raise OptionError(f"{option} is the input {given}; give another file")
    if path.exists() and not overwrite:
        raise OptionError(f"{option} {path} is there already; give another file, or --overwrite to replace it")
