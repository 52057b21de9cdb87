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
from textsiam.training.config import TrainConfig
from textsiam.training.distill_config import DistillConfig
from textsiam.training.presets import described_presets

FILES = ("dev", "vocab", "init", "vectors", "texts")
_CONVERTERS = {int: whole_number, float: number}
PRESET_HELP = (
    "Options that go well together; those given here or in the --config file win, as does the encoder of a model to go "
    f"on from. {described_presets()}."
)


def _as_options(kind: type[TrainConfig], made_name: str) -> type:
    """Make the options of ``kind`` into a dataclass whose fields are None where the command line did not name them.

    So that a named option wins over the TOML file, and the TOML file over the default.
    """
    described = [
        item
        for described_class in kind.__mro__
        for item in docstring_parser.parse(described_class.__doc__ or "").params
    ]
    help_of = {item.arg_name: " ".join((item.description or "").split()) for item in described}
    fields = []
    for field in dataclasses.fields(kind):
        # python -OO has no docstrings to take help from
        shown = f"{help_of.get(field.name, '')} [default: {str(field.default).lower()}]".lstrip()
        converter = _CONVERTERS.get(type(field.default))
        hint: Any = Annotated[type(field.default) | None, Parameter(help=shown, converter=converter)]
        fields.append((field.name, hint, dataclasses.field(default=None)))
    made = dataclasses.make_dataclass(made_name, fields, frozen=True, kw_only=True)
    made.__module__ = __name__  # of "types", as it is made, the command line would take it for no dataclass
    return Parameter(name="*")(made)


TrainOptions: Any = _as_options(TrainConfig, "TrainOptions")
DistillOptions: Any = _as_options(DistillConfig, "DistillOptions")


class Reading:
    """Which files are read besides PAIRS, and how: what the command line says, else what a TOML file says.

    ``given`` holds what was said at all, as the table [reading] of train.toml keeps it.
    """

    def __init__(self, written: dict[str, Any], named: dict[str, Any], config: Path | None) -> None:
        checked = {name: _checked(name, value, config) for name, value in written.items()}
        self.given = {**checked, **{name: value for name, value in named.items() if value is not None}}
        self.rows = RowOptions(**self._fields(RowOptions))
        self.labels = LabelOptions(**self._fields(LabelOptions))
        self.dev, self.vocab, self.init, self.vectors, self.texts = (
            Path(self.given[name]) if name in self.given else None for name in FILES
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
