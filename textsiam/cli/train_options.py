"""The options of training on the command line, and the TOML file that may hold them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import docstring_parser
from cyclopts import Parameter

from textsiam.cli.number_types import number, whole_number
from textsiam.cli.pair_options import LabelOptions
from textsiam.cli.row_options import RowOptions, split_columns
from textsiam.errors import OptionError
from textsiam.model.architecture import Architecture
from textsiam.training.config import TrainConfig

_CONVERTERS = {int: whole_number, float: number}


def _as_options() -> type:
    """Make the options of TrainConfig into a dataclass whose fields are None where the command line did not name them.

    So that a named option wins over the TOML file, and the TOML file over the default.
    """
    described = docstring_parser.parse(Architecture.__doc__ or "").params
    described += docstring_parser.parse(TrainConfig.__doc__ or "").params
    help_of = {item.arg_name: " ".join((item.description or "").split()) for item in described}
    fields = []
    for field in dataclasses.fields(TrainConfig):
        # python -OO has no docstrings to take help from
        shown = f"{help_of.get(field.name, '')} [default: {str(field.default).lower()}]".lstrip()
        converter = _CONVERTERS.get(type(field.default))
        kind: Any = Annotated[type(field.default) | None, Parameter(help=shown, converter=converter)]
        fields.append((field.name, kind, dataclasses.field(default=None)))
    made = dataclasses.make_dataclass("TrainOptions", fields, frozen=True, kw_only=True)
    made.__module__ = __name__  # of "types", as it is made, the command line would take it for no dataclass
    return Parameter(name="*")(made)


TrainOptions: Any = _as_options()


class Reading:
    """Which files are read besides PAIRS, and how: what the command line says, else what a TOML file says.

    ``given`` holds what was said at all, as the table [reading] of train.toml keeps it.
    """

    def __init__(self, written: dict[str, Any], named: dict[str, Any], config: Path | None) -> None:
        checked = {name: _checked(name, value, config) for name, value in written.items()}
        self.given = {**checked, **{name: value for name, value in named.items() if value is not None}}
        self.rows = RowOptions(**self._fields(RowOptions))
        self.labels = LabelOptions(**self._fields(LabelOptions))
        self.dev, self.texts, self.vocab = (
            Path(self.given[name]) if name in self.given else None for name in ("dev", "texts", "vocab")
        )

    def _fields(self, options: type[RowOptions | LabelOptions]) -> dict[str, Any]:
        names = [field.name for field in dataclasses.fields(options)]
        return {name: self.given[name] for name in names if name in self.given}


def _checked(name: str, value: Any, config: Path | None) -> Any:
    """Check a value of the table [reading]: as the command line takes it, and columns as a list too."""
    if name == "columns" and isinstance(value, str):
        return split_columns(value)
    if name == "columns" and isinstance(value, list) and all(type(column) in (str, int) for column in value):
        return tuple(value)
    if isinstance(value, bool if name == "header" else str) and name != "columns":
        return value
    wanted = {"header": "true or false", "columns": "a text such as '5,6,4' or a list"}.get(name, "a text")
    raise OptionError(f"{name} in [reading] of {config} is {value!r}, expected {wanted}")
