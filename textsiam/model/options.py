"""Options as data: a dataclass field carries its bounds and choices, and one function checks them all at once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from textsiam.errors import OptionError, check_choice

_LOW, _HIGH, _CHOICES, _TAKES, _EXPECTED = "low", "high", "choices", "takes", "expected"
_WANTED = {bool: "true or false", str: "a text", int: "a whole number", float: "a number"}


def option(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] = (),
    takes: Callable[[Any], bool] | None = None,
    expected: str = "",
) -> Any:
    """Declare a dataclass field with its default and what it may be.

    Numbers in [low, high], one of ``choices``, or what ``takes`` says true of, which ``expected`` describes.
    """
    metadata = {_LOW: low, _HIGH: high, _CHOICES: tuple(choices), _TAKES: takes, _EXPECTED: expected}
    return dataclasses.field(default=default, metadata=metadata)


def check_options(config: Any) -> None:
    """Raise one OptionError that lists every field of the dataclass ``config`` with a value that it cannot take."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, np.generic):  # such as a grid search over np.arange gives
            object.__setattr__(config, field.name, value.item())
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
            yield from _value_problems(field, value)


def _value_problems(field: dataclasses.Field[Any], value: Any) -> Iterator[str]:
    wanted = _WANTED[type(field.default)]
    if not _fits(type(field.default), value):
        yield f"{field.name} is {value!r}, expected {wanted}"
        return
    low, high = field.metadata[_LOW], field.metadata[_HIGH]
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"at most {high}" if low is None else f"{low} to {high}"
        yield f"{field.name} is {value!r}, expected {wanted}, {bounds}"
    elif (takes := field.metadata[_TAKES]) is not None and not takes(value):
        yield f"{field.name} is {value!r}, expected {field.metadata[_EXPECTED]}"


def _fits(kind: type, value: Any) -> bool:
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind is float:
        return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return isinstance(value, kind)
