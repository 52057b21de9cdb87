"""What a model is made of: the encoder that both sides share, and the pair head."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from textsiam.errors import OptionError
from textsiam.model.options import check_options, option

ENCODERS = ("bag", "lstm")
POOLINGS = ("last", "max", "mean")
HEADS = ("cosine", "dot", "euclidean", "manhattan", "mlp", "squared_euclidean")
# (option, value) -> the options that then have no meaning, and must keep their defaults
WITHOUT = {
    ("encoder", "bag"): ("units", "layers", "bidirectional", "pooling"),
    **{("head", head): ("head_units",) for head in HEADS if head != "mlp"},
}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes and kinds of a siamese model's parts; checked at birth.

    Raises OptionError for a value that an option cannot take, and for one given to an option that the chosen encoder
    or head has no use for.

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
        What compares the two vectors: their "cosine", their "dot" product, the negative "euclidean" distance, exp(-d)
        of the "manhattan" distance d, an "mlp" over |u-v|, u*v and u+v, or "squared_euclidean", a linear layer over
        (u-v)^2.
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
        for (part, value), options in WITHOUT.items():
            if getattr(self, part) == value:
                self._check_unused(part, options)

    def _check_unused(self, part: str, options: tuple[str, ...]) -> None:
        for field in dataclasses.fields(Architecture):
            given = getattr(self, field.name)
            if field.name in options and given != field.default:
                kind = getattr(self, part)
                raise OptionError(f"{field.name} is {given!r}, but {part} {kind!r} has no {field.name}; leave it out")

    @property
    def vector_size(self) -> int:
        """D, the length of a text's vector."""
        if self.encoder == "bag":
            return self.dim
        return self.units * (2 if self.bidirectional else 1)
