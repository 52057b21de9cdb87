"""The encoders in torch: padded token ids and lengths to text vectors.

Shapes: B texts, T tokens (padded), D embedding, H units. Padding is id 0 behind the text. A text without tokens becomes
the zero vector. A text's vector does not depend on its batch neighbours.
"""

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


class LSTMEncoder(nn.Module):
    """Stacked LSTM (Hochreiter and Schmidhuber 1997) in one or two directions, pooled over the tokens.

    Runs on the padded tensor without packing: what stands behind a text's end cannot reach back into it, and pooling
    leaves it out. The backward direction reads each text reversed within its own length.
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
        ids_TB, seen_B = ids_BT.T.contiguous(), lengths_B.clamp(min=1)
        reverse_TB = _reversed_places(seen_B, len(ids_TB)) if self.architecture.bidirectional else None
        x_TBD = self._drop(self.embedding(ids_TB))
        # Reversing the ids and embedding them again is cheaper than gathering embeddings, above all backward.
        back_TBD = x_TBD if reverse_TB is None else self._drop(self.embedding(ids_TB.gather(0, reverse_TB)))
        last = len(self.layers) - 1
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, nn.ModuleDict)
            states = [layer["forwards"](x_TBD)[0]]
            if reverse_TB is not None:
                states.append(layer["backwards"](back_TBD)[0])
                if number < last:
                    states[1] = _take_places(states[1], reverse_TB)
            if number < last:
                x_TBD = self._drop(torch.cat(states, dim=2))
                back_TBD = x_TBD if reverse_TB is None else _take_places(x_TBD, reverse_TB)
        vectors = torch.cat([self._pool(state_TBH, seen_B) for state_TBH in states], dim=1)
        return vectors * (lengths_B > 0)[:, None]

    def _drop(self, x_TBD: torch.Tensor) -> torch.Tensor:
        """Drop the same components at every token of a text (Gal and Ghahramani 2016), with 1/T of the draws."""
        if not self.training or self.dropout.p == 0:
            return x_TBD
        kept_1BD: torch.Tensor = self.dropout(x_TBD.new_ones(1, *x_TBD.shape[1:]))
        return x_TBD * kept_1BD

    def _pool(self, state_TBH: torch.Tensor, seen_B: torch.Tensor) -> torch.Tensor:
        steps, batch = state_TBH.shape[:2]
        if self.architecture.pooling == "last":
            return state_TBH[seen_B - 1, torch.arange(batch, device=state_TBH.device)]
        behind_TB1 = (torch.arange(steps, device=state_TBH.device)[:, None] >= seen_B)[:, :, None]
        if self.architecture.pooling == "max":
            return state_TBH.masked_fill(behind_TB1, float("-inf")).amax(dim=0)
        return state_TBH.masked_fill(behind_TB1, 0.0).sum(dim=0) / seen_B[:, None]


def _reversed_places(lengths_B: torch.Tensor, steps: int) -> torch.Tensor:
    """For each step of each text the place that it takes when the text is reversed within its length, (T, B)."""
    step_T1 = torch.arange(steps, device=lengths_B.device)[:, None]
    mirrored_TB = lengths_B - 1 - step_T1
    return torch.where(mirrored_TB >= 0, mirrored_TB, step_T1)


def _take_places(x_TBD: torch.Tensor, places_TB: torch.Tensor) -> torch.Tensor:
    return x_TBD.gather(0, places_TB[:, :, None].expand_as(x_TBD))


ENCODER_MODULES: dict[str, type[BagEncoder] | type[LSTMEncoder]] = {"bag": BagEncoder, "lstm": LSTMEncoder}
