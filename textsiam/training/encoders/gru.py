"""The GRU encoder in torch."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.training.encoders.recurrent import RecurrentEncoder
from textsiam.training.layouts import Layout, PaddedLayout


class GRUEncoder(RecurrentEncoder):
    """Stacked GRU (Cho et al. 2014) in one or two directions, pooled over the tokens."""

    cell = nn.GRU

    def layout(self, lengths_B: torch.Tensor, steps: int) -> Layout:
        """Pad: the packed layout knows LSTMs alone."""
        return PaddedLayout(lengths_B, steps)
