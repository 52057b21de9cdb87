"""Options as data: a dataclass field carries its bounds and choices, and one function checks them all at once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from textsiam.errors import OptionError, check_choice

_LOW, _HIGH, _CHOICES, _CHECK = "low", "high", "choices", "check"
_WANTED = {bool: "true or false", str: "a text", int: "a whole number", float: "a number"}


def option(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] = (),
    check: Callable[[Any], object] | None = None,
) -> Any:
    """Declare a dataclass field with its default and what it may be.

    Numbers lie in [low, high]; a text is one of ``choices``, or what ``check`` takes without an OptionError.
    """
    rules = {_LOW: low, _HIGH: high, _CHOICES: tuple(choices), _CHECK: check}
    return dataclasses.field(default=default, metadata=rules)


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
        try:
            if field.metadata.get(_CHOICES):
                check_choice(field.name, value, field.metadata[_CHOICES])
            elif field.metadata and (problem := _value_problem(field, value)):
                yield problem
            elif field.metadata.get(_CHECK):
                field.metadata[_CHECK](value)
        except OptionError as error:
            yield str(error)


def _value_problem(field: dataclasses.Field[Any], value: Any) -> str:
    wanted = _WANTED[type(field.default)]
    low, high = field.metadata[_LOW], field.metadata[_HIGH]
    if low is not None or high is not None:
        wanted += f", at least {low}" if high is None else f", at most {high}" if low is None else f", {low} to {high}"
    fits = _fits(type(field.default), value) and (low is None or value >= low) and (high is None or value <= high)
    return "" if fits else f"{field.name} is {value!r}, expected {wanted}"


def _fits(kind: type, value: Any) -> bool:
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind is float:
        return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return isinstance(value, kind)
