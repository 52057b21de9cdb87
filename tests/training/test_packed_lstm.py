from __future__ import annotations

import pytest
import torch

from textsiam.training.layouts import PackedLayout, Rows
from textsiam.training.packed_lstm import packed_lstm

LENGTHS = [3, 1, 5, 2, 5, 1]


def _packed_inputs(lengths: list[int], size: int) -> tuple[PackedLayout, list[torch.Tensor], torch.Tensor]:
    """Draw each text's inputs, and pack them by hand."""
    layout = PackedLayout(torch.tensor(lengths), max(lengths))
    texts = [torch.randn(length, size, dtype=torch.float64) for length in lengths]
    ranked = sorted(range(len(lengths)), key=lambda text: -lengths[text])
    rows = [texts[text][step] for step in range(max(lengths)) for text in ranked if step < lengths[text]]
    return layout, texts, torch.stack(rows)


@pytest.mark.parametrize("lengths", [LENGTHS, [4], [1, 1], [2, 7]], ids=str)
def test_states_are_those_of_each_text_alone(lengths: list[int]) -> None:
    torch.manual_seed(1)
    lstm = torch.nn.LSTM(4, 3).double()
    layout, texts, x_ND = _packed_inputs(lengths, 4)
    states = layout.run(lstm, x_ND)
    for token, (text, step) in enumerate(zip(layout.text_N.tolist(), layout.step_N.tolist(), strict=True)):
        alone = lstm(texts[text][:, None])[0][step, 0]
        assert torch.allclose(states[token], alone, atol=1e-12)


def test_gradients_are_those_of_each_text_alone() -> None:
    torch.manual_seed(2)
    lstm = torch.nn.LSTM(4, 3).double()
    layout, texts, x_ND = _packed_inputs(LENGTHS, 4)
    wanted = torch.randn(len(x_ND), 3, dtype=torch.float64)

    alone = [text.requires_grad_() for text in texts]
    loss = torch.zeros((), dtype=torch.float64)
    for token, (text, step) in enumerate(zip(layout.text_N.tolist(), layout.step_N.tolist(), strict=True)):
        loss = loss + (lstm(alone[text][:, None])[0][step, 0] * wanted[token]).sum()
    torch.autograd.backward(loss)
    expected = [weight.grad.clone() for weight in lstm.parameters() if weight.grad is not None]
    lstm.zero_grad()

    x_ND.requires_grad_()
    torch.autograd.backward((layout.run(lstm, x_ND) * wanted).sum())
    found = [weight.grad for weight in lstm.parameters() if weight.grad is not None]
    assert len(found) == len(expected) == 4
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(found, expected, strict=True))
    for token, (text, step) in enumerate(zip(layout.text_N.tolist(), layout.step_N.tolist(), strict=True)):
        of_text, of_token = alone[text].grad, x_ND.grad
        assert of_text is not None
        assert of_token is not None
        assert torch.allclose(of_token[token], of_text[step], atol=1e-12)


def test_rows_that_tokens_share_gather_the_gradients_of_all_of_them() -> None:
    torch.manual_seed(3)
    lstm = torch.nn.LSTM(4, 3).double()
    layout, _, x_ND = _packed_inputs(LENGTHS, 4)
    x_UD, row_N = torch.randn(5, 4, dtype=torch.float64), torch.randint(5, (len(x_ND),))
    wanted = torch.randn(len(x_ND), 3, dtype=torch.float64)
    results = []
    for shared in (False, True):
        given = x_UD.clone().requires_grad_()
        lstm.zero_grad()
        states = layout.run(lstm, Rows(given, row_N) if shared else given[row_N])
        torch.autograd.backward((states * wanted).sum())
        results.append([states, given.grad, *(weight.grad for weight in lstm.parameters())])
    for apart, together in zip(*results, strict=True):
        assert apart is not None
        assert together is not None
        assert torch.allclose(apart, together, atol=1e-12)


