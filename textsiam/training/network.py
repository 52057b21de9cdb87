"""The siamese network: one encoder object for both sides, and a pair head."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy.typing as npt
import torch
from torch import nn

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.model.custom import EncoderFactory
from textsiam.model.weights import EMBEDDING
from textsiam.training.collator import PairBatch
from textsiam.training.config import TrainConfig
from textsiam.training.encoders import ENCODER_MODULES
from textsiam.training.encoders.custom import CustomEncoder, check_fits
from textsiam.training.heads import HEAD_MODULES


class SiameseNetwork(nn.Module):
    """Encodes the distinct texts of a batch once and compares the sides of each pair.

    ``custom`` is the encoder where the architecture has a custom one.
    """

    def __init__(
        self,
        architecture: Architecture,
        vocabulary_size: int,
        dropout: float = 0.0,
        custom: CustomEncoder | None = None,
    ) -> None:
        super().__init__()
        self.vector_size = architecture.vector_size
        if custom is not None:
            self.encoder: nn.Module = custom
        else:
            self.encoder = ENCODER_MODULES[architecture.encoder](architecture, vocabulary_size, dropout)
        self.head = HEAD_MODULES[architecture.head](architecture, dropout)

    def forward(self, batch: PairBatch) -> torch.Tensor:
        """Return the raw scores of the batch's pairs, (B,)."""
        raw_B, _ = self.compare(batch)
        return raw_B

    def compare(self, batch: PairBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the raw scores of the batch's pairs, (B,), and the vectors of its texts, (U, D)."""
        vectors_UD: torch.Tensor = self.encoder(batch.ids_UT, batch.lengths_U)
        raw_B: torch.Tensor = self.head(vectors_UD[batch.index_a], vectors_UD[batch.index_b])
        return raw_B, vectors_UD

    def numpy_weights(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the weights to float32 arrays under the names that the NumPy twins read."""
        return {name: value.detach().float().cpu().numpy().copy() for name, value in self.state_dict().items()}

    def take_over(self, weights: Mapping[str, Array], rows: Array | None = None) -> None:
        """Put float32 ``weights`` in the place of those with their names; of the embedding ``rows`` alone, bool (V,).

        Raises EncoderFactoryError where a custom encoder has others.
        """
        if weights and isinstance(self.encoder, CustomEncoder):
            names = (name for name in weights if name.startswith("encoder."))
            check_fits(self.encoder, {name.removeprefix("encoder."): weights[name] for name in names})
        own = self.state_dict()
        for name, weight in weights.items():
            given = torch.from_numpy(weight)
            if rows is not None and name == EMBEDDING:
                chosen = torch.from_numpy(rows)
                own[name][chosen] = given[chosen]
            else:
                own[name].copy_(given)

    @property
    def encoder_class(self) -> str | None:
        """The name of a custom encoder's class; None of another encoder."""
        return self.encoder.class_name if isinstance(self.encoder, CustomEncoder) else None

    def custom_identity(self) -> str:
        """Give what tells a custom encoder from others, as far as it can be told: its class, names and shapes."""
        if self.encoder_class is None:
            return ""
        shapes = {name: tuple(weight.shape) for name, weight in self.encoder.state_dict().items()}
        return f"{self.encoder_class} {shapes}"

    def freeze(self, rows: Array) -> None:
        """Keep these rows of the embedding, bool (V,), as they are: no gradient reaches them, nor is it clipped for."""
        weight = self.get_parameter(EMBEDDING)
        frozen_V1 = torch.from_numpy(rows).to(weight.device)[:, None]
        weight.register_hook(lambda gradient: gradient.masked_fill(frozen_V1, 0))  # type: ignore[no-untyped-call] # torch has no types


def make_network(
    config: TrainConfig, vocabulary_size: int, factory: EncoderFactory | None
) -> tuple[SiameseNetwork, TrainConfig]:
    """Draw the network of a run; ``factory`` makes a custom encoder, whose size is dim in the options that come out.

    Raises EncoderFactoryError where it makes none that can be used.
    """
    custom = None
    if factory is not None:
        size = None if config.dim == TrainConfig().dim else config.dim
        custom = CustomEncoder(partial(factory, vocabulary_size), size)
        config = dataclasses.replace(config, dim=custom.vector_size)
    return SiameseNetwork(config.architecture, vocabulary_size, config.dropout, custom), config
