from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from textsiam.model.custom import EncoderFactoryError
from textsiam.training.encoders.custom import CustomEncoder, check_fits


class WeightedMean(nn.Module):
    """Mean of embeddings, each with a learned weight of its position."""

    def __init__(self, vocabulary_size: int, dim: int = 6) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, dim, padding_idx=0)
        self.position = nn.Parameter(torch.linspace(0, 1, 128))

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        steps = ids_BT.shape[1]
        behind_BT = torch.arange(steps, device=ids_BT.device) >= lengths_B[:, None]
        weight_BT = self.position[:steps].expand(ids_BT.shape).masked_fill(behind_BT, float("-inf")).softmax(1)
        mean_BD: torch.Tensor = (self.embedding(ids_BT) * weight_BT[:, :, None]).sum(1)
        return mean_BD


class Changed(WeightedMean):
    """WeightedMean whose vectors are changed."""

    def __init__(self, change: Callable[[torch.Tensor], Any]) -> None:
        super().__init__(9)
        self.change = change

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        changed: torch.Tensor = self.change(super().forward(ids_BT, lengths_B))
        return changed


class BlindToLengths(WeightedMean):
    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        mean_BD: torch.Tensor = self.embedding(ids_BT).mean(1)
        return mean_BD


def test_vectors_are_those_of_the_module_and_an_empty_text_is_zero() -> None:
    module = WeightedMean(9)
    encoder = CustomEncoder(lambda: module)
    assert (encoder.vector_size, encoder.class_name) == (6, "WeightedMean")
    ids_BT, lengths_B = torch.tensor([[3, 4, 5], [0, 0, 0], [8, 0, 0]]), torch.tensor([3, 0, 1])
    vectors_BD = encoder(ids_BT, lengths_B)
    assert vectors_BD[1].eq(0).all()
    assert torch.equal(vectors_BD[0], module(ids_BT[:1], lengths_B[:1])[0])
    assert torch.allclose(vectors_BD[2], module.embedding.weight[8])
    assert encoder(torch.zeros((2, 0), dtype=torch.int64), torch.zeros(2, dtype=torch.int64)).eq(0).all()


def test_gradients_flow_and_those_of_empty_texts_are_zero() -> None:
    encoder = CustomEncoder(lambda: WeightedMean(9))
    encoder(torch.tensor([[3, 4], [0, 0]]), torch.tensor([2, 0])).square().sum().backward()
    gradients = {name: value.grad for name, value in encoder.named_parameters()}
    assert gradients.keys() == {"module.embedding.weight", "module.position"}
    for gradient in gradients.values():
        assert gradient is not None
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0
    embedding = gradients["module.embedding.weight"]
    assert embedding is not None
    assert embedding.abs().sum(1).nonzero()[:, 0].tolist() == [3, 4]


def test_an_encoder_that_is_nan_without_tokens_is_no_matter() -> None:
    class DividesByLength(WeightedMean):
        def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
            mean_BD: torch.Tensor = self.embedding(ids_BT).sum(1) / lengths_B[:, None]
            return mean_BD

    encoder = CustomEncoder(lambda: DividesByLength(9))
    vectors_BD = encoder(torch.tensor([[3], [0]]), torch.tensor([1, 0]))
    vectors_BD.sum().backward()
    assert vectors_BD.isfinite().all()
    assert all(value.grad is None or value.grad.isfinite().all() for value in encoder.parameters())


def _with_counter() -> nn.Module:
    module = WeightedMean(9)
    module.register_buffer("seen", torch.zeros((), dtype=torch.int64))
    return module


def _frozen() -> nn.Module:
    return WeightedMean(9).requires_grad_(requires_grad=False)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: 3, "encoder made a int, expected it to make a torch.nn.Module"),
        (lambda: int("size"), "its factory raised ValueError: invalid literal"),
        (lambda: nn.Linear(2, 2), "Linear raised TypeError"),
        (lambda: Changed(lambda x: [x]), "Changed returns a list, expected a tensor"),
        (
            lambda: Changed(lambda x: x[:, None]),
            r"torch.float32 \(2, 1, 6\) for 2 texts, expected torch.float32 \(2, D\)",
        ),
        (lambda: Changed(lambda x: x[:, :0]), r"returns torch.float32 \(2, 0\)"),
        (lambda: Changed(lambda x: x.repeat(1, 1000)), "with D from 1 to 4096"),
        (lambda: Changed(lambda x: x[:, : len(x)]), r"returns torch.float32 \(1, 1\) for 1 texts, .*\(1, 2\)"),
        (lambda: Changed(lambda x: x.double()), r"returns torch.float64 \(2, 6\)"),
        (lambda: Changed(lambda x: x / 0), "not finite"),
        (lambda: Changed(lambda x: x + torch.rand(())), "gives a text another vector where it stands padded"),
        (lambda: BlindToLengths(9), "leave out what stands behind lengths, where ids are 0"),
        (_with_counter, "seen of the encoder WeightedMean is torch.int64, and a model keeps torch.float32 alone"),
        (lambda: WeightedMean(9).double(), "torch.float64"),
        (_frozen, "has no weights to train"),
    ],
)
def test_what_is_no_encoder_is_told(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(EncoderFactoryError, match=message) as caught:
        CustomEncoder(make)
    assert "\n" not in str(caught.value)


def test_another_size_is_refused() -> None:
    CustomEncoder(lambda: WeightedMean(9), 6)
    with pytest.raises(EncoderFactoryError, match="WeightedMean gives vectors of 6, but dim is 7; leave dim out"):
        CustomEncoder(lambda: WeightedMean(9), 7)


def test_weights_that_do_not_fit_are_named() -> None:
    encoder = CustomEncoder(lambda: WeightedMean(9))
    good = {name: value.numpy() for name, value in encoder.state_dict().items()}
    check_fits(encoder, good)
    name = "module.position"
    for change, message in (
        ({name: good[name][:3]}, r"module.position is \(3,\) in the model and \(128,\) in the module"),
        ({"module.other": good[name]}, r"module.other is \(128,\) in the model and not there in the module"),
    ):
        with pytest.raises(EncoderFactoryError, match=message):
            check_fits(encoder, good | change)
    with pytest.raises(EncoderFactoryError, match=r"module\.position is not there in the model"):
        check_fits(encoder, {key: value for key, value in good.items() if key != name})


def test_a_module_keeps_its_mode_and_draws_nothing_when_tried() -> None:
    state = torch.get_rng_state()
    module = WeightedMean(9)
    drawn = torch.get_rng_state()
    torch.set_rng_state(state)
    assert CustomEncoder(lambda: WeightedMean(9)).module.training
    assert torch.equal(torch.get_rng_state(), drawn)
    assert not CustomEncoder(module.eval).module.training
