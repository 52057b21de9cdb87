from __future__ import annotations

import pytest
import torch

from textsiam.model.architecture import POOLINGS, Architecture
from textsiam.training.encoders import ENCODER_MODULES
from textsiam.training.encoders.recurrent import RecurrentEncoder

LENGTHS = [4, 1, 6, 3]


def _pooled(encoder: RecurrentEncoder, states: torch.Tensor, pooling: str) -> torch.Tensor:
    """Pool the states (T, 10) of one text, those of both directions side by side."""
    if pooling == "last":
        return torch.cat([states[-1, :5], states[0, 5:]])
    if pooling == "attention":
        assert encoder.attention is not None
        return (torch.softmax(states @ encoder.attention.weight[0], dim=0)[:, None] * states).sum(0)
    return states.amax(0) if pooling == "max" else states.mean(0)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_two_directions_equal_torch_own_bidirectional_layers(kind: str, pooling: str) -> None:
    architecture = Architecture(encoder=kind, dim=7, units=5, layers=2, bidirectional=True, pooling=pooling)
    encoder = ENCODER_MODULES[kind](architecture, 30, 0.0).eval()
    assert isinstance(encoder, RecurrentEncoder)
    reference = encoder.cell(7, 5, num_layers=2, bidirectional=True)
    theirs = {}
    for name in reference.state_dict():
        layer, backwards = int(name.split("_l")[1][0]), name.endswith("_reverse")
        ours = f"layers.{layer}.{'backwards' if backwards else 'forwards'}.{name.removesuffix('_reverse')[:-1]}0"
        theirs[name] = encoder.state_dict()[ours]
    reference.load_state_dict(theirs)
    torch.manual_seed(2)
    lengths = torch.tensor(LENGTHS)
    ids = torch.randint(2, 30, (4, 6)) * (torch.arange(6) < lengths[:, None])
    vectors = encoder(ids, lengths)
    for row, length in enumerate(LENGTHS):
        states = reference(encoder.embedding(ids[row, :length])[:, None])[0][:, 0]
        assert torch.allclose(vectors[row], _pooled(encoder, states, pooling), atol=1e-6)
