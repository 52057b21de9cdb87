"""The embedding bag in torch. Shapes: B texts, T tokens (padded), D embedding."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import PAD_ID
from textsiam.training.encoders.ngram_mean import NgramEmbedding
from textsiam.training.encoders.text_states import TextStates
from textsiam.training.layouts import with_steps


class BagEncoder(nn.Module):
    """Mean of the token embeddings: fast, and blind to word order unless n-grams take part.

    With ``weighting`` the mean is weighted: ``token_weight`` has a number for each token, 0 for padding. With
    ``ngrams`` the mean of the embeddings of the text's n-grams is added.
    """

    def __init__(self, architecture: Architecture, vocabulary_size: int, dropout: float) -> None:
        super().__init__()
        self.ngrams = architecture.ngrams
        self.embedding = nn.Embedding(vocabulary_size, architecture.dim, padding_idx=PAD_ID)
        self.dropout = nn.Dropout(dropout)
        self.token_weight: torch.Tensor | None
        weights = (torch.arange(vocabulary_size) != PAD_ID).float() if architecture.is_weighted else None
        self.register_buffer("token_weight", weights)
        if self.ngrams > 1:
            self.ngram_embedding = NgramEmbedding(architecture)

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Return (B, D)."""
        return self._pooled(ids_BT, self.embedding(ids_BT), lengths_B)

    def read(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> TextStates:
        """Give the embeddings as the tokens' states, too."""
        ids_BT = with_steps(ids_BT, 1)
        x_BTD = self.embedding(ids_BT)
        return TextStates(self._pooled(ids_BT, x_BTD, lengths_B), x_BTD, lengths_B.clamp(min=1))

    def _pooled(self, ids_BT: torch.Tensor, x_BTD: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        # padding embeds as 0, so the plain sum is the sum over the text
        if self.token_weight is None:
            mean_BD = x_BTD.sum(dim=1) / lengths_B.clamp(min=1)[:, None]
        else:
            weight_BT1 = self.token_weight[ids_BT][:, :, None]
            weight_B1 = weight_BT1.sum(dim=1)
            mean_BD = (x_BTD * weight_BT1).sum(dim=1) / weight_B1.masked_fill(weight_B1 == 0, 1)
        if self.ngrams > 1:
            mean_BD = mean_BD + self.ngram_embedding.mean(ids_BT, lengths_B)
        dropped: torch.Tensor = self.dropout(mean_BD)
        return dropped
