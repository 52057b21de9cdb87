"""``textsiam train``: a pair file to a model folder."""

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
from textsiam.cli.train_options import PRESET_HELP, Reading, TrainOptions
from textsiam.model.pair_model import PairModel
from textsiam.training.config import TrainConfig
from textsiam.training.starts import Origin


def train(  # noqa: PLR0913 - each is an option of the command line
    pairs: Path,
    /,
    *,
    out: Path | None = None,
    dev: Path | None = None,
    config: Path | None = None,
    vocab: Path | None = None,
    init: Path | None = None,
    vectors: Path | None = None,
    texts: Path | None = None,
    preset: Annotated[str | None, Parameter(help=PRESET_HELP)] = None,
    resume: Annotated[bool, Parameter(negative=())] = False,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
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
        TOML file with any of the other options, those of reading and the other files in its table [reading]; those of
        the command line win. The model folder keeps one, train.toml, with what a preset set.
    vocab
        Vocabulary (.model) to use instead of one built from the training texts.
    init
        Model folder to go on from, with its vocabulary and architecture. Another head, or labels of another kind, keep
        its encoder and start the head anew.
    vectors
        File of word vectors in text form (GloVe, word2vec, fastText; .gz and the like too) for the embeddings to start
        from; --dim is the size of its vectors.
    texts
        File of texts without labels, a text a line (.txt) or pairs, to pretrain the encoder on; their words are in the
        vocabulary too.
    resume
        Go on with the run that was stopped.
    overwrite
        Replace the model that OUT holds, once the new one is complete.
    """
    import textsiam

    settings = Settings(TrainConfig, config)
    files = {"dev": dev, "vocab": vocab, "init": init, "vectors": vectors, "texts": texts}
    reading = settings.reading(files, rows, labels)
    initial = None if reading.init is None else PairModel.load(reading.init)
    chosen = settings.config(options, preset, initial, vectors=reading.vectors is not None)
    if takes_part():
        take_part(lambda: textsiam.train((), config=chosen))
        return
    folder = settings.folder(out, replaces=overwrite or resume)
    _lead(pairs, folder, chosen, reading, initial, resume=resume)


def _lead(
    pairs: Path, folder: Path, config: TrainConfig, reading: Reading, initial: PairModel | None, *, resume: bool
) -> None:
    """Read, train, write and tell."""
    import textsiam

    check_all(pairs, folder, config, reading, "train")
    vocabulary = read_vocabulary(reading)
    Origin(model=initial, vectors=reading.vectors).check(config, vocabulary)
    train_pairs, dev_pairs = read_both(pairs, reading)
    model = textsiam.train(
        train_pairs,
        dev=dev_pairs,
        config=config,
        vocabulary=vocabulary,
        init=initial,
        vectors=reading.vectors,
        texts=reading.texts,
        out=folder,
        resume=resume,
        reading=reading.given,
        show_progress=True,
    )
    tell_model(model, folder)
