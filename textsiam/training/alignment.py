"""The alignment head in torch. Shapes: B pairs, P = 2B sides of pairs, T tokens (padded), D states, W comparisons."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.training.encoders.text_states import TextStates
from textsiam.training.heads import MLPHead

NOWHERE = -1e9  # score of a token behind the end: finite, so that its softmax has a gradient


class AlignmentHead(nn.Module):
    """Compares each token with those of the other text that are like it, and the texts by what came of that.

    As in decomposable attention (Parikh et al. 2016) a token looks at all tokens of the other text, shares its
    attention out among them, and is compared with their mean; as in RE2 (Yang et al. 2019) it is the encoder's states
    that are aligned, difference and product stand in the comparison, and the largest of each feature over the tokens is
    kept, here beside the mean. What came of the two sides is added up, and subtracted, and goes into the MLP that
    compares the texts' vectors.
    """

    def __init__(self, architecture: Architecture, dropout: float) -> None:
        super().__init__()
        width = architecture.alignment_units
        self.dropout = nn.Dropout(dropout)
        self.token = nn.Linear(architecture.state_size, width)
        self.own = nn.Linear(width, width)
        self.compared = nn.Linear(2 * width, width, bias=False)  # |x - y| and x * y
        self.sharpness = nn.Parameter(torch.ones(1))
        self.mlp = MLPHead(architecture.vector_size, architecture.head_units, dropout, beside=4 * width)

    def forward(self, texts: TextStates, index_a: torch.Tensor, index_b: torch.Tensor) -> torch.Tensor:
        """Return the logits of the pairs whose sides are the texts ``index_a`` and ``index_b``, (B,)."""
        sides_P, pairs = torch.cat([index_a, index_b]), len(index_a)
        token_UTW = torch.relu(self.token(self._dropped(texts.states_UTD)))
        # what a token adds by itself is the same in every pair
        x_PTW, own_PTW = token_UTW.index_select(0, sides_P), self.own(token_UTW).index_select(0, sides_P)
        lengths_P = texts.lengths_U[sides_P]
        inside_PT = torch.arange(x_PTW.shape[1], device=lengths_P.device) < lengths_P[:, None]
        share_PTT = self._shares(x_PTW, inside_PT, pairs)
        y_PTW = torch.bmm(share_PTT, _other_side(x_PTW, pairs))
        compared_PTW = self.compared(torch.cat([(x_PTW - y_PTW).abs(), x_PTW * y_PTW], dim=2))
        # what came of a token is not negative: that of the ones behind the end, 0, is never the largest
        found_PTW = torch.relu(own_PTW + compared_PTW) * inside_PT[:, :, None]
        found_PX = torch.cat([found_PTW.max(dim=1)[0], found_PTW.sum(dim=1) / lengths_P[:, None]], dim=1)
        a_BX, b_BX = found_PX[:pairs], found_PX[pairs:]
        beside_BY = torch.cat([a_BX + b_BX, (a_BX - b_BX).abs()], dim=1)
        logits_B: torch.Tensor = self.mlp(texts.vectors_UD[index_a], texts.vectors_UD[index_b], beside_BY)
        return logits_B

    def _dropped(self, states_UTD: torch.Tensor) -> torch.Tensor:
        """Drop, while training, the same components at all tokens of a text; one draw for each is slow."""
        if not (self.training and self.dropout.p):
            return states_UTD
        texts, _, size = states_UTD.shape
        kept_U1D: torch.Tensor = self.dropout(states_UTD.new_ones(texts, 1, size))
        return states_UTD * kept_U1D

    def _shares(self, x_PTW: torch.Tensor, inside_PT: torch.Tensor, pairs: int) -> torch.Tensor:
        """Give the shares of attention of each side's tokens among those of the other side, (P, T, T)."""
        a_BTW, b_BTW = x_PTW[:pairs], x_PTW[pairs:]
        score_BTT = torch.bmm(a_BTW, b_BTW.transpose(1, 2)) * (self.sharpness.exp() / x_PTW.shape[2] ** 0.5)
        score_PTT = torch.cat([score_BTT, score_BTT.transpose(1, 2)])
        return score_PTT.masked_fill(~_other_side(inside_PT, pairs)[:, None], NOWHERE).softmax(dim=2)


def _other_side(x: torch.Tensor, pairs: int) -> torch.Tensor:
    """Swap the sides of the pairs, which lie one behind the other along the first axis."""
    return torch.cat([x[pairs:], x[:pairs]])
