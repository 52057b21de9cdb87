"""The ids of single words, for texts to be put together from."""

from __future__ import annotations

from itertools import compress

import sentencepiece

from textsiam.text.checks import without_surrogates
from textsiam.text.rounding import STEADY_TOKENS, RoundingGuard
from textsiam.text.sentencepiece_encoder import SentencePieceEncoder
from textsiam.text.word_rules import WORD_START


class WordIds:
    """Asks SentencePiece for the ids of words, if they hold wherever the word stands.

    For models whose words are independent only (see word_rules.py). The ids of a text are those of its words, what
    lies between spaces, with a run of unknown tokens made one; of a text of at most ``most_tokens`` tokens, that is.
    """

    def __init__(self, processor: sentencepiece.SentencePieceProcessor, *, unigram: bool) -> None:
        self._encoder = SentencePieceEncoder(processor)
        self._guard = RoundingGuard(processor) if unigram else None
        self.unknown = int(processor.unk_id())
        self.most_tokens = STEADY_TOKENS if unigram else None

    def __call__(self, words: list[str]) -> list[list[int] | None]:
        """Give each word's ids, or None where they depend on its place (see word_rules.py, rounding.py)."""
        clean = [word if word.isascii() else without_surrogates(word) for word in words]
        rows = self._encoder.id_lists(clean)
        free = [WORD_START not in word for word in clean]
        if self._guard is not None:
            candidates, their_rows = list(compress(clean, free)), list(compress(rows, free))
            known = [self.unknown not in row for row in their_rows]
            steady = self._guard.steady(candidates, known, list(map(len, their_rows)))
            free = [word in steady for word in clean]
        return [row if is_free else None for row, is_free in zip(rows, free, strict=True)]
