"""The ids of single words, for texts to be put together from."""

from __future__ import annotations

from itertools import compress

import numpy as np
import sentencepiece

from textsiam.text.checks import without_surrogates
from textsiam.text.flat import Flat, flat_of, merged
from textsiam.text.rounding import STEADY_TOKENS, RoundingGuard
from textsiam.text.sentencepiece_encoder import SentencePieceEncoder
from textsiam.text.two_best import TwoBest
from textsiam.text.word_rules import WORD_START

WHOLE = -1
"""In the place of the ids of a word whose ids depend on its place: its text has to go to SentencePiece whole."""

_MANY = 64  # words from which on it is faster to cut them in NumPy
_LONGEST = 40  # normalized characters of a word that is cut there


class WordIds:
    """Gives the ids that SentencePiece gives to words, if they hold wherever the word stands.

    For models whose words are independent only (see word_rules.py). The ids of a text are those of its words, what
    lies between spaces, with a run of unknown tokens made one; of a text of at most ``most_tokens`` tokens, that is.
    """

    def __init__(self, processor: sentencepiece.SentencePieceProcessor, *, unigram: bool) -> None:
        self._processor = processor
        self._encoder = SentencePieceEncoder(processor)
        self._guard = RoundingGuard(processor) if unigram else None
        self._two_best: TwoBest | None = None  # made when many words come: it takes 40 ms for 16,000 pieces
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

    def flat(self, words: list[str]) -> Flat:
        """Give the ids of many words end to end, ``WHOLE`` for a word whose ids depend on its place.

        No word has a lone surrogate. There are fewer ``WHOLE`` ones than a call gives None, as the margins that tell
        are more exact here. One thread at a time.
        """
        if self._guard is None or len(words) < _MANY:
            return self._one_by_one(words)
        if self._two_best is None:
            self._two_best = TwoBest(self._processor)
        if not self._two_best.usable:
            return self._one_by_one(words)
        normalized: list[str] = self._processor.normalize(words)
        # White space within a word becomes a second U+2581. One of its own may be stripped where the word ends a text.
        plain = np.array([word.rfind(WORD_START) == 0 and len(word) <= _LONGEST for word in normalized], np.bool_)
        plain &= np.array([WORD_START not in word for word in words], np.bool_)
        candidates = list(compress(normalized, plain))
        (ids, lengths), best, ahead = self._two_best(candidates)
        steady = self._guard.steady_by(best, ahead, np.fromiter(map(len, candidates), np.float64), lengths)
        plain[plain] = steady
        ours = ids[np.repeat(steady, lengths)], lengths[steady]
        return merged(plain, ours, self._one_by_one(list(compress(words, ~plain))))

    def _one_by_one(self, words: list[str]) -> Flat:
        return flat_of([[WHOLE] if row is None else row for row in self(words)])
