"""The embedding bag in torch. Shapes: B texts, T tokens (padded), D embedding."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import PAD_ID


class BagEncoder(nn.Module):
    """Mean of the token embeddings: fast, and blind to word order."""

    def __init__(self, architecture: Architecture, vocabulary_size: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, architecture.dim, padding_idx=PAD_ID)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Return (B, D)."""
        # padding embeds as 0, so the plain sum is the sum over the text
        sum_BD = self.embedding(ids_BT).sum(dim=1)
        mean_BD = sum_BD / lengths_B.clamp(min=1)[:, None]
        dropped: torch.Tensor = self.dropout(mean_BD)
        return dropped
