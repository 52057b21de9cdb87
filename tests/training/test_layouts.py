from __future__ import annotations

import pytest
import torch

from textsiam.model.architecture import POOLINGS, Architecture
from textsiam.training.encoders import lstm
from textsiam.training.encoders.lstm import LSTMEncoder
from textsiam.training.layouts import (
    PackedLayout,
    PaddedLayout,
    Rows,
    computes_padded,
    drop_by_text,
    layout_of,
    with_steps,
)

AnyLayout = PaddedLayout | PackedLayout
LENGTHS = torch.tensor([3, 1, 6, 2, 6, 1])


def _layouts() -> list[AnyLayout]:
    return [PaddedLayout(LENGTHS, 6), PackedLayout(LENGTHS, 6)]


def _laid_out(layout: AnyLayout, x_BTD: torch.Tensor) -> torch.Tensor:
    """Lay features out as the layout lays ids out."""
    numbers_BT = torch.arange(x_BTD.shape[0] * x_BTD.shape[1]).reshape(x_BTD.shape[:2])
    return x_BTD.reshape(-1, x_BTD.shape[2])[layout.ids(numbers_BT)]


@pytest.mark.parametrize("pooling", ["last", "max", "mean"])
@pytest.mark.parametrize("layout", _layouts(), ids=lambda layout: type(layout).__name__)
def test_pooling_by_hand_with_gradients(layout: AnyLayout, pooling: str) -> None:
    torch.manual_seed(3)
    x_BTD = torch.randn(6, 6, 4, dtype=torch.float64)
    by_hand = x_BTD.clone().requires_grad_()
    expected = []
    for text, length in enumerate(LENGTHS.tolist()):
        states = by_hand[text, :length]
        pooled = {"last": states[-1], "max": states.max(dim=0).values, "mean": states.sum(dim=0) / length}
        expected.append(pooled[pooling])
    wanted = torch.randn(6, 4, dtype=torch.float64)
    torch.autograd.backward((torch.stack(expected) * wanted).sum())

    given = x_BTD.clone().requires_grad_()
    found = layout.pooled(_laid_out(layout, given), pooling)
    torch.autograd.backward((found * wanted).sum())
    assert torch.allclose(found, torch.stack(expected))
    assert given.grad is not None
    assert by_hand.grad is not None
    assert torch.allclose(given.grad, by_hand.grad)


@pytest.mark.parametrize("layout", _layouts(), ids=lambda layout: type(layout).__name__)
def test_attention_by_hand_with_gradients(layout: AnyLayout) -> None:
    torch.manual_seed(3)
    x_BTD, score_BT1 = torch.randn(6, 6, 4, dtype=torch.float64), 3 * torch.randn(6, 6, 1, dtype=torch.float64)
    wanted = torch.randn(6, 4, dtype=torch.float64)
    by_hand = [x_BTD.clone().requires_grad_(), score_BT1.clone().requires_grad_()]
    expected = []
    for text, length in enumerate(LENGTHS.tolist()):
        states, scores = (part[text, :length] for part in by_hand)
        expected.append((states * scores.exp() / scores.exp().sum()).sum(dim=0))
    torch.autograd.backward((torch.stack(expected) * wanted).sum())

    given = [x_BTD.clone().requires_grad_(), score_BT1.clone().requires_grad_()]
    found = layout.attended(*(_laid_out(layout, part) for part in given))
    torch.autograd.backward((found * wanted).sum())
    assert torch.allclose(found, torch.stack(expected))
    for part, hand in zip(given, by_hand, strict=True):
        assert part.grad is not None
        assert hand.grad is not None
        assert torch.allclose(part.grad, hand.grad)


@pytest.mark.parametrize("layout", _layouts(), ids=lambda layout: type(layout).__name__)
def test_the_same_is_dropped_at_every_token_of_a_text(layout: AnyLayout) -> None:
    torch.manual_seed(8)
    dropout, x_BTD = torch.nn.Dropout(0.5), torch.ones(6, 6, 16)
    dropped = drop_by_text(_laid_out(layout, x_BTD), dropout, layout)
    masks = layout.pooled(dropped, "max")
    assert set(masks.flatten().tolist()) == {0.0, 2.0}
    assert torch.equal(dropped, _laid_out(layout, masks[:, None].expand(6, 6, 16)))
    assert len({tuple(mask) for mask in masks.tolist()}) == 6
    assert torch.equal(drop_by_text(dropped, dropout.eval(), layout), dropped)


def test_ids_are_padded_to_at_least_so_many_steps() -> None:
    assert with_steps(torch.tensor([[3, 4]]), 4).tolist() == [[3, 4, 0, 0]]
    assert with_steps(torch.tensor([[3, 4]]), 1).tolist() == [[3, 4]]
    assert with_steps(torch.zeros((2, 0), dtype=torch.int64), 1).tolist() == [[0], [0]]


