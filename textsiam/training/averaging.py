"""The average of the weights that a run has passed through."""

from __future__ import annotations

import copy

import torch
from torch import nn

from textsiam.training.network import SiameseNetwork


class AveragedWeights:
    """An exponential moving average of a network's weights, kept in a network of its own.

    Step s, counted from 0, keeps min(``decay``, (1 + s) / (10 + s)) of the average and takes the rest from the weights
    (``decay`` in [0, 1)), so that the random start is soon forgotten. Polyak and Juditsky, "Acceleration of stochastic
    approximation by averaging", 1992, with a window that moves on. Buffers, such as the running mean of a custom
    encoder, are taken as they are. ``network`` is the averaged one; training does not see it. It takes the memory of
    the weights once more.
    """

    def __init__(self, network: SiameseNetwork, decay: float) -> None:
        self.decay = decay
        self.network = copy.deepcopy(network).requires_grad_(False)
        for module in self.network.modules():
            if isinstance(module, nn.RNNBase):
                module.flatten_parameters()  # cuDNN wants the weights of a layer side by side, which copying undoes

    @torch.no_grad()
    def update(self, network: SiameseNetwork, step: int) -> None:
        """Take in the weights of ``network`` after ``step`` (from 0)."""
        kept = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - kept)
        for own, buffer in zip(self.network.buffers(), network.buffers(), strict=True):
            own.copy_(buffer)
