"""Raw scores of pairs of token ids in torch, for heads that compare tokens; the torch twin of NumpyAlignment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.text.buckets import length_batches
from textsiam.text.tokenizer import TokenIds
from textsiam.training.collator import PaddedCollator
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.network import SiameseNetwork
from textsiam.training.precision import autocast
from textsiam.training.runtime import find_device, torch_threads

PAIRS_AT_ONCE, TOKENS_AT_ONCE = 256, 8_192


class TorchComparer:
    """Scores pairs with a model's weights on a device."""

    def __init__(
        self,
        architecture: Architecture,
        weights: Mapping[str, Array],
        device: str,
        threads: int | None,
        precision: str = "fp32",
    ) -> None:
        self.device, self.threads, self.precision = find_device(device), threads, precision
        self.network = SiameseNetwork(architecture, len(weights["encoder.embedding.weight"]))
        self.network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
        self.network.to(self.device).eval()

    def __call__(self, tokens: TokenIds, index_a: Array, index_b: Array) -> Array:
        """Return float32 (n,)."""
        # the same text is the first of a pair whichever way round it is given: the scores are equal to the last bit
        first, second = np.minimum(index_a, index_b), np.maximum(index_a, index_b)
        pairs = TokenizedPairs(tokens, first, second, np.zeros(len(first), dtype=np.float32))
        with torch_threads(self.threads), autocast(self.precision, self.device):
            return score_pairs(self.network, pairs, self.device)


def score_pairs(network: SiameseNetwork, pairs: TokenizedPairs, device: torch.device) -> Array:
    """Score pairs in batches of like length, float32 (n,), in evaluation mode and without gradients."""
    raw = np.empty(len(pairs), dtype=np.float32)
    lengths = pairs.pair_lengths
    by_length = np.argsort(lengths, kind="stable")
    collate, training = PaddedCollator(pairs), network.training
    network.eval()
    with torch.inference_mode():
        for rows in length_batches(lengths, by_length, PAIRS_AT_ONCE, TOKENS_AT_ONCE):
            raw[rows] = network(collate(rows).to(device)).float().cpu().numpy()
    network.train(training)
    return raw
