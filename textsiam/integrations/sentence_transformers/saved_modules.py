"""What a folder of sentence-transformers holds, read without it; nothing in the folder is run."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from textsiam.arrays import Array
from textsiam.errors import ModelFolderError, OptionError, import_extra

_OURS = "sentence_transformers."
_FLOATS = (np.float32, np.float16, np.float64)
WHOLE_NUMBERS = (np.int64, np.int32, np.uint64, np.uint32, np.int16, np.uint16)


@dataclass(frozen=True)
class SavedModule:
    """A module: its class's name without the package, and its folder."""

    name: str
    folder: Path

    def json(self, name: str) -> dict[str, Any]:
        """Read one of its files; ModelFolderError where it is missing, or no JSON object."""
        return _read_object(self.folder / name)

    def holds(self, name: str) -> bool:
        """Tell whether there is a weight of this name."""
        return name in self._weights

    def weight(self, name: str, kinds: Sequence[type[np.generic]] = _FLOATS) -> Array:
        """Give one of its weights, float32; ModelFolderError where there is none, OptionError for other numbers.

        With ``kinds`` of whole numbers it is int64.
        """
        if name not in self._weights:
            raise ModelFolderError(f"{self.folder} holds no weight {name!r}; found {', '.join(sorted(self._weights))}")
        weight = self._weights[name]
        if weight.dtype not in kinds:
            raise OptionError(
                f"{self.folder} holds the weight {name!r} as {weight.dtype}, expected {kinds[0].__name__}"
            )
        return np.ascontiguousarray(weight, np.float32 if kinds == _FLOATS else np.int64)

    @cached_property
    def _weights(self) -> dict[str, Array]:
        stored = self.folder / "model.safetensors"
        if not stored.is_file() and (self.folder / "pytorch_model.bin").is_file():
            return self._unpickled(self.folder / "pytorch_model.bin")
        try:
            return dict(safetensors.numpy.load(_read(stored)))
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise ModelFolderError(f"{stored} cannot be read as weights ({error}); copy or save it again") from error

    @staticmethod
    def _unpickled(path: Path) -> dict[str, Array]:
        torch = import_extra("torch", "train", "reading pytorch_model.bin")
        try:
            # weights_only: tensors alone, and nothing that a pickle could run
            loaded = torch.load(io.BytesIO(_read(path)), map_location="cpu", weights_only=True)
            return {name: tensor.numpy() for name, tensor in loaded.items()}
        except ModelFolderError:
            raise
        except Exception as error:  # a pickle that is no set of weights fails in any way
            raise ModelFolderError(f"{path} cannot be read as weights ({error!r:.200}); save it anew") from error


def read_modules(folder: Path) -> tuple[list[SavedModule], dict[str, Any]]:
    """Give the modules of a folder in their order, and what ``config_sentence_transformers.json`` says, if it is there.

    Raises ModelFolderError for a folder that is missing or no such folder, OptionError for modules of other packages,
    which are code of the folder's own, and for a prompt that stands before every text.
    """
    listed = _read_json(folder / "modules.json")
    try:
        modules = [SavedModule(_class_name(str(one["type"])), _inside(folder, str(one["path"]))) for one in listed]
    except (TypeError, KeyError) as error:
        raise ModelFolderError(f"{folder / 'modules.json'} is no list of modules ({error!r})") from error
    settings = folder / "config_sentence_transformers.json"
    config = _read_object(settings) if settings.is_file() else {}
    prompt = (config.get("prompts") or {}).get(config.get("default_prompt_name"))
    if prompt:
        raise OptionError(f"{folder} puts the prompt {prompt!r:.60} before every text, which has no equal here")
    return modules, config


def _class_name(path: str) -> str:
    if not path.startswith(_OURS):
        raise OptionError(f"the module {path!r} is code of its own; expected modules of sentence-transformers")
    return path.rpartition(".")[2]


def _inside(folder: Path, path: str) -> Path:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise ModelFolderError(f"{folder / 'modules.json'} names {path!r}, which is no folder inside of it")
    return folder / path


def _read_object(path: Path) -> dict[str, Any]:
    found = _read_json(path)
    if not isinstance(found, dict):
        raise ModelFolderError(f"{path} holds a {type(found).__name__}, expected a JSON object")
    return found


def _read_json(path: Path) -> Any:
    content = _read(path)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelFolderError(f"{path} is no JSON ({error}); copy or save it again") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelFolderError(
            f"{path} is not there, expected a folder that sentence-transformers or textsiam wrote"
        ) from error
    except OSError as error:
        raise ModelFolderError(f"{path} cannot be read: {error.strerror}") from error
