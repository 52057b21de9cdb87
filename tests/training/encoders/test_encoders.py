from __future__ import annotations

import pytest
import torch

from textsiam.model.architecture import ENCODERS, POOLINGS, Architecture
from textsiam.training.encoders import ENCODER_MODULES

ARCHITECTURES = [
    Architecture(encoder="bag", dim=7),
    Architecture(encoder="bag", dim=7, weighting="idf"),
    Architecture(encoder="bag", dim=7, weighting="sif", ngrams=3, buckets=50),
    *(Architecture(encoder="cnn", dim=7, units=5, widths=widths) for widths in ("1", "2,3,4", "16,1")),
    *(
        Architecture(encoder=encoder, dim=7, units=5, layers=layers, bidirectional=both, pooling=pooling)
        for encoder in ("gru", "lstm")
        for layers in (1, 2, 3)
        for both in (False, True)
        for pooling in POOLINGS
    ),
    Architecture(encoder="gru", dim=7, units=5, ngrams=2, buckets=50),
    Architecture(encoder="lstm", dim=7, units=5, bidirectional=True, ngrams=3, buckets=50),
    *(
        Architecture(encoder="transformer", dim=6, layers=layers, attention_heads=heads, pooling=pooling)
        for layers, heads in ((1, 1), (2, 3))
        for pooling in POOLINGS
    ),
]
LENGTHS = [4, 1, 0, 6, 3]


def test_every_encoder_of_an_architecture_is_here() -> None:
    assert set(ENCODER_MODULES) == set(ENCODERS) == {architecture.encoder for architecture in ARCHITECTURES}


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


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_texts_of_any_length_stand_beside_each_other(architecture: Architecture) -> None:
    torch.manual_seed(3)
    lengths = torch.arange(61)
    ids = torch.randint(2, 30, (61, 60)) * (torch.arange(60) < lengths[:, None])
    encoder = ENCODER_MODULES[architecture.encoder](architecture, 30, 0.0).eval()
    with torch.inference_mode():
        together = encoder(ids, lengths)
        apart = [encoder(ids[row : row + 1, :row], lengths[row : row + 1])[0] for row in range(61)]
    assert not together[0].any()
    # the states of a transformer are not held to [-1, 1], and are rounded accordingly
    assert (together - torch.stack(apart)).abs().max() < 1e-6 * together.abs().max().clamp(min=1)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_empty_texts_alone(architecture: Architecture) -> None:
    encoder = ENCODER_MODULES[architecture.encoder](architecture, 30, 0.2)
    vectors = encoder(torch.zeros((3, 0), dtype=torch.int64), torch.zeros(3, dtype=torch.int64))
    assert vectors.shape == (3, architecture.vector_size)
    assert not vectors.any()
    vectors.sum().backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in encoder.parameters())


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_in_bf16_vectors_and_gradients_are_near(architecture: Architecture) -> None:
    torch.manual_seed(4)
    encoder = ENCODER_MODULES[architecture.encoder](architecture, 30, 0.0)
    ids, lengths = _batch()
    exact = encoder(ids, lengths)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        vectors = encoder(ids, lengths)
    assert torch.allclose(vectors.float(), exact, atol=0.1)
    vectors.float().square().sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in encoder.parameters())


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_gradients_are_finite_and_reach_every_weight(architecture: Architecture) -> None:
    encoder = ENCODER_MODULES[architecture.encoder](architecture, 30, 0.2)
    (encoder(*_batch()) - 1).square().sum().backward()  # n-grams start at 0
    for name, weight in encoder.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name
    padding = encoder.embedding.weight.grad
    assert padding is not None
    assert not padding[0].any()  # padding learns nothing
