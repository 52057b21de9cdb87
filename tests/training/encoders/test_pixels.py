from __future__ import annotations

import pytest
import torch
from torch import nn

from textsiam.errors import OptionError
from textsiam.training.encoders.custom import CustomEncoder
from textsiam.training.encoders.pixels import FIRST_LEVEL, PixelEncoder


def ids_of(levels: list[list[int]]) -> list[int]:
    return [token for row in levels for token in (2, *(level + FIRST_LEVEL for level in row))]


def test_ids_become_images_and_what_is_missing_is_dark() -> None:
    encoder = PixelEncoder(nn.Flatten(), (2, 3), 5)
    ids_BT = torch.tensor([ids_of([[0, 1, 2], [3, 4, 0]]), [*ids_of([[4, 4, 4]]), 0, 0, 0, 0]])
    vectors_BD = encoder(ids_BT, torch.tensor([8, 4]))
    assert vectors_BD.tolist() == [[0, 0.25, 0.5, 0.75, 1, 0], [1, 1, 1, 0, 0, 0]]
    assert torch.equal(encoder(ids_BT[1:, :4], torch.tensor([4])), vectors_BD[1:])  # padding changes nothing
    assert torch.equal(encoder(nn.functional.pad(ids_BT, (0, 8)), torch.tensor([8, 4])), vectors_BD)


def test_it_is_an_encoder() -> None:
    encoder = CustomEncoder(lambda: PixelEncoder(nn.Sequential(nn.Flatten(), nn.Linear(6, 4)), (2, 3), 5))
    assert encoder.vector_size == 4


def test_more_than_an_image_is_refused() -> None:
    encoder = PixelEncoder(nn.Flatten(), (2, 3), 5)
    with pytest.raises(OptionError, match="has 9 tokens, more than the 2 rows of 3 pixels"):
        encoder(torch.full((1, 9), 4), torch.tensor([9]))
