"""``textsiam train``: a pair file to a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.pair_options import LabelOptions
from textsiam.cli.row_options import RowOptions
from textsiam.cli.train_files import Settings, check_all, read_all, take_part, takes_part, tell_model
from textsiam.cli.train_options import PRESET_HELP, TrainOptions
from textsiam.training.config import TrainConfig


def train(
    pairs: Path,
    /,
    *,
    out: Path | None = None,
    dev: Path | None = None,
    config: Path | None = None,
    vocab: Path | None = None,
    preset: Annotated[str | None, Parameter(help=PRESET_HELP)] = None,
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
    config
        TOML file with any of the other options, those of reading, dev and vocab in its table [reading]; those of the
        command line win. The model folder keeps one, train.toml, with what a preset set.
    vocab
        Vocabulary (.model) to use instead of one built from the training texts.
    resume
        Go on with the run that was stopped.
    """
    import textsiam

    settings = Settings.of(TrainConfig, config, options, preset)
    if takes_part():
        take_part(lambda: textsiam.train((), config=settings.config))
        return
    reading = settings.reading({"dev": dev, "vocab": vocab}, rows, labels)
    folder = settings.folder(out)
    check_all(pairs, folder, settings.config, reading, "train")
    train_pairs, dev_pairs, vocabulary = read_all(pairs, reading)
    model = textsiam.train(
        train_pairs,
        dev=dev_pairs,
        config=settings.config,
        vocabulary=vocabulary,
        out=folder,
        resume=resume,
        reading=reading.given,
        show_progress=True,
    )
    tell_model(model, folder)
