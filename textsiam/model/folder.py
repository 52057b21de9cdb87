"""The model folder on disk: plain files under a manifest, written beside and renamed, checked when read.

config.json          architecture, and how the model was made
weights.safetensors  every weight; ``storage`` says how its numbers are stored
vocabulary.model     the vocabulary: a SentencePiece model, or JSON of one that was imported (text/word_model.py)
calibration.json     raw score -> probability, threshold
decisions.json       what dev promises of other thresholds; not in all models
seen_texts.bin       5 bytes for each training text, from which none can be read; not in all models
train.toml           the training options, as ``textsiam train --config`` takes them
README.md            the model card
manifest.json        format version, size and sha256 of each of the files above
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from textsiam.atomic import part_folder, replace_folder, standing
from textsiam.errors import ModelFolderError

# 1: all weights were float32; 2: no head alignment, custom encoders, n-grams and token weights; 3: one calibration;
# 4: no dev_threshold
FORMAT = 5
MANIFEST = "manifest.json"
REQUIRED = ("config.json", "weights.safetensors", "vocabulary.model", "calibration.json")
READ_AGAIN = 9  # times, if the model is replaced while it is read
_LEFT_BY_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}  # file browsers leave these in every folder


def write_folder(folder: str | Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` and their manifest as ``folder``; an earlier model there stays until the new one is complete.

    A new folder has the mode that the umask grants, a replaced one keeps its own; a link keeps leading to the folder.
    Raises ModelFolderError where ``check_target`` does, or the disk refuses.
    """
    given = Path(folder)
    check_target(given)
    with saving(given):
        folder = given.resolve()
        folder.parent.mkdir(parents=True, exist_ok=True)
        with part_folder(folder, {**files, MANIFEST: _manifest(files)}) as part:
            replace_folder(part, folder)


def check_target(folder: Path) -> None:
    """Raise ModelFolderError unless a model can be saved as ``folder``.

    It must be free, empty, or a model that may be replaced, in a place where folders can be made and renamed.
    """
    with saving(folder):
        place = folder.resolve()
        if place.exists():
            _check_own(folder, place)
        check_parent(folder, place)


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """Make a ModelFolderError that names ``folder`` of what the disk refuses."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise ModelFolderError(f"{folder} could not be saved: {reason}; what was there before is unchanged") from error


def check_replaceable(folder: Path, place: Path, what: str) -> None:
    """Raise ModelFolderError unless the folder at ``place`` can be renamed; messages say ``folder`` and ``what``."""
    if os.path.ismount(place):  # Path.is_mount is not for Windows before Python 3.12
        raise ModelFolderError(f"{folder} is a mount point, which no {what} can replace; give a folder inside of it")
    if place.samefile(Path()):
        raise ModelFolderError(
            f"{folder} is the current working directory, which no {what} can replace; give a folder inside of it"
        )


def _check_own(folder: Path, place: Path) -> None:
    """Raise ModelFolderError unless what is at ``place`` may be replaced, and can be; messages say ``folder``."""
    if not place.is_dir():
        raise ModelFolderError(f"{folder} is a file, expected a folder to save a model in; give another --out")
    check_replaceable(folder, place, "model")
    # a manifest.json alone does not make a model: other programs have files of that name
    foreign = {path.name for path in place.iterdir()} - _own_names(place) - _LEFT_BY_SYSTEMS
    if foreign:
        raise ModelFolderError(
            f"{folder} holds files that are not a model's, such as {min(foreign)}; "
            "give another --out, or move them away"
        )


def check_parent(folder: Path, place: Path) -> None:
    """Raise ModelFolderError unless the nearest folder above ``place`` that exists takes new folders."""
    above = next(parent for parent in place.parents if parent.exists())
    if not above.is_dir():
        raise ModelFolderError(f"{folder} could not be saved: {above} is a file, expected a folder; give another --out")
    if not os.access(above, os.W_OK | os.X_OK):
        raise ModelFolderError(
            f"{folder} could not be saved: the folder {above} is not writable; give another --out, or change its mode"
        )


def read_folder(folder: str | Path) -> dict[str, bytes]:
    """Read every file that the manifest of ``folder`` names, checking size and sha256.

    Where another process replaces the model meanwhile, it is read again: what comes back is one model, whole. Raises
    ModelFolderError for a folder that is missing, cut short, altered or made by a newer format.
    """
    folder = _behind_link(folder)
    for _ in range(READ_AGAIN):
        before = _identity(folder)
        try:
            return _read_files(folder)
        except ModelFolderError:
            if _identity(folder) == before:
                raise
    return _read_files(folder)


def check_no_file(folder: Path) -> None:
    """Raise ModelFolderError where ``folder`` is a file."""
    if folder.is_file():
        raise ModelFolderError(f"{folder} is a file, expected a model folder; were the arguments swapped?")


def _identity(folder: Path) -> tuple[int, int] | None:
    """Give what another folder in the same place would not have; None where there is nothing."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _read_files(folder: Path) -> dict[str, bytes]:
    folder = standing(folder)
    check_no_file(folder)
    if not folder.is_dir():
        raise ModelFolderError(f"{folder} is not there, expected a model folder as written by textsiam train")
    listed = _read_manifest(folder)
    files = {}
    for name, entry in listed.items():
        files[name] = _read(folder, name)
        if len(files[name]) != entry["bytes"]:
            raise ModelFolderError(
                f"{folder} is cut short or altered: {name} has {len(files[name])} bytes, "
                f"expected {entry['bytes']}; train or copy the model again"
            )
        if hashlib.sha256(files[name]).hexdigest() != entry["sha256"]:
            raise ModelFolderError(
                f"{folder} was altered: {name} has another sha256 than {MANIFEST} says; train or copy the model again"
            )
    return files


