"""An encoder of images that are written as texts: a module of the user's own over pixels. B images, T tokens."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.errors import OptionError

FIRST_LEVEL = 3  # the id of the darkest grey level: behind padding, unknown and the start of a row


class PixelEncoder(nn.Module):
    """``module`` takes images (B, 1, height, width), float32 in [0, 1], 0 dark, and gives vectors (B, D).

    Inputs: ids (B, T) of texts that hold, for each row of pixels, the start of a word and its grey levels, the darkest
    of ``levels`` being the id FIRST_LEVEL. What is missing of an image is dark. OptionError for more than an image.
    """

    def __init__(self, module: nn.Module, shape: tuple[int, int], levels: int) -> None:
        super().__init__()
        self.module, self.shape, self.levels = module, shape, levels

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Return (B, D)."""
        height, width = self.shape
        missing = height * (width + 1) - ids_BT.shape[1]
        if missing < 0 and int(lengths_B.max()) > height * (width + 1):
            raise OptionError(
                f"an image has {int(lengths_B.max()):,} tokens, more than the {height} rows of {width} pixels that "
                "this encoder reads; write images of that size"
            )
        rows_BHW = nn.functional.pad(ids_BT, (0, missing)).view(-1, height, width + 1)[:, :, 1:]
        grey_BHW = (rows_BHW - FIRST_LEVEL).clamp(min=0).float() / (self.levels - 1)
        vectors_BD: torch.Tensor = self.module(grey_BHW[:, None])
        return vectors_BD
