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


class DotHead(nn.Module):
    """Dot product; a logit."""

    def forward(self, u_BD: torch.Tensor, v_BD: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        return (u_BD * v_BD).sum(dim=1, dtype=torch.float32)


class ManhattanHead(nn.Module):
    """Negative Manhattan distance -d, in (-inf, 0]; losses take it for the probability exp(-d).

    Mueller and Thyagarajan, "Siamese recurrent architectures for learning sentence similarity", 2016 (MaLSTM). They
    train it with the squared error, whose slope fades with exp(-d): texts that start far apart are hardly pulled
    together. That of the cross-entropy does not fade.
    """

    def forward(self, u_BD: torch.Tensor, v_BD: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        return -(u_BD - v_BD).abs().sum(dim=1, dtype=torch.float32)


class SquaredEuclideanHead(nn.Module):
    """A linear layer over (u-v)^2, component by component; gives a logit.

    As Koch, Zemel, Salakhutdinov, "Siamese neural networks for one-shot image recognition", 2015, weigh |u-v|. At the
    start every component counts alike, against the texts being the same.
    """

    def __init__(self, architecture: Architecture, _dropout: float) -> None:
        super().__init__()
        self.output = nn.Linear(architecture.vector_size, 1)
        nn.init.constant_(self.output.weight, -(architecture.vector_size**-0.5))
        nn.init.zeros_(self.output.bias)

    def forward(self, u_BD: torch.Tensor, v_BD: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        logits_B1: torch.Tensor = self.output((u_BD - v_BD).square())
        return logits_B1[:, 0]


class MLPHead(nn.Module):
    """One hidden ReLU layer over the symmetric features |u-v|, u*v and u+v; gives a logit.

    ``beside`` is the number of other features of a pair, symmetric too, that stand behind these.
    """

    def __init__(self, vector_size: int, units: int, dropout: float, beside: int = 0) -> None:
        super().__init__()
        self.hidden = nn.Linear(3 * vector_size + beside, units)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(units, 1)
        # |u-v| and u*v of trained encoders are several times smaller than u+v, yet it is they that compare. Started
        # alike, the sum drowns them, and the head learns texts by heart before it learns to compare.
        with torch.no_grad():
            self.hidden.weight[:, : 2 * vector_size] *= COMPARISON_SCALE
            self.hidden.weight[:, 2 * vector_size : 3 * vector_size] *= SUM_SCALE

    def forward(self, u_BD: torch.Tensor, v_BD: torch.Tensor, *beside_BX: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        features = torch.cat([(u_BD - v_BD).abs(), u_BD * v_BD, u_BD + v_BD, *beside_BX], dim=1)
        logits_B1: torch.Tensor = self.output(self.dropout(torch.relu(self.hidden(self.dropout(features)))))
        return logits_B1[:, 0]


# those that compare vectors; cosine, dot product and plain distances have neither weights nor anything to drop
HEAD_MODULES: dict[str, Callable[[Architecture, float], nn.Module]] = {
    "cosine": lambda _architecture, _dropout: CosineHead(),
    "dot": lambda _architecture, _dropout: DotHead(),
    "euclidean": lambda _architecture, _dropout: EuclideanHead(),
    "manhattan": lambda _architecture, _dropout: ManhattanHead(),
    "mlp": lambda architecture, dropout: MLPHead(architecture.vector_size, architecture.head_units, dropout),
    "squared_euclidean": SquaredEuclideanHead,
}
