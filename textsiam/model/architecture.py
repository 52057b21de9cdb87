"""What a model is made of: the encoder that both sides share, and the pair head."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from textsiam.errors import OptionError
from textsiam.model.options import check_options, option

ENCODERS = ("bag", "cnn", "gru", "lstm", "transformer")
CUSTOM = "custom"  # a module of the user's own
POOLINGS = ("attention", "last", "max", "mean")
HEADS = ("cosine", "dot", "euclidean", "manhattan", "mlp", "squared_euclidean")
# (option, value) -> the options that then have no meaning, and must keep their defaults
WITHOUT = {
    ("encoder", "bag"): ("units", "layers", "bidirectional", "pooling", "widths", "attention_heads"),
    ("encoder", CUSTOM): ("units", "layers", "bidirectional", "pooling", "widths", "attention_heads"),
    ("encoder", "cnn"): ("layers", "bidirectional", "pooling", "attention_heads"),
    ("encoder", "gru"): ("widths", "attention_heads"),
    ("encoder", "lstm"): ("widths", "attention_heads"),
    ("encoder", "transformer"): ("units", "bidirectional", "widths"),
    **{("head", head): ("head_units",) for head in HEADS if head != "mlp"},
}
WIDEST, MOST_WIDTHS = 16, 8


def _check_widths(text: str) -> None:
    widths = text.split(",")
    known = {str(width) for width in range(1, WIDEST + 1)}
    if len(set(widths)) < len(widths) or len(widths) > MOST_WIDTHS or not known.issuperset(widths):
        raise OptionError(
            f"widths is {text!r}, expected up to {MOST_WIDTHS} different numbers, 1 to {WIDEST}, such as '2,3,4'"
        )


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes and kinds of a siamese model's parts; checked at birth.

    Raises OptionError for a value that an option cannot take, and for one given to an option that the chosen encoder
    or head has no use for.

    Parameters
    ----------
    encoder
        "bag" (mean of the token embeddings, blind to word order), "cnn", "gru", "lstm" or "transformer"; "custom" is a
        module of your own, which only Python can give (``textsiam.train(..., encoder=factory)``).
    dim
        Size of a token embedding; the size of a text vector of a bag or transformer. Of a custom encoder it is the size
        of the vectors that come out, found by trying it.
    units
        Hidden size of the LSTM or GRU, per direction; filters of each width of the CNN. Others have none.
    layers
        Number of stacked LSTM, GRU or transformer layers.
    bidirectional
        Read each text in both directions (LSTM, GRU); the text vector is twice as long.
    pooling
        How the states of an LSTM, GRU or transformer become one vector: "last", "max" or "mean" over the text's tokens,
        or "attention", a mean in which each state has the weight that a learned vector gives it.
    widths
        Tokens that the filters of the CNN see at once, such as "2,3,4": different whole numbers, 1 to 16.
    attention_heads
        Parts of a transformer's states that attend each for itself; dim is a multiple of it.
    head
        What compares the two vectors: their "cosine", their "dot" product, the negative "euclidean" or "manhattan"
        distance, an "mlp" over |u-v|, u*v and u+v, or "squared_euclidean", a linear layer over
        (u-v)^2.
    head_units
        Hidden size of the MLP head.
    max_tokens
        Tokens of a text that are read; the rest is cut, and counted.
    """

    encoder: str = option("lstm", choices=(*ENCODERS, CUSTOM))
    dim: int = option(128, low=1, high=4096)
    units: int = option(128, low=1, high=4096)
    layers: int = option(1, low=1, high=8)
    bidirectional: bool = option(False)
    pooling: str = option("max", choices=POOLINGS)
    widths: str = option("2,3,4", check=_check_widths)
    attention_heads: int = option(4, low=1, high=64)
    head: str = option("mlp", choices=HEADS)
    head_units: int = option(256, low=1, high=8192)
    max_tokens: int = option(128, low=1, high=100_000)

    def __post_init__(self) -> None:
        check_options(self)
        for (part, value), options in WITHOUT.items():
            if getattr(self, part) == value:
                self._check_unused(part, options)
        if self.encoder == "transformer" and self.dim % self.attention_heads:
            raise OptionError(f"attention_heads is {self.attention_heads}, which does not divide dim, {self.dim}")

    def _check_unused(self, part: str, options: tuple[str, ...]) -> None:
        for field in dataclasses.fields(Architecture):
            given = getattr(self, field.name)
            if field.name in options and given != field.default:
                kind = getattr(self, part)
                raise OptionError(f"{field.name} is {given!r}, but {part} {kind!r} has no {field.name}; leave it out")

    @property
    def vector_size(self) -> int:
        """D, the length of a text's vector."""
        if self.encoder in ("bag", "transformer", CUSTOM):
            return self.dim
        if self.encoder == "cnn":
            return self.units * len(self.filter_widths)
        return self.units * (2 if self.bidirectional else 1)

    @property
    def filter_widths(self) -> list[int]:
        """The numbers of ``widths``."""
        return [int(width) for width in self.widths.split(",")]
