from __future__ import annotations

import pytest
import torch

from textsiam.model.architecture import Architecture
from textsiam.training.encoders import ENCODER_MODULES

ARCHITECTURES = [
    Architecture(encoder="bag", dim=7),
    *(
        Architecture(encoder="lstm", dim=7, units=5, layers=layers, bidirectional=both, pooling=pooling)
        for layers in (1, 2, 3)
        for both in (False, True)
        for pooling in ("last", "max", "mean")
    ),
]
LENGTHS = [4, 1, 0, 6, 3]


def _batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(2)
    ids, lengths = torch.randint(2, 30, (len(LENGTHS), max(LENGTHS))), torch.tensor(LENGTHS)
    return ids * (torch.arange(ids.shape[1]) < lengths[:, None]), lengths


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_padding_does_not_reach_a_texts_vector(architecture: Architecture) -> None:
    ids, lengths = _batch()
    encoder = ENCODER_MODULES[architecture.encoder](architecture, 30, 0.0).eval()
    vectors = encoder(ids, lengths)
    assert vectors.shape == (len(LENGTHS), architecture.vector_size)
    for row, length in enumerate(LENGTHS):
        if length == 0:
            assert not vectors[row].any()
            continue
        alone = encoder(ids[row : row + 1, :length], lengths[row : row + 1])
        assert torch.allclose(alone[0], vectors[row], atol=1e-6)


@pytest.mark.parametrize("pooling", ["last", "max", "mean"])
def test_two_directions_equal_torch_own_bidirectional_lstm(pooling: str) -> None:
    architecture = Architecture(encoder="lstm", dim=7, units=5, layers=2, bidirectional=True, pooling=pooling)
    encoder = ENCODER_MODULES["lstm"](architecture, 30, 0.0).eval()
    reference = torch.nn.LSTM(7, 5, num_layers=2, bidirectional=True)
    theirs = {}
    for name in reference.state_dict():
        layer, backwards = int(name.split("_l")[1][0]), name.endswith("_reverse")
        ours = f"layers.{layer}.{'backwards' if backwards else 'forwards'}.{name.removesuffix('_reverse')[:-1]}0"
        theirs[name] = encoder.state_dict()[ours]
    reference.load_state_dict(theirs)
    ids, lengths = _batch()
    vectors = encoder(ids, lengths)
    for row, length in enumerate(LENGTHS):
        if length == 0:
            continue
        states = reference(encoder.embedding(ids[row, :length])[:, None])[0][:, 0]
        forwards, backwards = states[:, :5], states[:, 5:]
        if pooling == "last":
            expected = torch.cat([forwards[-1], backwards[0]])
        else:
            expected = states.amax(0) if pooling == "max" else states.mean(0)
        assert torch.allclose(vectors[row], expected, atol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_gradients_are_finite_and_reach_every_weight(architecture: Architecture) -> None:
    encoder = ENCODER_MODULES[architecture.encoder](architecture, 30, 0.2)
    encoder(*_batch()).square().sum().backward()
    for name, weight in encoder.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name
    padding = encoder.embedding.weight.grad
    assert padding is not None
    assert not padding[0].any()  # padding learns nothing
