"""``textsiam distill``: a pair file and a teacher to a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.pair_options import LabelOptions
from textsiam.cli.row_options import RowOptions
from textsiam.cli.train_files import (
    Settings,
    check_all,
    read_both,
    read_vocabulary,
    take_part,
    takes_part,
    tell_model,
)
from textsiam.cli.train_options import PRESET_HELP, DistillOptions, Reading
from textsiam.data.files import check_file
from textsiam.training.distill_config import DistillConfig


def distill(  # noqa: PLR0913 - one for each group of options on the command line
    pairs: Path,
    /,
    *,
    teacher: Annotated[list[Path], Parameter(negative=())],
    out: Path | None = None,
    dev: Path | None = None,
    config: Path | None = None,
    vocab: Path | None = None,
    preset: Annotated[str | None, Parameter(help=PRESET_HELP)] = None,
    resume: Annotated[bool, Parameter(negative=())] = False,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
    labels: LabelOptions = LabelOptions(),  # noqa: B008 - frozen
    options: DistillOptions = DistillOptions(),  # noqa: B008 - frozen
) -> None:
    """Train a model on labelled pairs and on what a teacher says of them, and write its folder.

    Parameters
    ----------
    pairs
        CSV, TSV, JSONL or Parquet file (.gz and the like too) with two texts and a label a row.
    teacher
        Model folder, or several (the option once for each), the mean of whose logits counts; or one file with a logit
        (or, with --teacher-output probability, a probability) for each row of PAIRS that is not skipped: .npy, or .csv,
        .tsv or .txt with a column of that name, or with one. A file of vectors goes with texts, in Python alone.
    out
        Model folder to write; checkpoint and log stand beside it in OUT.run.
    dev
        Pairs for early stopping, calibration and threshold; without it a tenth of PAIRS is set aside, but not where the
        teacher is a file.
    config
        TOML file with any of the other options, those of reading, dev and vocab in its table [reading]; those of the
        command line win. The model folder keeps one, train.toml, with what a preset set.
    vocab
        Vocabulary (.model) to use instead of one built from the training texts.
    resume
        Go on with the run that was stopped.
    overwrite
        Replace the model that OUT holds, once the new one is complete.
    """
    import textsiam

    settings = Settings(DistillConfig, config)
    chosen = settings.config(options, preset)
    if takes_part():
        take_part(lambda: textsiam.distill((), None, config=chosen))
        return
    reading = settings.reading({"dev": dev, "vocab": vocab}, rows, labels)
    folder = settings.folder(out, replaces=overwrite or resume)
    _lead(pairs, teacher, folder, chosen, reading, resume=resume)


def _lead(
    pairs: Path, teachers: list[Path], folder: Path, config: DistillConfig, reading: Reading, *, resume: bool
) -> None:
    """Read, train, write and tell."""
    import textsiam

    for teacher in teachers:
        if not teacher.is_dir():
            check_file(teacher)
    check_all(pairs, folder, config, reading, "distill")
    vocabulary = read_vocabulary(reading)
    train_pairs, dev_pairs = read_both(pairs, reading)
    model = textsiam.distill(
        train_pairs,
        teachers if len(teachers) > 1 else teachers[0],
        dev=dev_pairs,
        config=config,
        vocabulary=vocabulary,
        out=folder,
        resume=resume,
        reading=reading.given,
        show_progress=True,
    )
    tell_model(model, folder)
