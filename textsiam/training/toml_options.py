"""TOML files of options: what stands in them, and how they are read and written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from textsiam.errors import OptionError, check_choice
from textsiam.model.options import known_options
from textsiam.training.presets import PRESETS

# what the table [reading] of a TOML file may hold: further files, and how the command line reads all of them
READING = (
    "dev",
    "vocab",
    "init",
    "vectors",
    "texts",
    "columns",
    "header",
    "quoting",
    "delimiter",
    "on_error",
    "labels",
    "label_range",
)


class TomlOptions(NamedTuple):
    """What a TOML file of options holds: those of training, the table [reading], the model folder, the preset."""

    training: dict[str, Any]
    reading: dict[str, Any]
    out: str | None
    preset: str | None = None


def toml_line(name: str, value: object) -> str:
    """Write an option as a line of TOML; OptionError for a text that TOML cannot hold, as it is no valid Unicode."""
    # JSON's numbers, booleans, texts and lists are TOML's too, but for two things: DEL must be escaped, and escapes of
    # surrogates, by which JSON writes what is beyond 16 bits, are forbidden
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
    if not line.isascii() and any("\ud800" <= character <= "\udfff" for character in line):
        raise OptionError(f"{name} is {value!r}, which is not valid Unicode and cannot be kept in train.toml")
    return line


def read_toml(path: str | Path, kind: type) -> TomlOptions:
    """Read a TOML file of training options; its table [reading] says how the command line reads pairs.

    Names may be written with - in place of _. Those that ``kind`` does not have are refused; values are checked by it,
    but for ``out`` and ``preset``.
    """
    try:
        with Path(path).open("rb") as file:
            values = _underscored(tomllib.load(file), path)
    except OSError as error:
        raise OptionError(
            f"{path} cannot be read: {error.strerror}; expected a TOML file of training options"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{path} is not valid TOML: {error}") from error
    reading, out, preset = values.pop("reading", {}), values.pop("out", None), values.pop("preset", None)
    if not isinstance(reading, dict):
        raise OptionError(f"reading of {path} is {reading!r}, expected a table [reading]")
    reading = _underscored(reading, path)
    for name in reading:
        check_choice(f"an option of [reading] in {path}", name, READING)
    if not isinstance(out, str | None):
        raise OptionError(f"out of {path} is {out!r}, expected the name of a folder in quotes")
    if preset is not None:
        check_choice(f"preset of {path}", preset, PRESETS)
    misplaced = next((name for name in values if name in READING), None)
    if misplaced is not None:
        raise OptionError(f"{misplaced} stands at the top of {path}, but belongs below a line [reading]; move it there")
    return TomlOptions(known_options(kind, values, str(path)), reading, out, preset)


def _underscored(values: Mapping[str, Any], path: str | Path) -> dict[str, Any]:
    """Give names as Python writes them; the command line writes them with -."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        plain = name.replace("-", "_")
        if plain in found:
            raise OptionError(f"{plain} stands twice in {path}, with - and with _; remove one of them")
        found[plain] = value
    return found
