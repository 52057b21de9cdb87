"""The siamese network: one encoder object for both sides, and a pair head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy.typing as npt
import torch
from torch import nn

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.model.weights import EMBEDDING
from textsiam.text.tokenizer import TokenIds
from textsiam.training.alignment import AlignmentHead
from textsiam.training.char_ngrams import CharNgramEmbedding, char_ngrams, table_of
from textsiam.training.collator import PairBatch
from textsiam.training.encoders import ENCODER_MODULES
from textsiam.training.encoders.custom import CustomEncoder, check_fits
from textsiam.training.encoders.ngram_mean import leave_out_ngrams
from textsiam.training.encoders.text_states import TokenEncoder
from textsiam.training.heads import HEAD_MODULES
from textsiam.training.token_weights import token_weights
from textsiam.training.word_dropout import WordDropout


class SiameseNetwork(nn.Module):
    """Encodes the distinct texts of a batch once and compares the sides of each pair.

    ``encoder`` is one that is there already, such as a custom one; else it is drawn.
    """

    def __init__(
        self,
        architecture: Architecture,
        vocabulary_size: int,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
        ngram_dropout: float = 0.0,
        encoder: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.word_dropout = WordDropout(word_dropout)
        self.vector_size, self.weighting = architecture.vector_size, architecture.weighting
        self.encoder: nn.Module
        if encoder is None:
            self.encoder = ENCODER_MODULES[architecture.encoder](architecture, vocabulary_size, dropout)
            leave_out_ngrams(self.encoder, ngram_dropout)
        else:
            self.encoder = encoder
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

    def share_spellings(self, pieces: Sequence[str], lengths: str, *, drawn: bool) -> None:
        """Let tokens share the character n-grams of ``lengths`` that their ``pieces`` have in common.

        ``drawn`` tells that the embedding is a random one, which need not be kept.
        """
        rows_N, counts_V = char_ngrams(pieces, lengths)
        self.encoder.embedding = CharNgramEmbedding(self.embedding, rows_N, counts_V, drawn=drawn)

    @property
    def embedding(self) -> nn.Embedding:
        """The token embedding; a custom encoder need not have one."""
        return cast(nn.Embedding, self.encoder.embedding)

    def numpy_weights(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the weights to float32 arrays under the names that the NumPy twins read."""
        state = self.state_dict()
        if isinstance(getattr(self.encoder, "embedding", None), CharNgramEmbedding):
            own = EMBEDDING.removesuffix("weight")
            state = {name: value for name, value in state.items() if not name.startswith(own)}
            state[EMBEDDING] = table_of(self.embedding)
        return {name: value.detach().float().cpu().numpy().copy() for name, value in state.items()}

    def take_over(self, weights: Mapping[str, Array], rows: Array | None = None) -> None:
        """Put float32 ``weights`` in the place of those with their names; of the embedding ``rows`` alone, bool (V,).

        Raises EncoderFactoryError where a custom encoder has others.
        """
        if weights and isinstance(self.encoder, CustomEncoder):
            names = (name for name in weights if name.startswith("encoder."))
            check_fits(self.encoder, {name.removeprefix("encoder."): weights[name] for name in names})
        own = self.state_dict()
        for name, weight in weights.items():
            given = torch.from_numpy(weight)
            if rows is not None and name == EMBEDDING:
                chosen = torch.from_numpy(rows)
                own[name][chosen] = given[chosen]
            else:
                own[name].copy_(given)

    @property
    def encoder_class(self) -> str | None:
        """The name of a custom encoder's class; None of another encoder."""
        return self.encoder.class_name if isinstance(self.encoder, CustomEncoder) else None

    def custom_identity(self) -> str:
        """Give what tells a custom encoder from others, as far as it can be told: its class, names and shapes."""
        if self.encoder_class is None:
            return ""
        shapes = {name: tuple(weight.shape) for name, weight in self.encoder.state_dict().items()}
        return f"{self.encoder_class} {shapes}"

    def freeze(self, rows: Array) -> None:
        """Keep these rows of the embedding, bool (V,), as they are: no gradient reaches them, nor is it clipped for."""
        weight = self.get_parameter(EMBEDDING)
        frozen_V1 = torch.from_numpy(rows).to(weight.device)[:, None]
        weight.register_hook(lambda gradient: gradient.masked_fill(frozen_V1, 0))  # type: ignore[no-untyped-call] # torch has no types
