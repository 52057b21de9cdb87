"""A small transformer in torch. Shapes: B texts, T tokens (padded), D embedding, A attention heads, C = D / A."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import PAD_ID
from textsiam.training.encoders.text_states import TextStates
from textsiam.training.layouts import PaddedLayout, drop_by_text, with_steps


class TransformerEncoder(nn.Module):
    """Transformer encoder (Vaswani et al. 2017) with normalisation before each part, pooled over the tokens.

    Positions are sinusoids, so that they have no weights and no end. Pooling "attention" is that of the recurrent
    encoders. It has no NumPy twin.
    """

    def __init__(self, architecture: Architecture, vocabulary_size: int, dropout: float) -> None:
        super().__init__()
        dim, self.pooling = architecture.dim, architecture.pooling
        self.embedding = nn.Embedding(vocabulary_size, dim, padding_idx=PAD_ID)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(dim, architecture.attention_heads) for _ in range(architecture.layers)
        )
        self.norm = nn.LayerNorm(dim)
        self.attention = nn.Linear(dim, 1, bias=False) if self.pooling == "attention" else None

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Return (B, D)."""
        return self.read(ids_BT, lengths_B).vectors_UD

    def read(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> TextStates:
        """Give the tokens' states, too."""
        ids_BT = with_steps(ids_BT, 1)
        layout = PaddedLayout(lengths_B.clamp(min=1), ids_BT.shape[1])
        x_TBD = layout.embedded(self.embedding, self.dropout, ids_BT)
        x_TBD = x_TBD + sinusoids(len(x_TBD), x_TBD.shape[2], x_TBD.device)[:, None]
        for layer in self.layers:
            x_TBD = layer(x_TBD, layout, self.dropout)
        x_TBD = self.norm(x_TBD)
        if self.attention is not None:
            pooled_BD = layout.attended(x_TBD, self.attention(x_TBD))
        else:
            pooled_BD = layout.pooled(x_TBD, self.pooling)
        filled_B = lengths_B > 0
        states_BTD = x_TBD.transpose(0, 1) * filled_B[:, None, None]
        return TextStates(pooled_BD * filled_B[:, None], states_BTD, layout.lengths_B)


class TransformerLayer(nn.Module):
    """Self-attention, then a hidden ReLU layer four times as wide as D; each adds to what went in."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attend_norm = nn.LayerNorm(dim)
        self.attend = nn.Linear(dim, 3 * dim)  # queries, keys and values
        self.attended = nn.Linear(dim, dim)
        self.hidden_norm = nn.LayerNorm(dim)
        self.hidden = nn.Linear(dim, 4 * dim)
        self.output = nn.Linear(4 * dim, dim)

    def forward(self, x_TBD: torch.Tensor, layout: PaddedLayout, dropout: nn.Dropout) -> torch.Tensor:
        """Return (T, B, D)."""
        drop = partial(drop_by_text, dropout=dropout, layout=layout)
        x_TBD = x_TBD + drop(self._attended(self.attend_norm(x_TBD), layout))
        return x_TBD + drop(self.output(torch.relu(self.hidden(self.hidden_norm(x_TBD)))))

    def _attended(self, x_TBD: torch.Tensor, layout: PaddedLayout) -> torch.Tensor:
        """Let each token look at the tokens of its own text."""
        parts_TB3AC = self.attend(x_TBD).unflatten(2, (3, self.heads, -1))
        queries_BATC, keys_BATC, values_BATC = parts_TB3AC.permute(2, 1, 3, 0, 4)
        inside_B11T = ~layout.behind_TB1.permute(1, 2, 0)[:, :, None]
        found_BATC = nn.functional.scaled_dot_product_attention(
            queries_BATC, keys_BATC, values_BATC, attn_mask=inside_B11T
        )
        attended_TBD: torch.Tensor = self.attended(found_BATC.permute(2, 0, 1, 3).flatten(2))
        return attended_TBD


def sinusoids(steps: int, dim: int, device: torch.device) -> torch.Tensor:
    """Give each position sines and cosines of wavelengths from 2 pi to 20,000 pi, (T, D)."""
    frequencies = 10_000 ** (-torch.arange(0, dim, 2, device=device) / dim)
    angles = torch.arange(steps, device=device)[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :dim]
