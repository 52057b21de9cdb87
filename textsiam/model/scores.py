"""What scoring gives besides probabilities."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import NamedTuple

from textsiam.arrays import Array
from textsiam.text.tokenizer import TokenIds


@dataclass(frozen=True, slots=True)
class TextReport:
    """What of some texts a model could not read.

    ``texts`` counts distinct texts (of each 20,000 pairs), ``unknown_tokens`` tokens; ``empty``, ``unknown`` (no known
    token) and ``cut`` (longer than the model reads) count texts.
    """

    texts: int = 0
    empty: int = 0
    unknown: int = 0
    cut: int = 0
    unknown_tokens: int = 0

    @classmethod
    def of(cls, tokens: TokenIds) -> TextReport:
        """Count what of distinct, tokenized texts was lost."""
        return cls(len(tokens), tokens.empty_texts, tokens.unknown_texts, tokens.cut_texts, tokens.unknown_tokens)

    def __add__(self, other: TextReport) -> TextReport:
        return TextReport(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


class PairScores(NamedTuple):
    """Scores of n pairs: ``probabilities`` and the head's ``raw`` scores, float32 (n,); a report on the texts."""

    probabilities: Array
    raw: Array
    texts: TextReport
