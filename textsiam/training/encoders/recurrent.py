"""Recurrent encoders in torch: what LSTM and GRU have in common. Shapes: B texts, T tokens (padded), H units."""

from __future__ import annotations

from typing import ClassVar, cast

import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import PAD_ID
from textsiam.training.encoders.ngram_mean import NgramEmbedding
from textsiam.training.encoders.text_states import TextStates
from textsiam.training.layouts import Layout, Rows, drop_by_text, with_steps


class RecurrentEncoder(nn.Module):
    """Stacked layers of a ``cell`` in one or two directions, pooled over the tokens.

    The backward direction reads each text reversed within its own length. Pooling "attention" takes the mean of the
    states, those of both directions side by side, with weights that are the softmax of their products with a learned
    vector (one head of the attention of Lin et al. 2017, without their hidden layer).
    """

    cell: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    def __init__(self, architecture: Architecture, vocabulary_size: int, dropout: float) -> None:
        super().__init__()
        self.architecture = architecture
        self.embedding = nn.Embedding(vocabulary_size, architecture.dim, padding_idx=PAD_ID)
        self.dropout = nn.Dropout(dropout)
        directions = ("forwards", "backwards") if architecture.bidirectional else ("forwards",)
        sizes = [architecture.dim] + [architecture.pooled_size] * (architecture.layers - 1)
        self.layers = nn.ModuleList(
            nn.ModuleDict({way: self.cell(size, architecture.units) for way in directions}) for size in sizes
        )
        attends = architecture.pooling == "attention"
        self.attention = nn.Linear(architecture.pooled_size, 1, bias=False) if attends else None
        self.ngram_embedding = NgramEmbedding(architecture) if architecture.ngrams > 1 else None

    def layout(self, lengths_B: torch.Tensor, steps: int) -> Layout:
        """Choose where tokens stand: a layout that can run the cell."""
        raise NotImplementedError

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Return (B, H), or (B, 2H) in two directions, and with n-grams D features more."""
        _, states, layout = self._states(ids_BT, lengths_B)
        return self._vectors(ids_BT, lengths_B, states, layout)

    def read(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> TextStates:
        """Give the tokens' states too: those of the last layer, and the embeddings beside."""
        embedded, states, layout = self._states(ids_BT, lengths_B)
        filled_B = lengths_B > 0
        x = embedded if isinstance(embedded, torch.Tensor) else embedded.x_UD.index_select(0, embedded.row_N)
        states_BTD = layout.padded(torch.cat([_joined(states, layout), x], dim=-1)) * filled_B[:, None, None]
        return TextStates(self._vectors(ids_BT, lengths_B, states, layout), states_BTD, layout.lengths_B)

    def _states(
        self, ids_BT: torch.Tensor, lengths_B: torch.Tensor
    ) -> tuple[torch.Tensor | Rows, list[torch.Tensor], Layout]:
        """Run all layers: the embeddings, the last layer's states, and how they lie."""
        ids_BT = with_steps(ids_BT, 1)  # a batch of empty texts alone: no cell takes a sequence of no steps
        layout = self.layout(lengths_B.clamp(min=1), ids_BT.shape[1])
        first, *upper = self.layers
        embedded = layout.embedded(self.embedding, self.dropout, ids_BT)
        states = self._run(first, embedded, layout)
        for layer in upper:
            states = self._run(layer, drop_by_text(_joined(states, layout), self.dropout, layout), layout)
        return embedded, states, layout

    def _vectors(
        self, ids_BT: torch.Tensor, lengths_B: torch.Tensor, states: list[torch.Tensor], layout: Layout
    ) -> torch.Tensor:
        """Pool the states, and put what the n-grams say behind them."""
        pooled = self._pooled(states, layout) * (lengths_B > 0)[:, None]
        if self.ngram_embedding is None:
            return pooled
        ngrams_BD = self.dropout(self.ngram_embedding.mean(with_steps(ids_BT, 1), lengths_B))
        return torch.cat([pooled, ngrams_BD], dim=1)

    def _pooled(self, states: list[torch.Tensor], layout: Layout) -> torch.Tensor:
        if self.attention is not None:
            x = _joined(states, layout)
            return layout.attended(x, self.attention(x))
        # The backward states stay reversed: each pooling gives the same for either order, and "last" is then the state
        # that has seen the whole text.
        return torch.cat([layout.pooled(way, self.architecture.pooling) for way in states], dim=1)

    def _run(self, layer: nn.Module, x: torch.Tensor | Rows, layout: Layout) -> list[torch.Tensor]:
        """Run one layer: its states, and behind them those of the reversed texts."""
        assert isinstance(layer, nn.ModuleDict)
        inputs = {"forwards": x, "backwards": layout.mirrored(x)} if "backwards" in layer else {"forwards": x}
        return [layout.run(cast(nn.LSTM | nn.GRU, layer[way]), way_x) for way, way_x in inputs.items()]


def _joined(states: list[torch.Tensor], layout: Layout) -> torch.Tensor:
    """Lay the states of both directions side by side, token by token."""
    ahead, *back = states
    return torch.cat([ahead, *(cast(torch.Tensor, layout.mirrored(way)) for way in back)], dim=-1)
