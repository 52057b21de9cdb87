"""The encoders in torch: padded token ids and lengths to text vectors.

Shapes: B texts, T tokens (padded), D embedding, H units. Padding is id 0 behind the text. A text without tokens becomes
the zero vector. A text's vector does not depend on its batch neighbours.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import PAD_ID
from textsiam.training.layouts import Layout, Rows, layout_of


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


class LSTMEncoder(nn.Module):
    """Stacked LSTM (Hochreiter and Schmidhuber 1997) in one or two directions, pooled over the tokens.

    The backward direction reads each text reversed within its own length. Of a token's embedding the same components
    are dropped in all texts of a batch: what both texts of a pair have in common is dropped alike in both.
    """

    def __init__(self, architecture: Architecture, vocabulary_size: int, dropout: float) -> None:
        super().__init__()
        self.architecture = architecture
        self.embedding = nn.Embedding(vocabulary_size, architecture.dim, padding_idx=PAD_ID)
        self.dropout = nn.Dropout(dropout)
        directions = ("forwards", "backwards") if architecture.bidirectional else ("forwards",)
        sizes = [architecture.dim] + [architecture.vector_size] * (architecture.layers - 1)
        self.layers = nn.ModuleList(
            nn.ModuleDict({way: nn.LSTM(size, architecture.units) for way in directions}) for size in sizes
        )

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Return (B, H), or (B, 2H) in two directions."""
        if ids_BT.shape[1] == 0:  # a batch of empty texts alone: an LSTM takes no sequence of no steps
            ids_BT = ids_BT.new_full((len(ids_BT), 1), PAD_ID)
        layout = layout_of(lengths_B.clamp(min=1), ids_BT.shape[1])
        first, *upper = self.layers
        states = self._run(first, layout.embedded(self.embedding, self.dropout, ids_BT), layout)
        for layer in upper:
            ahead, *back = states
            x = torch.cat([ahead, *(cast(torch.Tensor, layout.mirrored(way)) for way in back)], dim=-1)
            if self.training and self.dropout.p:
                # the same components at every token of a text (Gal and Ghahramani 2016)
                x = x * layout.of_tokens(self.dropout(x.new_ones(len(ids_BT), x.shape[-1])))
            states = self._run(layer, x, layout)
        # The backward states stay reversed: each pooling gives the same for either order, and "last" is then the state
        # that has seen the whole text.
        pooled = torch.cat([layout.pooled(way, self.architecture.pooling) for way in states], dim=1)
        return pooled * (lengths_B > 0)[:, None]

    def _run(self, layer: nn.Module, x: torch.Tensor | Rows, layout: Layout) -> list[torch.Tensor]:
        """Run one layer: its states, and behind them those of the reversed texts."""
        assert isinstance(layer, nn.ModuleDict)
        inputs = {"forwards": x, "backwards": layout.mirrored(x)} if "backwards" in layer else {"forwards": x}
        return [layout.run(cast(nn.LSTM, layer[way]), way_x) for way, way_x in inputs.items()]


ENCODER_MODULES: dict[str, type[BagEncoder] | type[LSTMEncoder]] = {"bag": BagEncoder, "lstm": LSTMEncoder}
