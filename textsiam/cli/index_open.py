"""An index that a command opens, with the model that is given, or the one in the folder that the index names."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from textsiam.cli.index_settings import IndexSettings
from textsiam.cli.messages import say
from textsiam.cli.scoring_model import load_scoring
from textsiam.errors import DuplicateIndexError, ModelFolderError, OptionError, TextsiamError
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.model.folder import check_no_file
from textsiam.model.pair_model import PairModel

WAY_OUT = "give --model DIR, or make the vectors anew with another model: textsiam index reencode"


class Loaded(NamedTuple):
    """A model and its folder; ``named``: it is the one that the index names."""

    model: PairModel
    folder: Path
    named: bool


def open_without_model(location: str) -> DuplicateIndex:
    """Open an index that is there, for what needs no model."""
    return DuplicateIndex.open(location, create=False)


def load_model(location: str, given: Path | None, device: str | None = None) -> Loaded:
    """Load the model in a folder, or, where none is given, the one that the index names."""
    if given is not None:
        check_no_file(given)
        return Loaded(load_scoring(given, device), given, named=False)
    with open_without_model(location) as index:
        name, folder = index.name, index.model_folder
    if folder is None:
        raise OptionError(f"{name} names no model; give --model DIR")
    try:
        return Loaded(load_scoring(folder, device), Path(folder), named=True)
    except ModelFolderError as error:
        raise ModelFolderError(f"{error}; it is the model that {name} names: {WAY_OUT}") from error


def open_index(
    location: str, loaded: Loaded, settings: IndexSettings | None = None, *, create: bool = False
) -> DuplicateIndex:
    """Open an index, or make it, if ``create``; it keeps ``settings``, and names the model that made it."""
    settings = settings or IndexSettings()
    threshold, linkage = settings.threshold_of(loaded.model), settings.linkage
    before = None if (threshold, linkage) == (None, None) else _settings_of(location)
    try:
        index = DuplicateIndex.open(location, loaded.model, threshold=threshold, linkage=linkage, create=create)
    except DuplicateIndexError as error:
        if loaded.named:
            raise type(error)(f"{error}; tried was {loaded.folder}, which it names") from error
        raise
    try:
        named = index.model_folder
        if not loaded.named and (create or named is None or not Path(named).exists()):
            index.model_folder = loaded.folder
        if before is not None and before != (now := (index.threshold, index.linkage)):
            say(f"{index.name}: threshold {now[0]:.4f} and linkage {now[1]} are kept from now on, as are those that "
                f"are given next (before {before[0]:.4f} and {before[1]})")  # fmt: skip
    except BaseException:
        index.close()
        raise
    return index


def _settings_of(location: str) -> tuple[float, str] | None:
    """Give threshold and linkage of an index; None where there is none yet."""
    if "://" not in location and not Path(location).exists():
        return None
    try:
        with open_without_model(location) as index:
            return index.threshold, index.linkage
    except DuplicateIndexError:
        return None  # a server has none yet; what else may be wrong is told when it is opened


def open_with_any_model(location: str, given: Path | None, purpose: str) -> DuplicateIndex:
    """Open an index with its model, or, if that cannot be, without, and say for which ``purpose`` it is missing."""
    if given is not None:
        return open_index(location, load_model(location, given))
    try:
        return open_index(location, load_model(location, None))
    except TextsiamError as error:
        index = open_without_model(location)  # raises where it is the index that is broken
        say(f"{purpose} needs the model: {error}")
        return index
