"""What can go wrong, as a tree.

    TextsiamError
    ├── OptionError         (ValueError)    an argument or option has a value that it cannot take
    ├── DataError           (ValueError)    a file or row of the user's cannot be understood
    ├── VocabularyError     (ValueError)    a vocabulary cannot be built from, or read as, what was given
    ├── ModelFolderError    (ValueError)    a model folder is missing, cut short, altered or too new
    ├── TrainingError       (RuntimeError)  training cannot start or go on
    ├── DuplicateIndexError (RuntimeError)  an index is missing, broken, too new, or of another model
    │   └── IndexBusyError                  another process writes to the index, longer than was waited
    ├── WorkerError         (RuntimeError)  a process that shared the work has died
    └── MissingExtraError   (ImportError)   a part of textsiam that was not installed is needed
    TrainingInterrupted     (KeyboardInterrupt)  Ctrl-C during training, after the checkpoint was written

Every message is one line that says what is wrong, where, what was expected, and what to do.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from numbers import Integral
from os import PathLike
from pathlib import Path
from types import ModuleType


class TextsiamError(Exception):
    """Base of all errors that textsiam raises on purpose."""


class OptionError(TextsiamError, ValueError):
    """An argument or option has a value that it cannot take."""


class DataError(TextsiamError, ValueError):
    """A file or row cannot be understood; ``file``, ``line`` (from 1) and ``column`` say where, when known."""

    def __init__(
        self, message: str, *, file: str | Path | None = None, line: int | None = None, column: str | None = None
    ) -> None:
        self.file, self.line, self.column = file, line, column
        super().__init__(message)

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}"
        if self.line is not None:
            place += f"{', ' if place else ''}line {self.line}"
        if self.column is not None:
            place += f"{', ' if place else ''}column {self.column}"
        return f"{place}: {self.args[0]}" if place else str(self.args[0])


class VocabularyError(TextsiamError, ValueError):
    """A vocabulary cannot be built from, or read as, what was given."""


class ModelFolderError(TextsiamError, ValueError):
    """A model folder is missing, cut short, altered or made by a newer format."""


class TrainingError(TextsiamError, RuntimeError):
    """Training cannot start or go on."""


class DuplicateIndexError(TextsiamError, RuntimeError):
    """An index is missing, broken, too new, or made with another model, or its database refuses."""


class IndexBusyError(DuplicateIndexError):
    """Another process writes to the index, longer than was waited; nothing of this was written."""


class WorkerError(TextsiamError, RuntimeError):
    """A process that shared the work has died."""


class MissingExtraError(TextsiamError, ImportError):
    """A part of textsiam that was not installed is needed."""


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; the checkpoint in ``run_folder`` (None: nothing was kept) lets it go on."""

    def __init__(self, run_folder: Path | None) -> None:
        self.run_folder = run_folder
        super().__init__("training was interrupted")


def check_choice(option: str, got: object, allowed: Iterable[str]) -> None:
    """Raise OptionError, with "did you mean", unless ``got`` is one of the ``allowed`` names."""
    names = list(allowed)
    if got in names:
        return
    hint = _did_you_mean(str(got).replace("-", "_").lower(), names)
    raise OptionError(f"{option} is {got!r}, expected one of {', '.join(names)}{f'; {hint}' if hint else ''}")


def no_column(name: str, others: Iterable[str]) -> str:
    """Say that there is no column ``name``, with "did you mean" where one of the ``others`` is near."""
    hint = _did_you_mean(name, others)
    return f"there is no column {name!r}{f' ({hint})' if hint else ''}"


def _did_you_mean(got: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(got, list(names), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def check_integer(option: str, got: object, *, least: int, most: int | None = None) -> None:
    """Raise OptionError unless ``got`` is an integer, not a bool, of at least ``least`` and at most ``most``."""
    if (
        isinstance(got, Integral)
        and not isinstance(got, bool)
        and least <= int(got) <= (int(got) if most is None else most)
    ):
        return
    expected = f"of at least {least:,}" if most is None else f"from {least:,} to {most:,}"
    raise OptionError(f"{option} is {got!r}, expected an integer {expected}")


def check_model(model: object, *, pair_model: bool = False) -> None:
    """Raise OptionError for a path in place of a model, and, where a ``pair_model`` it must be, for what is none."""
    if isinstance(model, str | PathLike):
        raise OptionError(f"model is a path, expected a model; load it with textsiam.PairModel.load({str(model)!r})")
    if pair_model and not hasattr(type(model), "score_details"):
        raise OptionError(f"model is of type {type(model).__name__}, expected a textsiam.PairModel")


def import_extra(module: str, extra: str, purpose: str) -> ModuleType:
    """Import ``module``, or raise MissingExtraError naming the extra that holds it and what it is needed for."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{purpose} needs the package {error.name}; install it with: pip install 'textsiam[{extra}]'"
        ) from error
