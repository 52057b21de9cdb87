"""What a folder of sentence-transformers holds, read without it; nothing in the folder is run."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import safetensors
from safetensors import SafetensorError

from textsiam.arrays import Array
from textsiam.errors import ModelFolderError, OptionError, import_extra

_OURS = "sentence_transformers."
_FLOATS = (np.float32, np.float16, np.float64)
_STORED = {f"{letter}{8 * size}": f"<{letter.lower()}{size}" for letter in "FIU" for size in (2, 4, 8)}
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
        found = weight if isinstance(weight, str) else weight.dtype
        if isinstance(weight, str) or found not in kinds:
            raise OptionError(f"{self.weights_file} holds the weight {name!r} as {found}, expected {kinds[0].__name__}")
        return np.ascontiguousarray(weight, np.float32 if kinds == _FLOATS else np.int64)

    @property
    def weights_file(self) -> Path:
        """The file that holds its weights."""
        stored, pickled = self.folder / "model.safetensors", self.folder / "pytorch_model.bin"
        return pickled if not stored.is_file() and pickled.is_file() else stored

    @cached_property
    def _weights(self) -> Mapping[str, Array | str]:
        """Each weight, or the name of its numbers where NumPy has none such."""
        stored = self.weights_file
        if stored.suffix == ".bin":
            return self._unpickled(stored)
        deserialize: Any = safetensors.deserialize  # which has no types
        try:
            return {name: _array(**held) for name, held in deserialize(_read(stored))}
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise ModelFolderError(f"{stored} cannot be read as weights ({error}); copy or save it again") from error

    @staticmethod
    def _unpickled(path: Path) -> dict[str, Array]:
        torch = import_extra("torch", "train", "reading pytorch_model.bin")
        try:
            # weights_only: tensors alone, and nothing that a pickle could run
            loaded = torch.load(io.BytesIO(_read(path)), map_location="cpu", weights_only=True)
            exact = {torch.bfloat16: torch.float32}  # of which NumPy has none
            return {name: tensor.to(exact.get(tensor.dtype, tensor.dtype)).numpy() for name, tensor in loaded.items()}
        except ModelFolderError:
            raise
        except Exception as error:  # a pickle that is no set of weights fails in any way
            raise ModelFolderError(f"{path} cannot be read as weights ({error!r:.200}); save it anew") from error


def read_modules(folder: Path) -> tuple[list[SavedModule], dict[str, Any]]:
    """Give the modules of a folder in their order, and what ``config_sentence_transformers.json`` says, if it is there.

    Raises ModelFolderError for a folder that is missing or no such folder, OptionError for modules of other packages,
    which are code of the folder's own, and for a prompt that stands before every text.
    """
    if folder.is_file():
        raise ModelFolderError(f"{folder} is a file, expected a folder that sentence-transformers wrote")
    if (folder / "weights.safetensors").is_file() and not (folder / "modules.json").exists():
        raise OptionError(f"{folder} is a textsiam model already; load it with textsiam.PairModel.load")
    listed = _read_json(folder / "modules.json")
    if not isinstance(listed, list) or not listed:
        raise ModelFolderError(
            f"{folder / 'modules.json'} is no list of modules, it holds {json.dumps(listed):.60}; expected a list of "
            "the modules that the folder holds; copy or save it again"
        )
    try:
        modules = [
            SavedModule(own_class(str(one["type"]), "module"), _inside(folder, str(one["path"]))) for one in listed
        ]
    except (TypeError, KeyError) as error:
        raise ModelFolderError(f"{folder / 'modules.json'} is no list of modules ({error!r})") from error
    settings = folder / "config_sentence_transformers.json"
    config = _read_object(settings) if settings.is_file() else {}
    prompts, default = config.get("prompts") or {}, config.get("default_prompt_name")
    if not isinstance(prompts, dict) or not isinstance(default, str | None):
        raise ModelFolderError(
            f"{settings} has the prompts {json.dumps(prompts):.60} and default_prompt_name {json.dumps(default):.60}, "
            "expected an object of prompts, and the name of one or null"
        )
    if prompt := prompts.get(default):
        raise OptionError(f"{folder} puts the prompt {prompt!r:.60} before every text, which has no equal here")
    return modules, config


def _array(data: bytes, shape: Sequence[int], dtype: str) -> Array | str:
    """Give an array of what safetensors holds; bfloat16, of which NumPy has none, as float32, which is exact."""
    if dtype == "BF16":
        halves = np.frombuffer(data, "<u2").astype(np.uint32)
        return (halves << 16).view(np.float32).reshape(shape)
    if dtype not in _STORED:
        return dtype
    return np.frombuffer(data, _STORED[dtype]).reshape(shape)


def own_class(path: str, what: str) -> str:
    """Give the name of a class of sentence-transformers; OptionError for a class of other packages."""
    if not path.startswith(_OURS):
        raise OptionError(f"the {what} {path!r} is code of its own; expected {what}s of sentence-transformers")
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
