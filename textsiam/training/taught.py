"""What a teacher adds to a run: its outputs for the training pairs, and perhaps pairs that it alone judges."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.model.custom import EncoderFactory
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.distill_config import DistillConfig
from textsiam.training.distillation import DistillationObjective, StudentNetwork
from textsiam.training.encoders.custom import CustomEncoder
from textsiam.training.implied_pairs import AddedPairs
from textsiam.training.network import SiameseNetwork
from textsiam.training.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A teacher's part in a run on N pairs over n texts, with M extra pairs behind them.

    ``logits``: float32 (N + M,), NaN where there is none, or None; else ``vectors``: float32 (n, E). ``labelled``:
    whether the N pairs have labels. ``told``: what the model card tells of it, JSON values.
    """

    extra: AddedPairs | None
    logits: Array | None
    vectors: Array | None
    labelled: bool
    told: Mapping[str, Any]

    def behind(self, pairs: TokenizedPairs) -> TokenizedPairs:
        """Give ``pairs`` with the extra ones behind them, and what the teacher says of all."""
        whole = pairs if self.extra is None else self.extra.behind(pairs)
        labels = whole.labels if self.labelled else np.full(len(whole), np.nan, dtype=np.float32)
        return dataclasses.replace(whole, labels=labels, teacher_logits=self.logits, teacher_vectors=self.vectors)

    def fingerprint(self) -> str:
        """Give a digest of what the student learns from."""
        return f"{self.told['sha256']} {'' if self.extra is None else self.extra.fingerprint()} {self.labelled}"


def build_network(
    config: TrainConfig, vocabulary_size: int, factory: EncoderFactory | None, taught: Taught | None
) -> tuple[SiameseNetwork, TrainConfig]:
    """Draw the network of a run; ``factory`` makes a custom encoder, whose size is dim in the options that come out.

    Raises EncoderFactoryError where it makes none that can be used.
    """
    encoder = None
    if factory is not None:
        size = None if config.dim == TrainConfig().dim else config.dim
        encoder = CustomEncoder(partial(factory, vocabulary_size), size)
        config = dataclasses.replace(config, dim=encoder.vector_size)
    if taught is None:
        return SiameseNetwork(config.architecture, vocabulary_size, *config.dropouts, encoder), config
    assert isinstance(config, DistillConfig)
    teacher_size = None if taught.vectors is None else taught.vectors.shape[1]
    return StudentNetwork(config, vocabulary_size, teacher_size, encoder), config


def build_objective(config: TrainConfig, network: SiameseNetwork, taught: Taught | None, *, graded: bool) -> Objective:
    """Make what a network is trained to."""
    if taught is None:
        return Objective(config, graded=graded)
    assert isinstance(config, DistillConfig)
    assert isinstance(network, StudentNetwork)
    return DistillationObjective(config, network, graded=graded, labelled=taught.labelled, told=taught.told)


def digest(*arrays: Array) -> str:
    """Give the sha256 (hex) of arrays' shapes and numbers."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str} {array.shape} ".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()
