from __future__ import annotations

import math

import pytest
import torch

from textsiam.model.architecture import Architecture
from textsiam.training.encoders.transformer import TransformerEncoder, TransformerLayer, sinusoids

# our names -> torch's
NAMES = {
    "attend.weight": "self_attn.in_proj_weight",
    "attend.bias": "self_attn.in_proj_bias",
    "attended.weight": "self_attn.out_proj.weight",
    "attended.bias": "self_attn.out_proj.bias",
    "hidden.weight": "linear1.weight",
    "hidden.bias": "linear1.bias",
    "output.weight": "linear2.weight",
    "output.bias": "linear2.bias",
    "attend_norm.weight": "norm1.weight",
    "attend_norm.bias": "norm1.bias",
    "hidden_norm.weight": "norm2.weight",
    "hidden_norm.bias": "norm2.bias",
}


def _reference(layer: TransformerLayer, dim: int, heads: int) -> torch.nn.TransformerEncoderLayer:
    reference = torch.nn.TransformerEncoderLayer(dim, heads, 4 * dim, dropout=0.0, norm_first=True)
    reference.load_state_dict({NAMES[name]: value for name, value in layer.state_dict().items()})
    return reference


@pytest.mark.parametrize("heads", [1, 3])
def test_layers_are_torch_own(heads: int) -> None:
    torch.manual_seed(2)
    encoder = TransformerEncoder(
        Architecture(encoder="transformer", dim=6, layers=2, attention_heads=heads, pooling="mean"), 30, 0.0
    )
    with torch.no_grad():
        for weight in encoder.layers.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    ids, lengths = torch.tensor([[3, 9, 4, 28, 2], [7, 5, 0, 0, 0]]), torch.tensor([5, 2])
    vectors = encoder(ids, lengths)
    for row, length in enumerate(lengths.tolist()):
        x_TD = encoder.embedding(ids[row, :length]) + sinusoids(length, 6, torch.device("cpu"))
        for layer in encoder.layers:
            assert isinstance(layer, TransformerLayer)
            x_TD = _reference(layer, 6, heads)(x_TD)
        assert torch.allclose(vectors[row], encoder.norm(x_TD).mean(dim=0), atol=1e-5)


@pytest.mark.parametrize("dim", [1, 6, 7])
def test_positions_are_the_sinusoids_of_the_formula(dim: int) -> None:
    found = sinusoids(9, dim, torch.device("cpu"))
    assert found.shape == (9, dim)
    for position in range(9):
        for feature in range(dim):
            angle = position / 10_000 ** (feature // 2 * 2 / dim)
            expected = math.cos(angle) if feature % 2 else math.sin(angle)
            assert abs(float(found[position, feature]) - expected) < 1e-5


def test_word_order_counts() -> None:
    torch.manual_seed(2)
    encoder = TransformerEncoder(Architecture(encoder="transformer", dim=8, pooling="mean"), 30, 0.0)
    vectors = encoder(torch.tensor([[3, 9, 4], [4, 9, 3]]), torch.tensor([3, 3]))
    assert (vectors[0] - vectors[1]).abs().max() > 1e-3
