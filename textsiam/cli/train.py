"""``textsiam train``: a pair file to a model folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import docstring_parser
from cyclopts import Parameter

from textsiam.cli.messages import say
from textsiam.cli.pair_options import PairOptions
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
        TOML file with any of the options below; those of the command line win.
    vocab
        Vocabulary (.model) to use instead of one built from the training texts.
    resume
        Go on with the run that was stopped.
    """
    import textsiam

    named = {name: value for name, value in dataclasses.asdict(options).items() if value is not None}
    settings = TrainConfig(**{**({} if config is None else read_toml(config)), **named})
    train_pairs = reading.read(pairs)
    say(f"{pairs}: {train_pairs!r}")
    dev_pairs = None if dev is None else reading.read(dev)
    if dev_pairs is not None:
        say(f"{dev}: {dev_pairs!r}")
    vocabulary = None if vocab is None else textsiam.Vocabulary.load(vocab)
    model = textsiam.train(
        train_pairs,
        dev=dev_pairs,
        config=settings,
        vocabulary=vocabulary,
        out=out,
        resume=resume,
        show_progress=True,
    )
    for note in model.details["vocabulary_notes"]:
        say(f"vocabulary: {note}")
    say(f"{model!r}, {model.details['seconds'] / 60:.1f} minutes of training; model folder: {out}")
    print(model.card)
