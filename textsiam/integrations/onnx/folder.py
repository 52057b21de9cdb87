"""The folder of an export: files, and config.json, which has a checksum of each and of itself."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from textsiam.atomic import part_folder, replace_folder, standing
from textsiam.errors import ModelFolderError
from textsiam.model.folder import as_json, check_parent, check_replaceable, saving

CONFIG, VOCABULARY, CARD, SUFFIX = "config.json", "vocabulary.model", "README.md", ".onnx"
KIND, FORMAT = "textsiam-onnx", 1


def check_target(folder: Path, names: Collection[str]) -> None:
    """Raise ModelFolderError unless an export of files with these names can be written as ``folder``.

    It must be free, empty or an earlier export; what else stands in that stays, so it must have other names.
    """
    with saving(folder):
        place = folder.resolve()
        if place.exists():
            if not place.is_dir():
                raise ModelFolderError(f"{folder} is a file, expected a folder for an ONNX export")
            check_replaceable(folder, place, "ONNX export")
        check_parent(folder, place)
        taken = _others(folder, place).intersection(names)
    if taken:
        raise ModelFolderError(
            f"{folder} holds {min(taken)}, which is not of the earlier export; move it away, or give another folder"
        )


def write_export(folder: Path, files: Mapping[str, bytes], config: Mapping[str, Any]) -> dict[str, bytes]:
    """Write an export as ``folder``, and give its files; an earlier one stays until the new one is complete.

    What else stands there is carried over. Raises ModelFolderError as ``check_target`` does, or if the disk refuses.
    """
    check_target(folder, files.keys())
    described = {**config, "files": {name: _entry(content) for name, content in files.items()}}
    whole = {**files, CONFIG: as_json({**described, "sha256": _checksum(described)})}
    with saving(folder):
        place = folder.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        with part_folder(place, whole) as part:
            for name in _others(folder, place):
                _carry_over(standing(place) / name, part / name)
            replace_folder(part, place)
    return whole


def read_export(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Give what config.json says, and the files by name.

    Raises ModelFolderError for a folder that is missing, altered or too new.
    """
    try:
        place = standing(folder)
    except OSError as error:
        raise ModelFolderError(f"{folder} cannot be read: {error.strerror}") from error
    config = _read_config(folder, place)
    if config is None:
        raise ModelFolderError(f"{folder} is no ONNX export, as export_onnx writes them")
    return config, {name: _read_checked(folder, place / name, entry) for name, entry in config["files"].items()}


def _read_config(folder: Path, place: Path) -> dict[str, Any] | None:
    """Read what the export at ``place`` says of itself; None where there is none. Messages say ``folder``."""
    try:
        config = json.loads((place / CONFIG).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
    except OSError as error:
        raise ModelFolderError(f"{folder} cannot be read: {CONFIG}: {error.strerror}") from error
    if not isinstance(config, dict) or config.get("kind") != KIND:
        return None
    made_by, checksum = config.get("format"), config.pop("sha256", None)
    if isinstance(made_by, int) and made_by > FORMAT:
        raise ModelFolderError(
            f"{folder} has ONNX export format {made_by}, this textsiam reads up to {FORMAT}; upgrade textsiam"
        )
    if checksum != _checksum(config) or not isinstance(config.get("files"), dict):
        raise ModelFolderError(
            f"{folder} was altered: {CONFIG} is not what was written; export the model again, into another folder"
        )
    for name in config["files"]:
        if Path(name).name != name:
            raise ModelFolderError(f"{folder} was altered: {CONFIG} names {name!r}, which is no file inside of it")
    return config


def _others(folder: Path, place: Path) -> set[str]:
    """Names in an earlier export's folder that are not its own; ModelFolderError where the files are of none."""
    earlier = standing(place)
    names = {path.name for path in earlier.iterdir()} if earlier.is_dir() else set()
    if not names:
        return names
    config = _read_config(folder, earlier)
    if config is None:
        raise ModelFolderError(f"{folder} holds files that are not an ONNX export's; give another folder")
    return names - {CONFIG, *config["files"]}


def _carry_over(source: Path, target: Path) -> None:
    """Let a file, or all in a folder, stand in another folder too, where it can be without a copy."""
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, copy_function=_link)
    else:
        _link(source, target)


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):  # not all systems and disks have links
        shutil.copy2(source, target, follow_symlinks=False)


def _read_checked(folder: Path, path: Path, entry: Mapping[str, object]) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFolderError(f"{folder} is cut short: {path.name} cannot be read; export the model again") from error
    if _entry(content) != entry:
        raise ModelFolderError(
            f"{folder} was altered: {path.name} is not what {CONFIG} describes; export the model again"
        )
    return content


def _entry(content: bytes) -> dict[str, object]:
    """Say what tells a file from an altered one."""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _checksum(config: Mapping[str, Any]) -> str:
    """Say what tells contents, however they are laid out, from altered ones."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
