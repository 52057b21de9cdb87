"""The siamese network: one encoder object for both sides, and a pair head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy.typing as npt
import torch
from torch import nn

from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import TokenIds
from textsiam.training.alignment import AlignmentHead
from textsiam.training.char_ngrams import CharNgramEmbedding, char_ngrams, table_of
from textsiam.training.collator import PairBatch
from textsiam.training.encoders import ENCODER_MODULES
from textsiam.training.encoders.text_states import TokenEncoder
from textsiam.training.heads import HEAD_MODULES
from textsiam.training.token_weights import token_weights
from textsiam.training.word_dropout import WordDropout


class SiameseNetwork(nn.Module):
    """Encodes the distinct texts of a batch once and compares the sides of each pair."""

    def __init__(
        self, architecture: Architecture, vocabulary_size: int, dropout: float = 0.0, word_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.word_dropout = WordDropout(word_dropout)
        self.vector_size, self.weighting = architecture.vector_size, architecture.weighting
        self.encoder = ENCODER_MODULES[architecture.encoder](architecture, vocabulary_size, dropout)
        self.compares_tokens = architecture.head == "alignment"
        self.head: nn.Module
        if self.compares_tokens:
            self.head = AlignmentHead(architecture, dropout)
        else:
            self.head = HEAD_MODULES[architecture.head](architecture, dropout)

    def forward(self, batch: PairBatch) -> torch.Tensor:
        """Return the raw scores of the batch's pairs, (B,)."""
        raw_B, _ = self.compare(batch)
        return raw_B

    def compare(self, batch: PairBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the raw scores of the batch's pairs, (B,), and the vectors of its texts, (U, D)."""
        ids_UT = self.word_dropout(batch.ids_UT)
        if self.compares_tokens:
            texts = cast(TokenEncoder, self.encoder).read(ids_UT, batch.lengths_U)
            return self.head(texts, batch.index_a, batch.index_b), texts.vectors_UD
        vectors_UD: torch.Tensor = self.encoder(ids_UT, batch.lengths_U)
        raw_B: torch.Tensor = self.head(vectors_UD[batch.index_a], vectors_UD[batch.index_b])
        return raw_B, vectors_UD

    def weigh_tokens(self, tokens: TokenIds) -> None:
        """Weigh the tokens of a bag, if ``weighting`` asks for it, by how often they stand in the training texts."""
        weight_V = getattr(self.encoder, "token_weight", None)
        if weight_V is not None:
            weight_V.copy_(torch.from_numpy(token_weights(tokens, len(weight_V), self.weighting)))

    def share_spellings(self, pieces: Sequence[str], lengths: str) -> None:
        """Let tokens share the character n-grams of ``lengths`` that their ``pieces`` have in common."""
        self.encoder.embedding = CharNgramEmbedding(self.encoder.embedding, *char_ngrams(pieces, lengths))

    def numpy_weights(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the weights to float32 arrays under the names that the NumPy twins read."""
        state = self.state_dict()
        if isinstance(self.encoder.embedding, CharNgramEmbedding):
            own = "encoder.embedding."
            state = {name: value for name, value in state.items() if not name.startswith(own)}
            state[f"{own}weight"] = table_of(self.encoder.embedding)
        return {name: value.detach().float().cpu().numpy().copy() for name, value in state.items()}
