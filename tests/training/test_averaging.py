from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.training.averaging import AveragedWeights
from textsiam.training.network import SiameseNetwork

NETWORK = Architecture(encoder="bag", dim=4, head_units=3)


def _moved(network: SiameseNetwork) -> None:
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight))


@pytest.mark.parametrize("decay", [0.5, 0.999])
def test_the_average_is_the_recurrence_by_hand(decay: float) -> None:
    torch.manual_seed(1)
    network = SiameseNetwork(NETWORK, 9, dropout=0.5)
    average = AveragedWeights(network, decay)
    wanted = {name: value.double().numpy() for name, value in network.state_dict().items()}
    for step in range(20):
        _moved(network)
        average.update(network, step)
        kept = min(decay, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            wanted[name] = kept * wanted[name] + (1 - kept) * value.double().numpy()
    for name, value in average.network.state_dict().items():
        np.testing.assert_allclose(value.numpy(), wanted[name], atol=1e-5, err_msg=name)


def test_training_does_not_see_the_average() -> None:
    torch.manual_seed(1)
    network = SiameseNetwork(NETWORK, 9)
    before, random = {name: value.clone() for name, value in network.state_dict().items()}, torch.get_rng_state()
    average = AveragedWeights(network, 0.9)
    assert torch.equal(torch.get_rng_state(), random)
    _moved(average.network)
    average.update(network, 3)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(value.requires_grad for value in network.parameters())
    assert not any(value.requires_grad for value in average.network.parameters())


def test_buffers_are_those_of_the_last_step() -> None:
    encoder = nn.Embedding(9, 4)
    encoder.register_buffer("running", torch.zeros(4))
    network = SiameseNetwork(dataclasses.replace(NETWORK, encoder="custom"), 9, encoder=encoder)
    average = AveragedWeights(network, 0.9)
    for step in range(3):
        encoder.running = torch.full((4,), step + 1.0)
        average.update(network, step)
        assert average.network.get_buffer("encoder.running").tolist() == [step + 1.0] * 4
