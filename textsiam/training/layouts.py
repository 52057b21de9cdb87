"""Where the tokens of texts of several lengths stand in one tensor: padded for a GPU, packed for the processor.

Both layouts do the same for an encoder: take ids in, run a layer (the packed one only an LSTM's), reverse texts, pool.
A text's vector is the same in either (difference < 1e-5). Shapes: B texts, T tokens (padded), N tokens (of all texts),
D features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn

from textsiam.text.tokenizer import PAD_ID
from textsiam.training.char_ngrams import table_of
from textsiam.training.packed_lstm import ROUND_TOKENS, packed_lstm
from textsiam.training.precision import computes_bf16


@dataclass(frozen=True, slots=True)
class Rows:
    """Features of tokens, many of them alike: token i has row ``row_N[i]`` of ``x_UD``."""

    x_UD: torch.Tensor
    row_N: torch.Tensor


class Layout(Protocol):
    """What an encoder needs; x is (T, B, D) or (N, D)."""

    lengths_B: torch.Tensor

    def embedded(self, embedding: nn.Embedding, dropout: nn.Dropout, ids_BT: torch.Tensor) -> torch.Tensor | Rows:
        """Embed padded token ids; of a token the same is dropped wherever it stands."""

    def of_tokens(self, x_BD: torch.Tensor) -> torch.Tensor:
        """Give each token what belongs to its text, such that it multiplies x."""

    def run(self, layer: nn.LSTM | nn.GRU, x: torch.Tensor | Rows) -> torch.Tensor:
        """Run a single layer forwards."""

    def mirrored(self, x: torch.Tensor | Rows) -> torch.Tensor | Rows:
        """Reverse each text within its length."""

    def pooled(self, states: torch.Tensor, pooling: str) -> torch.Tensor:
        """Pool each text's states ("last", "max" or "mean"), (B, D)."""

    def attended(self, states: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Take each text's mean state, weighted by the softmax of its tokens' scores (one each, last axis), (B, D)."""

    def padded(self, states: torch.Tensor) -> torch.Tensor:
        """Lay each text's states out, (B, T, D); what stands behind its end is finite."""


def layout_of(lengths_B: torch.Tensor, steps: int) -> Layout:
    """Choose the faster layout for texts of ``lengths_B`` (int64, 1 to ``steps``), padded to ``steps``."""
    return PaddedLayout(lengths_B, steps) if computes_padded(lengths_B.device) else PackedLayout(lengths_B, steps)


def with_steps(ids_BT: torch.Tensor, steps: int) -> torch.Tensor:
    """Pad token ids further, to at least so many steps."""
    return nn.functional.pad(ids_BT, (0, max(steps - ids_BT.shape[1], 0)), value=PAD_ID)


def drop_by_text(x: torch.Tensor, dropout: nn.Dropout, layout: Layout) -> torch.Tensor:
    """Drop, while training, the same components at every token of a text (Gal and Ghahramani 2016)."""
    if not (dropout.training and dropout.p):
        return x
    return x * layout.of_tokens(dropout(x.new_ones(len(layout.lengths_B), x.shape[-1])))


def computes_padded(device: torch.device) -> bool:
    """Tell whether padded texts are faster now: with cuDNN, and oneDNN on a processor with matrix instructions."""
    return device.type != "cpu" or (torch.is_autocast_enabled("cpu") and computes_bf16(device))


def prepares_shapes(device: torch.device) -> bool:
    """Tell whether a program is prepared now for each new shape: by cuDNN, and by oneDNN in bf16."""
    return device.type != "cpu" or torch.is_autocast_enabled("cpu")


class PaddedLayout:
    """(T, B, D): every text has T steps, and what stands behind its end is left out when pooling."""

    def __init__(self, lengths_B: torch.Tensor, steps: int) -> None:
        texts_B = torch.arange(len(lengths_B), device=lengths_B.device)
        step_T1 = torch.arange(steps, device=lengths_B.device)[:, None]
        self.lengths_B, self.texts_B = lengths_B, texts_B
        self.behind_TB1 = (step_T1 >= lengths_B)[:, :, None]
        mirrored_TB = torch.where(step_T1 < lengths_B, lengths_B - 1 - step_T1, step_T1)
        self.mirror_N = (mirrored_TB * len(lengths_B) + texts_B).reshape(-1)

    def ids(self, ids_BT: torch.Tensor) -> torch.Tensor:
        """Lay padded token ids out, (T, B)."""
        return ids_BT.T.contiguous()

    def embedded(self, embedding: nn.Embedding, dropout: nn.Dropout, ids_BT: torch.Tensor) -> torch.Tensor:
        """Embed padded token ids, (T, B, D)."""
        ids_TB = self.ids(ids_BT)
        if ids_TB.is_cuda:  # to look for distinct ids would make the GPU wait
            return nn.functional.embedding(ids_TB, dropout(table_of(embedding)), PAD_ID)
        distinct_U, place_TB = torch.unique(ids_TB, return_inverse=True)
        return nn.functional.embedding(place_TB, dropout(embedding(distinct_U)))

    def of_tokens(self, x_BD: torch.Tensor) -> torch.Tensor:
        """Give each token what belongs to its text, (B, D): it broadcasts."""
        return x_BD

    def run(self, layer: nn.LSTM | nn.GRU, x: torch.Tensor | Rows) -> torch.Tensor:
        """Run a single layer forwards, (T, B, H)."""
        states: torch.Tensor = layer(x)[0]
        return states

    def mirrored(self, x: torch.Tensor | Rows) -> torch.Tensor:
        """Reverse each text within its length."""
        assert isinstance(x, torch.Tensor)
        mirrored_ND: torch.Tensor = _Mirrored.apply(x.reshape(-1, x.shape[2]), self.mirror_N)  # type: ignore[no-untyped-call] # torch has no types
        return mirrored_ND.reshape(x.shape)

    def pooled(self, states: torch.Tensor, pooling: str) -> torch.Tensor:
        """Pool each text's states ("last", "max" or "mean"), (B, H)."""
        if pooling == "last":
            return states[self.lengths_B - 1, self.texts_B]
        if pooling == "max":
            return states.masked_fill(self.behind_TB1, float("-inf")).amax(dim=0)
        return states.masked_fill(self.behind_TB1, 0.0).sum(dim=0) / self.lengths_B[:, None]

    def attended(self, states: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Take each text's mean state, weighted by the softmax of its tokens' scores (T, B, 1), (B, H)."""
        share_TB1 = scores.masked_fill(self.behind_TB1, float("-inf")).softmax(dim=0)
        return (states * share_TB1).sum(dim=0)

    def padded(self, states: torch.Tensor) -> torch.Tensor:
        """Lay each text's states out, (B, T, D)."""
        return states.transpose(0, 1)


class PackedLayout:
    """(N, D): texts by falling length, their tokens step after step, as ``packed_lstm`` takes them."""

    def __init__(self, lengths_B: torch.Tensor, steps: int) -> None:
        self.padded_steps = steps
        falling_B, self.order_B = lengths_B.sort(descending=True, stable=True)
        self.rank_B = self.order_B.argsort()
        inside_TB = torch.arange(int(falling_B[0]))[:, None] < falling_B
        self.step_N, self.rank_N = inside_TB.nonzero(as_tuple=True)
        sizes_T = inside_TB.sum(dim=1)
        starts_T = sizes_T.cumsum(0) - sizes_T
        self.sizes: list[int] = sizes_T.tolist()
        self.starts: list[int] = starts_T.tolist()
        self.lengths_B = lengths_B
        # at every step a text's place among those that run is its rank
        self.mirror_N = starts_T[falling_B[self.rank_N] - 1 - self.step_N] + self.rank_N
        self.last_B = starts_T[lengths_B - 1] + self.rank_B
        self.text_N = self.order_B[self.rank_N]

    def ids(self, ids_BT: torch.Tensor) -> torch.Tensor:
        """Pack padded token ids, (N,)."""
        return ids_BT[self.text_N, self.step_N]

    def embedded(self, embedding: nn.Embedding, dropout: nn.Dropout, ids_BT: torch.Tensor) -> Rows:
        """Embed each distinct token once."""
        distinct_U, row_N = torch.unique(self.ids(ids_BT), return_inverse=True)
        return Rows(dropout(embedding(distinct_U)), row_N)

    def of_tokens(self, x_BD: torch.Tensor) -> torch.Tensor:
        """Give each token what belongs to its text, (N, D)."""
        return x_BD.index_select(0, self.text_N)

    def run(self, layer: nn.LSTM | nn.GRU, x: torch.Tensor | Rows) -> torch.Tensor:
        """Run a single-layer LSTM forwards, (N, H)."""
        assert isinstance(layer, nn.LSTM)
        x_UD, row_N = (x.x_UD, x.row_N) if isinstance(x, Rows) else (x, None)
        weights = dict(layer.named_parameters())
        bias_G = weights["bias_ih_l0"] + weights["bias_hh_l0"]
        behind = -len(x_UD) % ROUND_TOKENS if prepares_shapes(x_UD.device) else 0
        rounded_UD = nn.functional.pad(x_UD, (0, 0, 0, behind)) if behind else x_UD
        gates_UG = nn.functional.linear(rounded_UD, weights["weight_ih_l0"], bias_G)[: len(x_UD)]
        return packed_lstm(gates_UG, row_N, layer, self.sizes, self.starts)

    def mirrored(self, x: torch.Tensor | Rows) -> torch.Tensor | Rows:
        """Reverse each text within its length."""
        if isinstance(x, Rows):
            return Rows(x.x_UD, x.row_N[self.mirror_N])
        mirrored_ND: torch.Tensor = _Mirrored.apply(x, self.mirror_N)  # type: ignore[no-untyped-call] # torch has no types
        return mirrored_ND

    def pooled(self, states: torch.Tensor, pooling: str) -> torch.Tensor:
        """Pool each text's states ("last", "max" or "mean"), (B, H)."""
        if pooling == "last":
            return states.index_select(0, self.last_B)
        if pooling == "max":
            largest_BH: torch.Tensor = _MaxOverSteps.apply(states, self.sizes, self.starts)  # type: ignore[no-untyped-call] # torch has no types
            return largest_BH.index_select(0, self.rank_B)
        return self._sums(states) / self.lengths_B[:, None]

    def attended(self, states: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Take each text's mean state, weighted by the softmax of its tokens' scores (N, 1), (B, H)."""
        tokens = (self.step_N, self.rank_N)
        score_TB = scores.new_full((len(self.sizes), len(self.lengths_B)), float("-inf"))
        share_TB = score_TB.index_put(tokens, scores[:, 0]).softmax(dim=0)
        return self._sums(states * share_TB[tokens][:, None])

    def padded(self, states: torch.Tensor) -> torch.Tensor:
        """Lay each text's states out, (B, T, D), with zeros behind."""
        texts, steps = len(self.lengths_B), self.padded_steps
        laid_out = states.new_zeros(texts * steps, states.shape[1])
        return laid_out.index_copy(0, self.text_N * steps + self.step_N, states).view(texts, steps, -1)

    def _sums(self, states: torch.Tensor) -> torch.Tensor:
        """Add up each text's states, (B, H)."""
        return states.new_zeros(len(self.lengths_B), states.shape[1]).index_add(0, self.text_N, states)


class _Mirrored(torch.autograd.Function):
    """Rows in another order, by a permutation that is its own inverse: backward it is a lookup too, not a sum."""

    @staticmethod
    def forward(ctx: Any, x_ND: torch.Tensor, places_N: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(places_N)
        return x_ND.index_select(0, places_N)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return grads[0].index_select(0, ctx.saved_tensors[0]), None


class _MaxOverSteps(torch.autograd.Function):
    """Largest state of each text and unit; the gradient goes to the last step that has it."""

    @staticmethod
    def forward(ctx: Any, state_NH: torch.Tensor, sizes: list[int], starts: list[int]) -> torch.Tensor:
        largest_BH = state_NH[: sizes[0]].clone()
        for size, start in zip(sizes[1:], starts[1:], strict=True):
            torch.maximum(largest_BH[:size], state_NH[start : start + size], out=largest_BH[:size])
        ctx.save_for_backward(state_NH, largest_BH)
        ctx.sizes, ctx.starts = sizes, starts
        return largest_BH

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        state_NH, largest_BH = ctx.saved_tensors
        left_BH, d_state_NH = grads[0].clone(), torch.empty_like(state_NH)
        for size, start in zip(reversed(ctx.sizes), reversed(ctx.starts), strict=True):
            d_now_BH, left_now_BH = d_state_NH[start : start + size], left_BH[:size]
            d_now_BH.copy_(left_now_BH).masked_fill_(state_NH[start : start + size] != largest_BH[:size], 0)
            left_now_BH -= d_now_BH
        return d_state_NH, None, None
