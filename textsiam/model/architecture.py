"""What a model is made of: the encoder that both sides share, and the pair head."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from textsiam.errors import OptionError
from textsiam.model.options import check_options, option

ENCODERS = ("bag", "cnn", "gru", "lstm", "transformer")
TOKEN_ENCODERS = ("bag", "gru", "lstm", "transformer")  # those that have a state for each token
CUSTOM = "custom"  # a module of the user's own
POOLINGS = ("attention", "last", "max", "mean")
WEIGHTINGS = ("mean", "idf", "sif")
VECTOR_HEADS = ("cosine", "dot", "euclidean", "manhattan", "mlp", "squared_euclidean")
HEADS = ("alignment", *VECTOR_HEADS)
# (option, value) -> the options that then have no meaning, and must keep their defaults
WITHOUT: dict[tuple[str, str | int], tuple[str, ...]] = {
    ("encoder", "bag"): ("units", "layers", "bidirectional", "pooling", "widths", "attention_heads"),
    ("encoder", CUSTOM): (
        *("units", "layers", "bidirectional", "pooling", "widths", "attention_heads", "weighting", "ngrams"),
    ),
    ("encoder", "cnn"): ("layers", "bidirectional", "pooling", "attention_heads", "weighting", "ngrams"),
    ("encoder", "gru"): ("widths", "attention_heads", "weighting"),
    ("encoder", "lstm"): ("widths", "attention_heads", "weighting"),
    ("encoder", "transformer"): ("units", "bidirectional", "widths", "weighting", "ngrams"),
    ("ngrams", 1): ("buckets",),
    **{("head", head): ("alignment_units", "head_units") for head in HEADS},
    ("head", "mlp"): ("alignment_units",),
    ("head", "alignment"): (),
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
        "bag" (mean of the token embeddings, blind to word order but for ``ngrams``), "cnn", "gru", "lstm" or
        "transformer"; "custom" is a module of your own, which only Python can give (``textsiam.train(...,
        encoder=factory)``).
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
    weighting
        What each token counts in the mean of a bag, by how often it stands in the training texts: "mean" (all alike),
        "idf" (log((1 + n) / (1 + d)) + 1, for d of n texts have it) or "sif" (0.001 / (0.001 + p), for a share p of all
        tokens is it; Arora, Liang, Ma, "A simple but tough-to-beat baseline for sentence embeddings", 2017).
    ngrams
        Longest runs of consecutive tokens that a bag, LSTM or GRU knows as such: the mean of the embeddings of all runs
        of 2 up to so many tokens (unweighted) is added to a bag's mean of the tokens, and stands behind the pooled
        states of the others, whose vector is then longer by dim. With a vocabulary of type "word" they are word
        n-grams, with "char" character n-grams. 1 has none.
    buckets
        Rows of the table of n-gram embeddings (row 0 stays empty), into which n-grams are hashed; different ones may
        share a row. Memory and the time of a training step grow with it.
    head
        What compares the two vectors: their "cosine", their "dot" product, the negative "euclidean" or "manhattan"
        distance, an "mlp" over |u-v|, u*v and u+v, or "squared_euclidean", a linear layer over
        (u-v)^2. Or "alignment", which compares more than vectors: each token of a text with those of the other text
        that are like it. It is the most accurate head, and must look at both texts anew for every pair.
    head_units
        Hidden size of the MLP that the heads "mlp" and "alignment" end in.
    alignment_units
        Size of the alignment head's comparison of a token.
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
    weighting: str = option("mean", choices=WEIGHTINGS)
    ngrams: int = option(1, low=1, high=5)
    buckets: int = option(100_000, low=2, high=10_000_000)
    head: str = option("mlp", choices=HEADS)
    head_units: int = option(256, low=1, high=8192)
    alignment_units: int = option(128, low=1, high=4096)
    max_tokens: int = option(128, low=1, high=100_000)

    def __post_init__(self) -> None:
        check_options(self)
        for (part, value), options in WITHOUT.items():
            if getattr(self, part) == value:
                self._check_unused(part, options)
        if self.encoder == "transformer" and self.dim % self.attention_heads:
            raise OptionError(f"attention_heads is {self.attention_heads}, which does not divide dim, {self.dim}")
        if self.head == "alignment" and self.encoder not in TOKEN_ENCODERS:
            raise OptionError(
                f"head 'alignment' compares tokens, and encoder {self.encoder!r} has no state for each; take one of "
                f"{', '.join(TOKEN_ENCODERS)}"
            )

    def _check_unused(self, part: str, options: tuple[str, ...]) -> None:
        for field in dataclasses.fields(Architecture):
            given = getattr(self, field.name)
            if field.name in options and given != field.default:
                kind = getattr(self, part)
                raise OptionError(f"{field.name} is {given!r}, but {part} {kind!r} has no {field.name}; leave it out")

    def parts(self) -> dict[str, object]:
        """Give the options of the architecture alone, for a TrainConfig has more."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(Architecture)}

    @property
    def vector_size(self) -> int:
        """D, the length of a text's vector."""
        if self.encoder in ("bag", "transformer", CUSTOM):
            return self.dim
        if self.encoder == "cnn":
            return self.units * len(self.filter_widths)
        return self.pooled_size + (self.dim if self.ngrams > 1 else 0)

    @property
    def pooled_size(self) -> int:
        """The length of an LSTM's or GRU's states, of both directions."""
        return self.units * (2 if self.bidirectional else 1)

    @property
    def is_weighted(self) -> bool:
        """Whether the model has a weight for each token."""
        return self.weighting != "mean"

    @property
    def state_size(self) -> int:
        """The length of a token's state, of encoders that have them: those that read in order add the embedding."""
        return self.pooled_size + self.dim if self.encoder in ("gru", "lstm") else self.vector_size

    @property
    def filter_widths(self) -> list[int]:
        """The numbers of ``widths``."""
        return [int(width) for width in self.widths.split(",")]
