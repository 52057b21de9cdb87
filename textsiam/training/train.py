"""textsiam.train: from labelled pairs to a calibrated model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from textsiam.model.custom import EncoderFactory
from textsiam.model.pair_model import PairModel
from textsiam.text.vocabulary import Vocabulary
from textsiam.training.config import TrainConfig
from textsiam.training.fit import fit
from textsiam.training.preparation import Material, prepare
from textsiam.training.starts import Origin


def train(  # noqa: PLR0913 - each is given by its name
    pairs: Any,
    *,
    dev: Any = None,
    config: TrainConfig | None = None,
    vocabulary: Vocabulary | None = None,
    init: PairModel | str | Path | None = None,
    vectors: str | Path | None = None,
    encoder: EncoderFactory | None = None,
    texts: str | PathLike[str] | Iterable[str] | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    reading: Mapping[str, str | bool] | None = None,
    show_progress: bool = False,
) -> PairModel:
    """Train a siamese model and calibrate it on dev.

    ``pairs`` and ``dev`` are Pairs or what ``read_pairs`` takes; without ``dev`` a tenth of the pairs, sharing no text
    with the rest, is set aside. ``vocabulary`` replaces the one that would be built from the training texts.

    Instead of at random, a run may start from ``init``, a model or its folder, whose vocabulary and encoder, and head
    where that and the kind of labels are the same, are taken over: without ``config`` its architecture too, with one
    see ``TrainConfig.like``. Or from ``vectors``, a file of word vectors in text form (``word_vectors.embed_words``).
    Or with ``encoder``, a function of the vocabulary's size that makes a torch.nn.Module of your own: called with ids
    (int64, (B, T)), padded with 0, and lengths (int64, (B,), from 1), it gives float32 (B, D). D becomes ``dim``; of
    the options, dropout is then the head's alone, and what it draws comes from torch's generator (``encoders.custom``).

    On ``texts`` without labels, if there are any, the encoder is pretrained, and the vocabulary is built from them too:
    many str, or the path of a text file (.txt, a text a line) or a pair file. Their token ids are held in memory, as
    are the str; the first one of several processes pretrains alone, while the others wait.

    With ``out`` the model folder is written there (a model that is there is replaced, once this one is complete), and
    the run's checkpoint and log beside it in ``out`` + ".run"; a run that was stopped goes on with ``resume``, to the
    same weights, bit for bit. ``reading`` (how the command line read the pairs) is kept in the folder's train.toml.

    Under torchrun every process calls it alike: they share each batch, the first one alone looks at ``pairs`` and
    writes ``out``, and the model comes back in all. They must see the same files. Another number of processes may
    resume a run: the weights are then equal but for rounding, dropout, subword sampling, and losses that compare texts
    of a batch with each other, for each process does so in its own part. On Linux the process keeps, for good, memory
    that the steps free (see ``memory.keep_freed_memory``).

    Raises DataError for pairs that cannot be read, TrainingError for pairs that nothing can be learned from (one class
    only, fewer than a batch), a run that diverges or would overwrite a stopped one, VocabularyError, OptionError,
    ModelFolderError where ``out`` cannot be written, and TrainingInterrupted on Ctrl-C, once the checkpoint is safe.
    """
    origin = Origin.of(init, vectors, encoder)
    config = origin.options(config)

    def prepared() -> Material:
        origin.check(config, vocabulary)
        return prepare(pairs, dev, config, vocabulary or origin.vocabulary(), texts, show_progress=show_progress)

    return fit(prepared, config, origin=origin, out=out, resume=resume, reading=reading, show_progress=show_progress)
