"""Which loss goes with which head, and what of the head's raw score the loss takes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from textsiam.training.config import AUTO_MARGIN, TrainConfig
from textsiam.training.losses import BinaryCrossEntropyLoss, ContrastiveLoss, CosineEmbeddingLoss, SquaredErrorLoss

Transform = Callable[[torch.Tensor], torch.Tensor]


def _unchanged(raw_B: torch.Tensor) -> torch.Tensor:
    return raw_B


def _cosine_distance(cosine_B: torch.Tensor) -> torch.Tensor:
    return 1 - cosine_B


# (head, loss) -> what the loss gets from the head's raw score, the loss's class, its default margin (None: it has none)
OBJECTIVES: dict[tuple[str, str], tuple[Transform, type[nn.Module], float | None]] = {
    ("cosine", "contrastive"): (_cosine_distance, ContrastiveLoss, 0.8),
    ("cosine", "cosine_embedding"): (_unchanged, CosineEmbeddingLoss, 0.5),
    ("cosine", "squared_error"): (_unchanged, SquaredErrorLoss, None),
    ("euclidean", "contrastive"): (torch.neg, ContrastiveLoss, 2.0),
    ("mlp", "bce"): (_unchanged, BinaryCrossEntropyLoss, None),
    ("mlp", "squared_error"): (torch.sigmoid, SquaredErrorLoss, None),
}


class Objective(nn.Module):
    """The loss that a configuration asks for, on the raw scores of its head."""

    def __init__(self, config: TrainConfig, *, graded: bool) -> None:
        super().__init__()
        self.name = config.resolved_loss(graded=graded)
        self.transform, loss_class, default_margin = OBJECTIVES[config.head, self.name]
        self.margin = default_margin if config.margin == AUTO_MARGIN else config.margin
        self.loss = loss_class() if self.margin is None else loss_class(self.margin)

    def forward(self, raw_B: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of raw scores (B,) against labels (B,), a scalar."""
        loss: torch.Tensor = self.loss(self.transform(raw_B), labels_B)
        return loss
