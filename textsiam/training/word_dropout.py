"""Tokens left out at random while training."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.text.tokenizer import PAD_ID


class WordDropout(nn.Module):
    """Makes a ``share`` of all tokens padding while training; each text keeps its length.

    Padding embeds as zeros in every encoder, and so do n-grams with it; none learns from it: a token's place stays,
    what stood there is hidden. Iyyer et al., "Deep unordered composition rivals syntactic methods for text
    classification", 2015.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, ids_UT: torch.Tensor) -> torch.Tensor:
        """Return padded token ids, (U, T), with some hidden."""
        if not (self.training and self.share):
            return ids_UT
        return ids_UT.masked_fill(torch.rand(ids_UT.shape, device=ids_UT.device) < self.share, PAD_ID)
