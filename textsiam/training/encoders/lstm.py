"""The LSTM encoder in torch."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.training.encoders.recurrent import RecurrentEncoder
from textsiam.training.layouts import Layout, layout_of


class LSTMEncoder(RecurrentEncoder):
    """Stacked LSTM (Hochreiter and Schmidhuber 1997) in one or two directions, pooled over the tokens."""

    cell = nn.LSTM

    def layout(self, lengths_B: torch.Tensor, steps: int) -> Layout:
        """Choose the faster layout."""
        return layout_of(lengths_B, steps)
