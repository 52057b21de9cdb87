"""Files that commands write."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textsiam.errors import OptionError


def check_new(path: Path, option: str, *, overwrite: bool, inputs: Iterable[Path] = ()) -> None:
    """Raise OptionError, before any work is done, where ``path`` is a folder, has none, or is there already.

    Nor may it be one of the ``inputs``, to be overwritten or not.
    """
    for given in inputs:
        if path.exists() and given.exists() and path.samefile(given):
            raise OptionError(f"{option} {path} is an input; give another file")
    if path.is_dir():
        raise OptionError(f"{option} {path} is a folder, expected a file")
    if not path.parent.is_dir():
        raise OptionError(f"{option} {path}: there is no folder {path.parent}; make it first")
    if path.exists() and not overwrite:
        raise OptionError(f"{option} {path} is there already; give another file, or --overwrite to replace it")
