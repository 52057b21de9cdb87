"""What a model is made of: the encoder that both sides share, and the pair head."""

from __future__ import annotations

from dataclasses import dataclass

from textsiam.model.options import check_options, option

ENCODERS = ("bag", "lstm")
POOLINGS = ("last", "max", "mean")
HEADS = ("cosine", "euclidean", "mlp")


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes and kinds of a siamese model's parts; checked at birth.

    Parameters
    ----------
    encoder
        "bag" (mean of the token embeddings, blind to word order) or "lstm".
    dim
        Size of a token embedding; the size of a bag's text vector.
    units
        Hidden size of the LSTM, per direction. A bag has none.
    layers
        Number of stacked LSTM layers.
    bidirectional
        Read each text in both directions; the text vector is twice as long.
    pooling
        How an LSTM's states become one vector: "last", "max" or "mean" over the text's tokens.
    head
        "cosine" of the two vectors, negative "euclidean" distance, or an "mlp" over |u-v|, u*v and u+v.
    head_units
        Hidden size of the MLP head.
    max_tokens
        Tokens of a text that are read; the rest is cut, and counted.
    """

    encoder: str = option("lstm", choices=ENCODERS)
    dim: int = option(128, low=1, high=4096)
    units: int = option(128, low=1, high=4096)
    layers: int = option(1, low=1, high=8)
    bidirectional: bool = option(False)
    pooling: str = option("max", choices=POOLINGS)
    head: str = option("mlp", choices=HEADS)
    head_units: int = option(256, low=1, high=8192)
    max_tokens: int = option(128, low=1, high=100_000)

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def vector_size(self) -> int:
        """D, the length of a text's vector."""
        if self.encoder == "bag":
            return self.dim
        return self.units * (2 if self.bidirectional else 1)
