"""``textsiam train``: a pair file to a model folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import docstring_parser
from cyclopts import Parameter

from textsiam.cli.messages import say
from textsiam.cli.pair_options import PairOptions
from textsiam.errors import OptionError, check_choice
from textsiam.model.architecture import Architecture
from textsiam.training.config import TrainConfig, read_toml


def _as_options() -> type:
    """Make the options of TrainConfig into a dataclass whose fields are None where the command line did not name them.

    So that a named option wins over the TOML file, and the TOML file over the default.
    """
    described = docstring_parser.parse(Architecture.__doc__ or "").params
    described += docstring_parser.parse(TrainConfig.__doc__ or "").params
    help_of = {item.arg_name: " ".join((item.description or "").split()) for item in described}
    fields = []
    for field in dataclasses.fields(TrainConfig):
        shown = f"{help_of[field.name]} [default: {str(field.default).lower()}]"
        kind: Any = Annotated[type(field.default) | None, Parameter(help=shown)]
        fields.append((field.name, kind, dataclasses.field(default=None)))
    made = dataclasses.make_dataclass("TrainOptions", fields, frozen=True, kw_only=True)
    made.__module__ = __name__  # of "types", as it is made, the command line would take it for no dataclass
    return Parameter(name="*")(made)


TrainOptions: Any = _as_options()


def train(
    pairs: Path,
    /,
    *,
    out: Path,
    dev: Path | None = None,
    config: Path | None = None,
    vocab: Path | None = None,
    resume: bool = False,
    reading: PairOptions = PairOptions(),  # noqa: B008 - frozen
    options: TrainOptions = TrainOptions(),  # noqa: B008 - frozen
) -> None:
    """Train a model on a file of labelled pairs and write its folder.

    Parameters
    ----------
    pairs
        CSV, TSV, JSONL or Parquet file (.gz and the like too) with two texts and a label a row.
    out
        Model folder to write; checkpoint and log stand beside it in OUT.run.
    dev
        Pairs for early stopping, calibration and threshold; without it a tenth of PAIRS is set aside.
    config
        TOML file with any of the other options, those of reading, dev and vocab in its table [reading]; those of the
        command line win. The model folder keeps one, train.toml.
    vocab
        Vocabulary (.model) to use instead of one built from the training texts.
    resume
        Go on with the run that was stopped.
    """
    import textsiam

    written, written_reading = ({}, {}) if config is None else read_toml(config)
    named = {name: value for name, value in dataclasses.asdict(options).items() if value is not None}
    settings = TrainConfig(**{**written, **named})
    files = {"dev": None if dev is None else str(dev), "vocab": None if vocab is None else str(vocab)}
    how = {**_checked(written_reading, config), **_given({**files, **dataclasses.asdict(reading)})}
    reading = PairOptions(**{name: value for name, value in how.items() if name not in files})
    vocabulary = textsiam.Vocabulary.load(how["vocab"]) if "vocab" in how else None
    train_pairs = reading.read(pairs)
    say(f"{pairs}: {train_pairs!r}")
    dev_pairs = reading.read(Path(how["dev"])) if "dev" in how else None
    if dev_pairs is not None:
        say(f"{how['dev']}: {dev_pairs!r}")
    model = textsiam.train(
        train_pairs,
        dev=dev_pairs,
        config=settings,
        vocabulary=vocabulary,
        out=out,
        resume=resume,
        reading=how,
        show_progress=True,
    )
    for note in model.details["vocabulary_notes"]:
        say(f"vocabulary: {note}")
    say(f"{model!r}, {model.details['seconds'] / 60:.1f} minutes of training; model folder: {out}")
    print(model.card)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what has its default: the command line has not named it."""
    defaults = {"dev": None, "vocab": None, **dataclasses.asdict(PairOptions())}
    return {name: value for name, value in values.items() if value != defaults[name]}


def _checked(values: dict[str, Any], path: Path | None) -> dict[str, Any]:
    """Check the table [reading] of a TOML file: names, and texts or truth values as the command line takes them."""
    names = ["dev", "vocab", *(field.name for field in dataclasses.fields(PairOptions))]
    for name, value in values.items():
        check_choice(f"an option of [reading] in {path}", name, names)
        if not isinstance(value, bool if name == "header" else str):
            wanted = "true or false" if name == "header" else "a text"
            raise OptionError(f"{name} in [reading] of {path} is {value!r}, expected {wanted}")
    return values