@pytest.mark.parametrize("lengths", [LENGTHS, [9] * 70 + [4] * 30 + [1]], ids=["few", "many"])
def test_under_autocast_factors_and_products_are_rounded_and_nothing_else(lengths: list[int]) -> None:
    torch.manual_seed(4)
    lstm, layout = torch.nn.LSTM(4, 3), PackedLayout(torch.tensor(lengths), max(lengths))
    gates_NG = torch.randn(sum(lengths), 12, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = packed_lstm(gates_NG, None, lstm, layout.sizes, layout.starts)
    expected = torch.zeros_like(states)
    for text in range(len(lengths)):
        places = [place for place, owner in enumerate(layout.text_N.tolist()) if owner == text]
        state, cell = torch.zeros(3), torch.zeros(3)
        for place in places:
            product = lstm.get_parameter("weight_hh_l0").detach().bfloat16().float() @ state.bfloat16().float()
            gates = gates_NG.detach()[place] + product.bfloat16().float()
            entry, keep, candidate, leave = gates.chunk(4)
            cell = keep.sigmoid() * cell + entry.sigmoid() * candidate.tanh()
            state = expected[place] = leave.sigmoid() * cell.tanh()
    assert states.dtype == torch.float32
    exact = packed_lstm(gates_NG, None, lstm, layout.sizes, layout.starts)
    # a sum of three may round the other way
    assert (states - expected).abs().mean() < 0.1 * (exact - expected).abs().mean()


@pytest.mark.parametrize("lengths", [LENGTHS, [9] * 70 + [4] * 30 + [1]], ids=["few", "many"])
def test_gradients_under_autocast_are_near_and_not_those_of_fp32(lengths: list[int]) -> None:
    torch.manual_seed(5)
    lstm, layout = torch.nn.LSTM(4, 3), PackedLayout(torch.tensor(lengths), max(lengths))
    gates_NG, wanted = torch.randn(sum(lengths), 12), torch.randn(sum(lengths), 3)
    results = []
    for rounds in (False, True):
        given = gates_NG.clone().requires_grad_()
        lstm.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=rounds):
            states = packed_lstm(given, None, lstm, layout.sizes, layout.starts)
        torch.autograd.backward((states * wanted).sum())
        results.append([given.grad, lstm.weight_hh_l0.grad])
    for exact, near in zip(*results, strict=True):
        assert exact is not None
        assert near is not None
        assert near.dtype == torch.float32
        assert 1e-4 < (exact - near).abs().max() / exact.abs().max() < 0.02


def test_an_input_that_needs_no_gradient_gets_none() -> None:
    lstm = torch.nn.LSTM(4, 3).double()
    layout, _, x_ND = _packed_inputs(LENGTHS, 4)
    torch.autograd.backward(layout.run(lstm, x_ND).sum())
    assert x_ND.grad is None
    assert all(weight.grad is not None for weight in lstm.parameters())


def _shapes_of_products(lengths: list[int], distinct: int) -> set[tuple[int, ...]]:
    """Give the sizes of the factors of all products of a step in bf16, forwards and backwards."""
    lstm, layout = torch.nn.LSTM(4, 3), PackedLayout(torch.tensor(lengths), max(lengths))
    x_UD, row_N = torch.randn(distinct, 4, requires_grad=True), torch.arange(sum(lengths)) % distinct
    with (
        torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], record_shapes=True) as profile,
        torch.autocast("cpu", dtype=torch.bfloat16),
    ):
        torch.autograd.backward(layout.run(lstm, Rows(x_UD, row_N)).sum())
    products = [event for event in profile.events() if event.name in ("aten::mm", "aten::addmm")]
    return {tuple(size for shape in event.input_shapes for size in shape) for event in products}


def test_shapes_of_products_come_again_under_autocast() -> None:
    shapes = _shapes_of_products([9] * 70 + [4] * 30 + [1], distinct=40)
    assert len(shapes) > 3
    assert _shapes_of_products([9] * 66 + [5] * 25 + [2, 2, 1], distinct=57) == shapes
