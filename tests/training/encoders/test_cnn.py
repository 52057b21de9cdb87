from __future__ import annotations

import torch

from textsiam.model.architecture import Architecture
from textsiam.training.encoders.cnn import CNNEncoder


def test_filters_are_torch_own_convolutions_of_each_text() -> None:
    torch.manual_seed(2)
    encoder = CNNEncoder(Architecture(encoder="cnn", dim=7, units=5, widths="3,1,4"), 30, 0.0)
    lengths = torch.tensor([6, 2, 4, 3, 1])
    ids = torch.randint(2, 30, (5, 6)) * (torch.arange(6) < lengths[:, None])
    vectors = encoder(ids, lengths)
    for row, length in enumerate(lengths.tolist()):
        largest = []
        for width in (3, 1, 4):
            linear = encoder.filters[str(width)]
            assert isinstance(linear, torch.nn.Linear)
            x_1DT = torch.nn.functional.pad(encoder.embedding(ids[row, :length]).T, (0, max(width - length, 0)))[None]
            weight_UDW = linear.weight.reshape(5, width, 7).transpose(1, 2)
            largest.append(torch.nn.functional.conv1d(x_1DT, weight_UDW, linear.bias)[0].relu().amax(dim=1))
        assert torch.allclose(vectors[row], torch.cat(largest), atol=1e-6)
