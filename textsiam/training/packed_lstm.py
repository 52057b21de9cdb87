"""A layer of LSTM over packed texts, for the processor: no step is computed for padding.

Texts are sorted by falling length, so that those which still run at step t are the first ``sizes[t]``; their tokens lie
step after step in one tensor, those of step t from ``starts[t]`` on. Under autocast matrices are multiplied in its
type, and all else stays in fp32. Shapes: N tokens, U rows of gates, B texts, H units, G = 4H gates (input, forget,
cell, output, as torch has them).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

# oneDNN prepares a program for each new shape of a product in bf16, which takes as long as the product, and keeps it:
# shapes are rounded up to these multiples, in which they come again, by rows of zeros
ROUND_ROWS, ROUND_TOKENS = 64, 512

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
    product_type = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else recurrent_GH.dtype
    gates_UG = gates_UG.to(recurrent_GH.dtype)
    state_NH: torch.Tensor = _PackedLSTM.apply(gates_UG, row_N, recurrent_GH, sizes, starts, product_type)  # type: ignore[no-untyped-call] # torch gives it no types
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
        product_type: torch.dtype,
    ) -> torch.Tensor:
        units, tokens = recurrent_GH.shape[1], starts[-1] + sizes[-1]
        recurrent_GH = recurrent_GH.to(product_type)
        gates_NG = gates_UG.new_empty(tokens, 4 * units)
        cell_NH, squashed_NH, state_NH = (gates_UG.new_empty(tokens, units) for _ in range(3))
        factor_NH = _as_factor(state_NH, product_type)
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
                _add_product(gates_BG, factor_NH[before.start :], recurrent_GH.t())
            gates_BG[:, : 2 * units].sigmoid_()
            gates_BG[:, 2 * units : 3 * units].tanh_()
            gates_BG[:, 3 * units :].sigmoid_()
            entry_BH, keep_BH, candidate_BH, exit_BH = gates_BG.chunk(4, dim=1)
            torch.mul(entry_BH, candidate_BH, out=cell_NH[now])
            if start:
                cell_NH[now].addcmul_(keep_BH, cell_NH[before])
            torch.tanh(cell_NH[now], out=squashed_NH[now])
            torch.mul(exit_BH, squashed_NH[now], out=state_NH[now])
            _keep_factor(factor_NH, state_NH, now)
            earlier = now
        ctx.save_for_backward(row_N, recurrent_GH, gates_NG, cell_NH, squashed_NH, factor_NH)
        ctx.sizes, ctx.starts, ctx.rows = sizes, starts, len(gates_UG)
        return state_NH

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        row_N, recurrent_GH, gates_NG, cell_NH, squashed_NH, factor_NH = ctx.saved_tensors
        sizes, starts = ctx.sizes, ctx.starts
        d_gates_NG = torch.empty_like(gates_NG)
        factor_NG = _as_factor(d_gates_NG, factor_NH.dtype)
        d_state_BH, d_cell_BH = (cell_NH.new_zeros(sizes[0], cell_NH.shape[1]) for _ in range(2))
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
            _keep_factor(factor_NG, d_gates_NG, now)
            if step:
                _add_product(d_now_BH.zero_(), factor_NG[now.start :], recurrent_GH)
        d_recurrent_GH = factor_NG.t() @ _states_before(factor_NH, sizes, starts, len(factor_NG))
        if row_N is not None:
            d_gates_NG = d_gates_NG.new_zeros(ctx.rows, d_gates_NG.shape[1]).index_add_(0, row_N, d_gates_NG)
        return d_gates_NG, None, d_recurrent_GH.to(cell_NH.dtype), None, None, None


def _as_factor(x_NX: torch.Tensor, product_type: torch.dtype) -> torch.Tensor:
    """Give ``x_NX`` itself where products have its type, else room for it in theirs, and for rows of zeros behind."""
    if x_NX.dtype == product_type:
        return x_NX
    rows = len(x_NX) + ROUND_ROWS - 1
    return x_NX.new_zeros(rows + -rows % ROUND_TOKENS, x_NX.shape[1], dtype=product_type)


def _keep_factor(factor_NX: torch.Tensor, x_NX: torch.Tensor, now: slice) -> None:
    """Round what one step brought to the type of products."""
    if factor_NX is not x_NX:
        factor_NX[now] = x_NX[now]


def _add_product(sum_BX: torch.Tensor, factor_NY: torch.Tensor, right_YX: torch.Tensor) -> None:
    """Add the product of the first B rows of a factor with a matrix."""
    rows = len(sum_BX)
    if factor_NY.dtype == sum_BX.dtype:
        sum_BX.addmm_(factor_NY[:rows], right_YX)
    else:
        sum_BX += (factor_NY[: rows + -rows % ROUND_ROWS] @ right_YX)[:rows]


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


def _states_before(state_NH: torch.Tensor, sizes: list[int], starts: list[int], rows: int) -> torch.Tensor:
    """For each token the state one step before, (``rows``, H); 0 at the first and behind the last."""
    parts = [state_NH[start : start + size] for size, start in zip(sizes[1:], starts, strict=False)]
    behind = state_NH.new_zeros(rows - starts[-1] - sizes[-1], state_NH.shape[1])
    return torch.cat([torch.zeros_like(state_NH[: sizes[0]]), *parts, behind])
