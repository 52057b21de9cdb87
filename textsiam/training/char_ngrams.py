"""Token embeddings that share what their spellings share, while training.

As the character n-grams of a piece are fixed, so is what they add to its embedding: after training each token's sum is
its ordinary row, and nothing of this is left in the model. Shapes: V tokens, N n-grams of all tokens, M different ones,
D embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import torch
from torch import nn

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.text.tokenizer import PAD_ID

END = "\0"  # the mark behind a piece; U+2581, which SentencePiece writes before one that begins a word, is the other


class CharNgramEmbedding(nn.Embedding):
    """Embeds a token as its own row and the rows of the character n-grams of its piece.

    Bojanowski, Grave, Joulin, Mikolov, "Enriching word vectors with subword information", 2017; but n-grams are
    numbered, not hashed, as pieces are known, and one that a single piece has is left out, for the token's own row says
    as much. The rows of k n-grams are added up and divided by sqrt(k), which keeps the size of a sum of random rows
    that of one. Own rows of tokens with n-grams start at 0: tokens that are spelled alike start near each other. Where
    the ``plain`` rows were not ``drawn`` at random they are kept, and the n-grams start at 0.
    """

    def __init__(self, plain: nn.Embedding, rows_N: Array, counts_V: Array, *, drawn: bool = True) -> None:
        super().__init__(plain.num_embeddings, plain.embedding_dim, padding_idx=PAD_ID, _weight=plain.weight.detach())
        rows, counts = torch.from_numpy(rows_N), torch.from_numpy(counts_V)
        # not kept in checkpoints: they follow from the vocabulary
        self.register_buffer("rows_N", rows, persistent=False)
        self.register_buffer("counts_V", counts, persistent=False)
        self.register_buffer("starts_V", counts.cumsum(0) - counts, persistent=False)
        self.rows_N: torch.Tensor
        self.counts_V: torch.Tensor
        self.starts_V: torch.Tensor
        start = torch.randn if drawn else torch.zeros
        self.ngrams = nn.Parameter(start(int(rows_N.max()) + 1, plain.embedding_dim))
        if drawn:
            with torch.no_grad():
                self.weight[counts > 0] = 0

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Embed token ids, (..., D)."""
        if ids.is_cuda:  # to look for distinct ids would make the GPU wait
            return nn.functional.embedding(ids, self.table(), PAD_ID)
        distinct_U, places = torch.unique(ids, return_inverse=True)
        return nn.functional.embedding(places, self._composed(distinct_U))

    def table(self) -> torch.Tensor:
        """Give the embeddings of all tokens, (V, D)."""
        return self.weight + self._spelled(self.rows_N, self.starts_V, self.counts_V)

    def _composed(self, ids_U: torch.Tensor) -> torch.Tensor:
        counts_U, starts_U = self.counts_V[ids_U], self.starts_V[ids_U]
        begins_U = counts_U.cumsum(0) - counts_U
        places_N = torch.arange(int(counts_U.sum())) + (starts_U - begins_U).repeat_interleave(counts_U)
        own_UD = nn.functional.embedding(ids_U, self.weight, PAD_ID)
        return own_UD + self._spelled(self.rows_N[places_N], begins_U, counts_U)

    def _spelled(self, rows_N: torch.Tensor, begins_U: torch.Tensor, counts_U: torch.Tensor) -> torch.Tensor:
        sum_UD = nn.functional.embedding_bag(rows_N, self.ngrams, begins_U, mode="sum")
        return sum_UD / counts_U.clamp(min=1).sqrt()[:, None]


def table_of(embedding: nn.Embedding) -> torch.Tensor:
    """Give the embeddings of all tokens, (V, D), with what their spellings add."""
    return embedding.table() if isinstance(embedding, CharNgramEmbedding) else embedding.weight


def char_ngrams(pieces: Sequence[str], lengths: str) -> tuple[Array, Array]:
    """Number the character n-grams of these ``lengths`` ("3,4,5") that two or more pieces have.

    Gives those of all tokens end to end, int64 (N,), and how many each has, int64 (V,). "" stands for a token without
    a spelling. Raises OptionError where no two pieces share one.
    """
    of_pieces = [sorted(_ngrams(piece, [int(length) for length in lengths.split(",")])) for piece in pieces]
    flat = list(chain.from_iterable(of_pieces))
    counts: dict[str, int] = {}
    for ngram in flat:
        counts[ngram] = counts.get(ngram, 0) + 1
    shared = {ngram: number for number, ngram in enumerate(n for n, count in counts.items() if count > 1)}
    if not shared:
        raise OptionError(f"char_ngrams is {lengths!r}, but no two pieces of the vocabulary share one; leave it out")
    rows = [[shared[ngram] for ngram in ngrams if ngram in shared] for ngrams in of_pieces]
    return np.array(list(chain.from_iterable(rows)), np.int64), np.array([len(row) for row in rows], np.int64)


def _ngrams(piece: str, lengths: Sequence[int]) -> set[str]:
    marked = piece + END
    return {marked[i : i + n] for n in lengths for i in range(len(marked) - n + 1)} if piece else set()
