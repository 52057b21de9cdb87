"""The pair heads in torch: vectors of both sides to one raw score a pair, symmetric in its sides."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from textsiam.model.architecture import Architecture

EPSILON = 1e-8
COMPARISON_SCALE, SUM_SCALE = 8.0, 0.25  # of the MLP's first weights, against the usual start


class CosineHead(nn.Module):
    """Cosine in [-1, 1]; 0 where a vector is zero."""

    def forward(self, u_BD: torch.Tensor, v_BD: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        return nn.functional.cosine_similarity(u_BD, v_BD, dim=1, eps=EPSILON)


class EuclideanHead(nn.Module):
    """Negative Euclidean distance, in (-inf, 0]."""

    def forward(self, u_BD: torch.Tensor, v_BD: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        # the root has no slope at 0: equal vectors would give NaN gradients
        squared_B = (u_BD - v_BD).square().sum(dim=1)
        return -torch.where(squared_B > 0, squared_B.clamp(min=1e-12).sqrt(), squared_B)


class MLPHead(nn.Module):
    """One hidden ReLU layer over the symmetric features |u-v|, u*v and u+v; gives a logit."""

    def __init__(self, architecture: Architecture, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(3 * architecture.vector_size, architecture.head_units)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(architecture.head_units, 1)
        # |u-v| and u*v of trained encoders are several times smaller than u+v, yet it is they that compare. Started
        # alike, the sum drowns them, and the head learns texts by heart before it learns to compare.
        with torch.no_grad():
            self.hidden.weight[:, : 2 * architecture.vector_size] *= COMPARISON_SCALE
            self.hidden.weight[:, 2 * architecture.vector_size :] *= SUM_SCALE

    def forward(self, u_BD: torch.Tensor, v_BD: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        features = torch.cat([(u_BD - v_BD).abs(), u_BD * v_BD, u_BD + v_BD], dim=1)
        logits_B1: torch.Tensor = self.output(self.dropout(torch.relu(self.hidden(self.dropout(features)))))
        return logits_B1[:, 0]


# a cosine and a distance have neither weights nor anything to drop
HEAD_MODULES: dict[str, Callable[[Architecture, float], nn.Module]] = {
    "cosine": lambda _architecture, _dropout: CosineHead(),
    "euclidean": lambda _architecture, _dropout: EuclideanHead(),
    "mlp": MLPHead,
}
