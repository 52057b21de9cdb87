"""The mean of the embeddings of a text's n-grams, in torch. Shapes: B texts, T tokens (padded), R runs, D embedding."""

from __future__ import annotations

import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.model.encoders.ngrams import ngram_count, ngram_rows
from textsiam.text.tokenizer import PAD_ID


class NgramEmbedding(nn.Embedding):
    """Embeds runs of consecutive tokens, hashed into ``buckets`` rows.

    Joulin, Grave, Bojanowski, Mikolov, "Bag of tricks for efficient text classification", 2017. They start at 0: an
    n-gram that was never trained adds nothing.

    A share ``left_out`` of the training steps leaves them out; in the others their mean is divided by 1 - left_out.
    Pairs whose texts come up again and again are learned by heart from n-grams, so fast that the encoder beside them
    has nothing left to learn: those steps are its own.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture.buckets, architecture.dim, padding_idx=PAD_ID)
        self.longest, self.left_out = architecture.ngrams, 0.0
        nn.init.zeros_(self.weight)

    def mean(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Average the embeddings of each text's n-grams, (B, D); 0 where it has none."""
        left_out = self.left_out if self.training else 0.0
        if left_out and torch.rand(()).item() < left_out:
            return self.weight.new_zeros(len(ids_BT), self.embedding_dim)
        ids_TB = ids_BT.T
        inside_TB = whole_RB = ids_TB != PAD_ID  # padding stands behind texts, and, while training, for hidden tokens
        rows = []
        for behind, row_RB in enumerate(ngram_rows(ids_TB, self.longest, self.num_embeddings), start=1):
            whole_RB = whole_RB[:-1] & inside_TB[behind:]
            rows.append(row_RB * whole_RB)
        sum_BD: torch.Tensor = self(torch.cat(rows)).sum(dim=0)
        count_B: torch.Tensor = ngram_count(lengths_B, self.longest)
        return sum_BD / (count_B.clamp(min=1) * (1 - left_out))[:, None]


def leave_out_ngrams(encoder: nn.Module, share: float) -> None:
    """Set the share of the training steps in which an encoder that embeds n-grams leaves them out."""
    for module in encoder.modules():
        if isinstance(module, NgramEmbedding):
            module.left_out = share
