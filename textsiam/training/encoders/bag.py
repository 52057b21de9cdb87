"""The embedding bag in torch. Shapes: B texts, T tokens (padded), D embedding."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import PAD_ID
from textsiam.training.encoders.text_states import TextStates
from textsiam.training.layouts import with_steps


class BagEncoder(nn.Module):
    """Mean of the token embeddings: fast, and blind to word order."""

    def __init__(self, architecture: Architecture, vocabulary_size: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, architecture.dim, padding_idx=PAD_ID)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Return (B, D)."""
        return self._pooled(self.embedding(ids_BT), lengths_B)

    def read(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> TextStates:
        """Give the embeddings as the tokens' states, too."""
        x_BTD = self.embedding(with_steps(ids_BT, 1))
        return TextStates(self._pooled(x_BTD, lengths_B), x_BTD, lengths_B.clamp(min=1))

    def _pooled(self, x_BTD: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        # padding embeds as 0, so the plain sum is the sum over the text
        mean_BD = x_BTD.sum(dim=1) / lengths_B.clamp(min=1)[:, None]
        dropped: torch.Tensor = self.dropout(mean_BD)
        return dropped
