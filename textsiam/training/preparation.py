"""The pairs that a model is trained on and the dev pairs that judge it: read, set aside and checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from os import PathLike
from typing import Any

import numpy as np

from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.data.split import set_dev_aside
from textsiam.errors import OptionError, TrainingError
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import Vocabulary, build_vocabulary
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import pairs_in_both
from textsiam.training.subword_sampling import SubwordSampling, sampling_of
from textsiam.training.unlabelled import UnlabelledTexts

DEV_SHARE = 0.1
GIVEN = "given"


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a model is made of; ``dev_origin`` says where dev comes from: GIVEN, if there is no more to say.

    ``labelled`` tells whether the labels of ``pairs`` mean something.
    """

    pairs: Pairs
    dev: Pairs
    dev_origin: str
    vocabulary: Vocabulary
    tokenizer: Tokenizer
    sampling: SubwordSampling | None
    labelled: bool = True
    texts: UnlabelledTexts | None = None


def prepare(
    pairs: Any,
    dev: Any,
    config: TrainConfig,
    vocabulary: Vocabulary | None,
    texts: str | PathLike[str] | Iterable[str] | None = None,
    *,
    labelled: bool = True,
    show_progress: bool,
) -> Material:
    """Read pairs and dev (None: set aside from the pairs), check them, and build the vocabulary unless it is there.

    It is built of ``texts``, which have no labels, too. With ``labelled`` False the labels of ``pairs`` mean nothing,
    and dev must be given. Raises DataError for pairs that cannot be read, TrainingError for pairs that nothing can be
    learned from, OptionError where the head, the loss, ``implied`` or ``hard_negatives`` does not go with their labels,
    or ``subword_sampling`` with the vocabulary, VocabularyError where none can be built.
    """
    unlabelled = None if texts is None else UnlabelledTexts(texts)
    if vocabulary is not None:
        check_vocabulary_options(config, "a ready vocabulary")
    if texts is None and config.pretrain_epochs != TrainConfig().pretrain_epochs:
        raise OptionError(
            f"pretrain_epochs is {config.pretrain_epochs}, but there are no texts (--texts) to pretrain on; give them, "
            "or leave it out"
        )
    train_pairs, dev_pairs = _read(pairs, dev, config) if labelled else (read_pairs(pairs), read_pairs(dev))
    _check_number(train_pairs, config)
    _check_side("dev", dev_pairs)
    vocabulary = vocabulary or build_vocabulary(
        chain(train_pairs.texts(), unlabelled or ()),
        size=config.vocabulary_size,
        type=config.vocabulary_type,
        seed=config.seed,
        show_progress=show_progress,
    )
    return Material(
        pairs=train_pairs,
        dev=dev_pairs,
        dev_origin=_dev_origin(train_pairs, dev_pairs, given=dev is not None),
        vocabulary=vocabulary,
        tokenizer=Tokenizer(vocabulary.proto, max_tokens=config.max_tokens),
        sampling=sampling_of(config, vocabulary.proto),
        labelled=labelled,
        texts=unlabelled,
    )


def _read(pairs: Any, dev: Any, config: TrainConfig) -> tuple[Pairs, Pairs]:
    pairs = read_pairs(pairs)
    config.losses(graded=pairs.graded)
    for name, use in (("implied", "imply pairs"), ("hard_negatives", "tell which texts may be mined")):
        if getattr(config, name) and pairs.graded:
            raise OptionError(
                f"{name} is {getattr(config, name):g}, but these labels are graded, and only labels of 0 and 1 {use}; "
                "leave it out"
            )
    _check_side("training", pairs)
    if dev is None:
        try:
            pairs, dev = set_dev_aside(pairs, DEV_SHARE, seed=config.seed)
        except OptionError as error:
            raise TrainingError(
                f"no dev part can be set aside ({error}); give dev (--dev) pairs of their own"
            ) from error
        _check_side("training", pairs)
        _check_side("dev", dev, "; these were set aside from the training pairs: give dev (--dev) pairs of their own")
    dev = read_pairs(dev)
    if pairs.graded != dev.graded:
        raise TrainingError("either training or dev labels are graded, the others 0 or 1; give both the same kind")
    if config.balanced and pairs.graded:
        raise TrainingError("balanced draws both labels as often, but these labels are graded; leave it out")
    return pairs, dev


def check_vocabulary_options(config: TrainConfig, there: str) -> None:
    """Raise OptionError for options of a vocabulary that is not built, since ``there`` is one."""
    default = TrainConfig()
    for name in ("vocabulary_size", "vocabulary_type"):
        if getattr(config, name) != getattr(default, name):
            raise OptionError(f"{name} is {getattr(config, name)!r}, but {there} is given; leave one of them out")


def _check_number(pairs: Pairs, config: TrainConfig) -> None:
    if len(pairs) < config.batch_size:
        raise TrainingError(
            f"there are {len(pairs)} training pairs, fewer than a batch of {config.batch_size}; "
            f"lower batch_size (--batch-size), such as {max(2, len(pairs) // 8)}, or bring more pairs"
        )


def _dev_origin(train_pairs: Pairs, dev_pairs: Pairs, *, given: bool) -> str:
    if not given:
        count, total = len(dev_pairs), len(train_pairs) + len(dev_pairs)
        aside = f"{count:,} of {total:,} set aside, sharing no text with the training pairs"
        if count >= DEV_SHARE * total / 2:
            return aside
        return f"{aside}; a tenth was to be, but the others hang together: better give dev (--dev) pairs of their own"
    repeated = pairs_in_both(train_pairs, dev_pairs)
    if not repeated:
        return GIVEN
    return f"{GIVEN}, but {repeated:,} of {len(dev_pairs):,} are training pairs too: dev figures will be too good"


def _check_side(name: str, pairs: Pairs, advice: str = "") -> None:
    if len(pairs) == 0:
        raise TrainingError(f"there are no {name} pairs")
    if float(np.ptp(pairs.labels)) == 0.0:
        raise TrainingError(
            f"all {len(pairs)} {name} pairs have the label {pairs.labels[0]:g}, expected pairs that are the same and "
            f"pairs that are not{advice}"
        )