@pytest.mark.parametrize("layout", _layouts(), ids=lambda layout: type(layout).__name__)
def test_mirrored_reverses_each_text_within_its_length(layout: AnyLayout) -> None:
    x_BTD = torch.randn(6, 6, 2)
    reversed_BTD = x_BTD.clone()
    for text, length in enumerate(LENGTHS.tolist()):
        reversed_BTD[text, :length] = x_BTD[text, :length].flip(0)
    x = _laid_out(layout, x_BTD).requires_grad_()
    mirrored = layout.mirrored(x)
    assert isinstance(mirrored, torch.Tensor)
    assert torch.equal(mirrored, _laid_out(layout, reversed_BTD))
    wanted = torch.randn_like(x)
    torch.autograd.backward((mirrored * wanted).sum())
    assert x.grad is not None
    back = layout.mirrored(wanted)
    assert isinstance(back, torch.Tensor)
    assert torch.equal(x.grad, back)


@pytest.mark.parametrize("layout", _layouts(), ids=lambda layout: type(layout).__name__)
def test_of_a_token_the_same_is_dropped_wherever_it_stands(layout: AnyLayout) -> None:
    torch.manual_seed(6)
    embedding, dropout = torch.nn.Embedding(9, 16, padding_idx=0), torch.nn.Dropout(0.5)
    ids_BT = torch.randint(1, 9, (6, 6)) * (torch.arange(6) < LENGTHS[:, None])
    seen: dict[int, torch.Tensor] = {}
    for way in (ids_BT, ids_BT.flip(0)):
        seen.clear()
        x = layout.embedded(embedding, dropout, way)
        features = x.x_UD[x.row_N] if isinstance(x, Rows) else x
        for token, feature in zip(layout.ids(way).flatten().tolist(), features.flatten(0, -2), strict=True):
            kept = feature != 0
            assert torch.equal(feature[kept], 2 * embedding.weight[token][kept])
            assert torch.equal(seen.setdefault(token, feature), feature)
            assert token == 0 or 0 < int(kept.sum()) < 16
        torch.autograd.backward(features.sum())
    assert embedding.weight.grad is not None
    assert not embedding.weight.grad[0].any()
    dropout.eval()
    x = layout.embedded(embedding, dropout, ids_BT)
    features = x.x_UD[x.row_N] if isinstance(x, Rows) else x
    assert torch.equal(features, embedding(layout.ids(ids_BT)))


def test_rows_are_mirrored_as_features_are() -> None:
    layout = PackedLayout(LENGTHS, 6)
    rows = Rows(torch.randn(4, 2), torch.randint(4, (int(LENGTHS.sum()),)))
    mirrored = layout.mirrored(rows)
    assert isinstance(mirrored, Rows)
    assert torch.equal(mirrored.x_UD, rows.x_UD)
    apart = layout.mirrored(rows.x_UD[rows.row_N])
    assert isinstance(apart, torch.Tensor)
    assert torch.equal(mirrored.x_UD[mirrored.row_N], apart)


@pytest.mark.parametrize("layout", _layouts(), ids=lambda layout: type(layout).__name__)
def test_each_token_gets_what_belongs_to_its_text(layout: AnyLayout) -> None:
    of_text_BD = torch.arange(6.0)[:, None].expand(6, 2)
    x_BTD = torch.ones(6, 6, 2) * 10
    expected = _laid_out(layout, x_BTD * of_text_BD[:, None])
    assert torch.equal(_laid_out(layout, x_BTD) * layout.of_tokens(of_text_BD), expected)


def test_the_gradient_of_a_largest_state_that_comes_twice_goes_to_one_of_them() -> None:
    layout = PackedLayout(torch.tensor([3]), 3)
    state_NH = torch.tensor([[2.0], [1.0], [2.0]], requires_grad=True)
    torch.autograd.backward(layout.pooled(state_NH, "max").sum())
    assert state_NH.grad is not None
    assert state_NH.grad[:, 0].tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("tiles", [False, True])
def test_padded_where_the_processor_multiplies_tiles_in_bf16(monkeypatch: pytest.MonkeyPatch, tiles: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    assert isinstance(layout_of(LENGTHS, 6), PackedLayout)
    assert computes_padded(torch.device("cuda"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert isinstance(layout_of(LENGTHS, 6), PaddedLayout if tiles else PackedLayout)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("layers", [1, 2])
def test_both_layouts_train_the_same_encoder(monkeypatch: pytest.MonkeyPatch, layers: int, pooling: str) -> None:
    architecture = Architecture(dim=7, units=5, layers=layers, bidirectional=True, pooling=pooling)
    torch.manual_seed(4)
    encoder = LSTMEncoder(architecture, 30, dropout=0.5)
    lengths_B = torch.tensor([4, 0, 9, 1])
    ids_BT = torch.randint(1, 30, (4, 9)) * (torch.arange(9) < lengths_B[:, None])
    vectors, grads = [], []
    for make in (PaddedLayout, PackedLayout):
        monkeypatch.setattr(lstm, "layout_of", make)
        encoder.zero_grad()
        torch.manual_seed(5)  # the same is dropped
        vectors.append(encoder(ids_BT, lengths_B))
        torch.autograd.backward(vectors[-1].square().sum())
        grads.append([weight.grad.clone() for weight in encoder.parameters() if weight.grad is not None])
    assert torch.allclose(vectors[0], vectors[1], atol=1e-6)
    assert len(grads[0]) == len(grads[1]) == len(list(encoder.parameters()))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(*grads, strict=True))
