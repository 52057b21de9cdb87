"""The convolutional encoder in torch. Shapes: B texts, T tokens (padded), W windows, U filters, D embedding."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import PAD_ID
from textsiam.training.layouts import PaddedLayout, with_steps


class CNNEncoder(nn.Module):
    """Filters of several widths, the largest value of each over the text, and ReLU (Kim 2014).

    A filter sees windows of tokens that lie in the text; a text shorter than the window has one, filled up with zeros.
    """

    def __init__(self, architecture: Architecture, vocabulary_size: int, dropout: float) -> None:
        super().__init__()
        self.widths = architecture.filter_widths
        self.embedding = nn.Embedding(vocabulary_size, architecture.dim, padding_idx=PAD_ID)
        self.dropout = nn.Dropout(dropout)
        # as products with windows, not as nn.Conv1d, so that the weights are matrices, which are decayed and quantised
        self.filters = nn.ModuleDict(
            {str(width): nn.Linear(width * architecture.dim, architecture.units) for width in self.widths}
        )

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Return (B, U * widths)."""
        ids_BT = with_steps(ids_BT, max(self.widths))
        layout = PaddedLayout(lengths_B.clamp(min=1), ids_BT.shape[1])
        x_TBD = layout.embedded(self.embedding, self.dropout, ids_BT)
        largest = torch.cat([self._largest(x_TBD, width, lengths_B) for width in self.widths], dim=1)
        return torch.relu(largest) * (lengths_B > 0)[:, None]

    def _largest(self, x_TBD: torch.Tensor, width: int, lengths_B: torch.Tensor) -> torch.Tensor:
        """Give the largest value of each filter of one width, (B, U)."""
        windows = len(x_TBD) - width + 1
        x_WBF = torch.cat([x_TBD[place : place + windows] for place in range(width)], dim=2)
        value_WBU = self.filters[str(width)](x_WBF)
        inside_WB = torch.arange(windows, device=lengths_B.device)[:, None] < (lengths_B - width + 1).clamp(min=1)
        largest_BU: torch.Tensor = value_WBU.masked_fill(~inside_WB[:, :, None], float("-inf")).amax(dim=0)
        return largest_BU
