"""Words that a unigram model cuts the same way wherever they stand, although it adds up scores in float32.

SentencePiece's unigram models cut a text along the path of pieces with the highest sum of scores. The sum is kept
from the start of the text, so that what came before decides how the scores of a word round; where two ways to cut it
score alike ("p" + "pp" and "pp" + "p"), that decides between them. A word is *steady* if its best way is ahead of
the second best by more than rounding can make up for:

    margin > 2 n u (M + n C)

n: characters of the word, normalized: no way to cut it adds more scores than that; u: 2**-24, the largest relative
error of one addition; C: the largest score, whatever the sign, that one piece or one unknown character can have; M:
the largest sum before it, C for each of the ``STEADY_TOKENS`` tokens to which steadiness is limited.

Of many words the margin comes from two_best.py, in float64, whose own rounding is nothing beside that. Of few it is
SentencePiece's own: the difference of its two best ways. Scores add up, so the margin of several words in a row is the
least of theirs: one call answers for all where the answer is yes. That margin is itself a difference of rounded sums S
over N characters; 6 N u S is taken off for it. From sums of 100,000 on SentencePiece
starts them anew, which is not reckoned with: where a steady text could come so far, no word is steady.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import sentencepiece

from textsiam.text.wire import fields
from textsiam.text.word_rules import WORD_START

STEADY_TOKENS = 512
"""Tokens of a text up to which a steady word is cut the same way."""

_UNIT = 2.0**-24
_TOGETHER = 16  # words a call: more are cheaper each, and fail more often
_UNKNOWN_PENALTY = 10.0  # below the lowest score
_SYMBOL_SCORE = 0.1  # of a user-defined symbol, per byte
_RESET = 100_000.0  # sum of scores from which SentencePiece starts anew
Sums = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Characters = TypeVar("Characters", float, Sums)

_NBEST = 1  # field of NBestSentencePieceText: the ways to cut, best first; each ends with its score


class RoundingGuard:
    """Tells steady words of a unigram model from the others. Threads may share it."""

    def __init__(self, processor: sentencepiece.SentencePieceProcessor) -> None:
        self._processor = processor
        tokens = range(processor.get_piece_size())
        scores: list[float] = processor.get_score(list(tokens))
        longest = max(len(piece.encode()) for piece in processor.id_to_piece(list(tokens)))
        self._highest = max(max(map(abs, scores)) + _UNKNOWN_PENALTY, _SYMBOL_SCORE * longest)
        self._holds = self._highest * STEADY_TOKENS < _RESET

    def steady_by(self, best: Sums, ahead: Sums, characters: Sums, tokens: npt.NDArray[np.int64]) -> Flags:
        """Tell which words are steady, by their best sums in float64 and how far these are ahead of the second best.

        ``characters``: of each word, normalized, ``tokens``: how many there are; all of shape (n,).
        """
        # A run of unknown characters is one token, and yet adds a score for each character.
        few_enough = np.abs(best) <= self._highest * tokens
        return few_enough & (ahead > self._rounding(characters)) & self._holds

    def steady(self, words: list[str], known: list[bool], tokens: list[int]) -> set[str]:
        """Give the steady ones of ``words``, none of which holds a space, a U+2581 or a lone surrogate.

        ``known``: whether all tokens of a word are known, ``tokens``: how many there are.
        """
        steady: set[str] = set()
        if not self._holds:
            return steady
        wholly = [word for word, is_known in zip(words, known, strict=True) if is_known]
        for start in range(0, len(wholly), _TOGETHER):
            steady.update(self._steady(wholly[start : start + _TOGETHER]))
        for word, is_known, count in zip(words, known, tokens, strict=True):
            # A run of unknown characters is one token, and yet adds a score for each character.
            if not is_known and abs(self._best_two(word)[0]) <= self._highest * count:
                steady.update(self._steady([word]))
        return steady

    def _steady(self, words: list[str]) -> Iterable[str]:
        text = " ".join(words)
        best, second = self._best_two(text)
        normalized: str = self._processor.normalize(text)
        longest = 1 + max(map(len, normalized.split(WORD_START)))
        own_error = 6 * len(normalized) * _UNIT * abs(best)
        if best - second > self._rounding(longest) + own_error:
            return words
        if len(words) == 1:
            return []
        half = len(words) // 2
        return [*self._steady(words[:half]), *self._steady(words[half:])]

    def _rounding(self, characters: Characters) -> Characters:
        """Give the margin beyond which words of so many normalized characters are steady."""
        return 2 * characters * _UNIT * self._highest * (STEADY_TOKENS + characters)

    def _best_two(self, text: str) -> tuple[float, float]:
        """Give the scores of the best and the second best way to cut; minus infinity where there is but one."""
        found = self._processor.nbest_encode(text, nbest_size=2, out_type="serialized_proto")
        ways = [way for number, way in fields(found) if number == _NBEST and isinstance(way, bytes)]
        scores: list[float] = [struct.unpack("<f", way[-4:])[0] for way in ways]
        return scores[0], scores[1] if len(scores) > 1 else float("-inf")
