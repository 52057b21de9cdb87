"""Options as data: a dataclass field carries its bounds and choices, and one function checks them all at once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any

from textsiam.errors import OptionError, check_choice

_LOW, _HIGH, _CHOICES = "low", "high", "choices"


def option(default: Any, *, low: float | None = None, high: float | None = None, choices: Sequence[str] = ()) -> Any:
    """Declare a dataclass field with its default and what it may be: numbers in [low, high], or one of ``choices``."""
    return dataclasses.field(default=default, metadata={_LOW: low, _HIGH: high, _CHOICES: tuple(choices)})


def check_options(config: Any) -> None:
    """Raise one OptionError that lists every field of the dataclass ``config`` with a value that it cannot take."""
    problems = list(_problems(config))
    if problems:
        raise OptionError("; ".join(problems))


def known_options(config_class: type, values: dict[str, Any], origin: str) -> dict[str, Any]:
    """Return ``values`` unchanged, or raise OptionError naming the first key that ``config_class`` does not have."""
    for key in values:
        check_choice(f"an option of {origin}", key, [field.name for field in dataclasses.fields(config_class)])
    return values


def _problems(config: Any) -> Iterator[str]:
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.metadata.get(_CHOICES):
            try:
                check_choice(field.name, value, field.metadata[_CHOICES])
            except OptionError as error:
                yield str(error)
        elif field.metadata:
            yield from _number_problems(field, value)


def _number_problems(field: dataclasses.Field[Any], value: Any) -> Iterator[str]:
    kind: type = type(field.default)
    if kind is bool or isinstance(value, bool):
        if not isinstance(value, bool) or kind is not bool:
            yield f"{field.name} is {value!r}, expected {'true or false' if kind is bool else 'a number'}"
        return
    if kind is str:
        if not isinstance(value, str):
            yield f"{field.name} is {value!r}, expected a text"
        return
    wanted = "a whole number" if kind is int else "a number"
    if not isinstance(value, int if kind is int else (int, float)) or not math.isfinite(value):
        yield f"{field.name} is {value!r}, expected {wanted}"
        return
    low, high = field.metadata[_LOW], field.metadata[_HIGH]
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"at most {high}" if low is None else f"{low} to {high}"
        yield f"{field.name} is {value!r}, expected {wanted}, {bounds}"
