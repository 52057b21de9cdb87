"""A layer of LSTM over packed texts, for the processor: no step is computed for padding.

Texts are sorted by falling length, so that those which still run at step t are the first ``sizes[t]``; their tokens lie
step after step in one tensor, those of step t from ``starts[t]`` on. Shapes: N tokens, U rows of gates, B texts, H
units, G = 4H gates (input, forget, cell, output, as torch has them).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input


def packed_lstm(
    gates_UG: torch.Tensor, row_N: torch.Tensor | None, lstm: nn.LSTM, sizes: list[int], starts: list[int]
) -> torch.Tensor:
    """Run the recurrence of a single-layer ``nn.LSTM`` forwards over packed texts, (N, H).

    ``gates_UG`` is what inputs and biases add to the gates, and ``row_N`` (int64) says which of its rows belongs to
    each token; None: its own.
    """
    recurrent_GH = lstm.get_parameter("weight_hh_l0")
    state_NH: torch.Tensor = _PackedLSTM.apply(gates_UG, row_N, recurrent_GH, sizes, starts)  # type: ignore[no-untyped-call] # torch gives it no types
    return state_NH


class _PackedLSTM(torch.autograd.Function):
    """The states of every step; the gradient of the weights is one product for all steps."""

    @staticmethod
    def forward(
        ctx: Any,
        gates_UG: torch.Tensor,
        row_N: torch.Tensor | None,
        recurrent_GH: torch.Tensor,
        sizes: list[int],
        starts: list[int],
    ) -> torch.Tensor:
        units, tokens = recurrent_GH.shape[1], starts[-1] + sizes[-1]
        gates_NG = gates_UG.new_empty(tokens, 4 * units)
        cell_NH, squashed_NH, state_NH = (gates_UG.new_empty(tokens, units) for _ in range(3))
        earlier = slice(0, 0)
        for size, start in zip(sizes, starts, strict=True):
            now = slice(start, start + size)
            before = slice(earlier.start, earlier.start + size)
            gates_BG = gates_NG[now]
            if row_N is None:
                gates_BG.copy_(gates_UG[now])
            else:
                torch.index_select(gates_UG, 0, row_N[now], out=gates_BG)
            if start:
                gates_BG.addmm_(state_NH[before], recurrent_GH.t())
            gates_BG[:, : 2 * units].sigmoid_()
            gates_BG[:, 2 * units : 3 * units].tanh_()
            gates_BG[:, 3 * units :].sigmoid_()
            entry_BH, keep_BH, candidate_BH, exit_BH = gates_BG.chunk(4, dim=1)
            torch.mul(entry_BH, candidate_BH, out=cell_NH[now])
            if start:
                cell_NH[now].addcmul_(keep_BH, cell_NH[before])
            torch.tanh(cell_NH[now], out=squashed_NH[now])
            torch.mul(exit_BH, squashed_NH[now], out=state_NH[now])
            earlier = now
        ctx.save_for_backward(row_N, recurrent_GH, gates_NG, cell_NH, squashed_NH, state_NH)
        ctx.sizes, ctx.starts, ctx.rows = sizes, starts, len(gates_UG)
        return state_NH

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        row_N, recurrent_GH, gates_NG, cell_NH, squashed_NH, state_NH = ctx.saved_tensors
        sizes, starts = ctx.sizes, ctx.starts
        d_gates_NG = torch.empty_like(gates_NG)
        d_state_BH, d_cell_BH = (state_NH.new_zeros(sizes[0], state_NH.shape[1]) for _ in range(2))
        for step in range(len(sizes) - 1, -1, -1):
            size, now = sizes[step], slice(starts[step], starts[step] + sizes[step])
            before = slice(starts[step - 1], starts[step - 1] + size) if step else None
            d_now_BG, d_now_BH = d_gates_NG[now], d_state_BH[:size]
            d_now_BH += grads[0][now]
            _gates_backward(
                d_now_BG,
                d_now_BH,
                d_cell_BH[:size],
                gates_NG[now],
                squashed_NH[now],
                None if before is None else cell_NH[before],
            )
            if step:
                torch.mm(d_now_BG, recurrent_GH, out=d_now_BH)
        d_recurrent_GH = d_gates_NG.t() @ _states_before(state_NH, sizes, starts)
        if row_N is not None:
            d_gates_NG = d_gates_NG.new_zeros(ctx.rows, d_gates_NG.shape[1]).index_add_(0, row_N, d_gates_NG)
        return d_gates_NG, None, d_recurrent_GH, None, None


def _gates_backward(
    d_gates_BG: torch.Tensor,
    d_state_BH: torch.Tensor,
    d_cell_BH: torch.Tensor,
    gates_BG: torch.Tensor,
    squashed_BH: torch.Tensor,
    earlier_cell_BH: torch.Tensor | None,
) -> None:
    """Fill the gradient of one step's gates, before their sigmoid or tanh; carry ``d_cell_BH`` one step back."""
    entry_BH, keep_BH, candidate_BH, exit_BH = gates_BG.chunk(4, dim=1)
    d_entry_BH, d_keep_BH, d_candidate_BH, d_exit_BH = d_gates_BG.chunk(4, dim=1)
    through_BH = d_state_BH * exit_BH
    d_cell_BH += _tanh_backward(through_BH, squashed_BH, grad_input=through_BH)
    _sigmoid_backward(d_state_BH * squashed_BH, exit_BH, grad_input=d_exit_BH)
    _sigmoid_backward(d_cell_BH * candidate_BH, entry_BH, grad_input=d_entry_BH)
    _tanh_backward(d_cell_BH * entry_BH, candidate_BH, grad_input=d_candidate_BH)
    if earlier_cell_BH is None:
        d_keep_BH.zero_()
    else:
        _sigmoid_backward(d_cell_BH * earlier_cell_BH, keep_BH, grad_input=d_keep_BH)
        d_cell_BH *= keep_BH


def _states_before(state_NH: torch.Tensor, sizes: list[int], starts: list[int]) -> torch.Tensor:
    """For each token the state one step before, (N, H); 0 at the first."""
    parts = [state_NH[start : start + size] for size, start in zip(sizes[1:], starts, strict=False)]
    return torch.cat([torch.zeros_like(state_NH[: sizes[0]]), *parts])