def as_json(value: object) -> bytes:
    """Give a value as the folder's files hold it."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _manifest(files: Mapping[str, bytes]) -> bytes:
    entries = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()
    }
    return as_json({"format": FORMAT, "files": entries})


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError as error:
        raise ModelFolderError(f"{folder} is cut short: {name} is missing; train or copy the model again") from error
    except OSError as error:
        raise ModelFolderError(f"{folder} cannot be read: {name}: {error.strerror}") from error


def _read_manifest(folder: Path) -> dict[str, dict[str, object]]:
    if not (folder / MANIFEST).is_file():
        raise ModelFolderError(f"{folder} is no model folder, or cut short: it has no {MANIFEST}")
    content = _read(folder, MANIFEST)
    try:
        manifest = json.loads(content)
        made_by = int(manifest["format"])
        # a newer format may have changed all the rest
        listed = _entries(manifest["files"]) if made_by <= FORMAT else {}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelFolderError(f"{folder} was altered: {MANIFEST} cannot be understood ({error})") from error
    if made_by > FORMAT:
        raise ModelFolderError(
            f"{folder} has model format {made_by}, this textsiam reads up to {FORMAT}; upgrade textsiam"
        )
    for name in REQUIRED:
        if name not in listed:
            raise ModelFolderError(f"{folder} was altered: {MANIFEST} does not list {name}")
    for name in listed:
        if Path(name).name != name or name in {"", ".", ".."} or not name.isprintable():
            raise ModelFolderError(f"{folder} was altered: {MANIFEST} names {name!r}, which is no file inside of it")
    return listed


def _entries(files: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    return {str(name): {"bytes": entry["bytes"], "sha256": entry["sha256"]} for name, entry in files.items()}


def _own_names(folder: Path) -> set[str]:
    """Names that the model in ``folder`` answers for; none where there is no model."""
    try:
        return {MANIFEST, *_read_manifest(folder)}
    except ModelFolderError:
        return set()


def _behind_link(folder: str | Path) -> Path:
    """Follow a link to where the folder is, for it is there that a rename can replace it."""
    folder = Path(folder)
    return folder.resolve() if folder.is_symlink() else folder
