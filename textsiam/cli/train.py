"""``textsiam train``: a pair file to a model folder."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from textsiam.cli import INTERRUPTED
from textsiam.cli.messages import say
from textsiam.cli.pair_options import LabelOptions, read_labelled
from textsiam.cli.row_options import RowOptions
from textsiam.cli.train_options import Reading, TrainOptions
from textsiam.data.files import check_file
from textsiam.errors import OptionError, import_extra
from textsiam.model.folder import check_target
from textsiam.training.config import TomlOptions, TrainConfig, read_toml

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs
    from textsiam.model.pair_model import PairModel


def train(
    pairs: Path,
    /,
    *,
    out: Path | None = None,
    dev: Path | None = None,
    config: Path | None = None,
    texts: Path | None = None,
    vocab: Path | None = None,
    resume: Annotated[bool, Parameter(negative=())] = False,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
    labels: LabelOptions = LabelOptions(),  # noqa: B008 - frozen
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
    texts
        Texts without labels (.txt, a text a line, or pairs) for pretraining and for the vocabulary.
    config
        TOML file with any other options, those of reading, dev, texts and vocab in its table [reading]; those of the
        command line win. The model folder keeps one, train.toml.
    vocab
        Vocabulary (.model) to use instead of one built from the training texts.
    resume
        Go on with the run that was stopped.
    """
    import textsiam

    written = TomlOptions({}, {}, None) if config is None else read_toml(config)
    named = {name: value for name, value in dataclasses.asdict(options).items() if value is not None}
    settings = TrainConfig(**{**written.training, **named})
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and os.environ.get("RANK", "0") != "0":
        _take_part(settings)
        return
    files = {
        name: None if path is None else str(path) for name, path in (("dev", dev), ("texts", texts), ("vocab", vocab))
    }
    reading = Reading(written.reading, {**files, **dataclasses.asdict(rows), **dataclasses.asdict(labels)}, config)
    _check(pairs, folder := _folder(out, written.out), settings, reading)
    vocabulary = None if reading.vocab is None else textsiam.Vocabulary.load(reading.vocab)
    model = textsiam.train(
        _read(pairs, reading),
        dev=None if reading.dev is None else _read(reading.dev, reading),
        config=settings,
        vocabulary=vocabulary,
        texts=reading.texts,
        out=folder,
        resume=resume,
        reading=reading.given,
        show_progress=True,
    )
    _tell(model, folder)


def _tell(model: PairModel, folder: Path) -> None:
    for note in model.details["vocabulary_notes"]:
        say(f"vocabulary: {note}")
    say(f"{model!r}, {model.details['seconds'] / 60:.1f} minutes of training; model folder: {folder}")
    print(model.card)


def _take_part(settings: TrainConfig) -> None:
    """Train as one of several processes that torchrun has started: the first one reads, tells and writes."""
    import textsiam

    try:
        textsiam.train((), config=settings)
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None  # the first one says how to go on


def _folder(out: Path | None, written: str | None) -> Path:
    if out is not None:
        return out
    if written is not None:
        return Path(written)
    raise OptionError("--out is missing: give the model folder to write, here or as out in the --config file")


def _check(pairs: Path, folder: Path, settings: TrainConfig, reading: Reading) -> None:
    """Raise, before the work of reading is done, what would be raised after it."""
    for file in (pairs, reading.dev, reading.texts):
        if file is not None:
            check_file(file)
    check_target(folder)
    settings.to_toml(reading.given)
    # torch, which takes seconds: not before the rest is known to be right
    runtime = import_extra("textsiam.training.runtime", "train", "textsiam train")
    runtime.find_device(settings.device)


def _read(path: Path, reading: Reading) -> Pairs:
    pairs = read_labelled(path, reading.rows, reading.labels)
    say(f"{path}: {pairs!r}")
    return pairs
