"""The best and the second best way to cut words into the pieces of a unigram model, many words at a time in NumPy.

The same search that SentencePiece makes (Kudo 2018, Viterbi over the pieces that fit), with sums in float64. A word
whose best way is far enough ahead (see rounding.py) is cut the same way by both. It does not know what is special to
SentencePiece: words in which a piece occurs that is no plain one (a user's symbol, a control or unused piece) have the
margin minus infinity, and so have those with unknown characters where they are spelled in bytes.

Shapes: W words by falling length, T characters of the longest, L characters of the longest piece that fits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import sentencepiece

from textsiam.text.flat import Flat, positions_within
from textsiam.text.piece_trie import PieceTrie, code_points
from textsiam.text.rounding import Sums
from textsiam.text.wire import fields

_WORDS_AT_ONCE = 2_048
_UNKNOWN_PENALTY = np.float32(10)  # below the lowest score
_PIECE = 1  # field of ModelProto
_TYPE, _NORMAL = 3, 1  # field of a piece, and a value of it
_TYPE_TAG = _TYPE << 3  # the byte that is before a type
_NOTHING, _UNKNOWN = -2, -1  # in the place of a piece, and places of scores


class TwoBest:
    """Cuts words of a loaded unigram model."""

    def __init__(self, processor: sentencepiece.SentencePieceProcessor) -> None:
        numbers = list(range(processor.get_piece_size()))
        self._trie = PieceTrie(processor.id_to_piece(numbers))
        messages = [value for field, value in fields(processor.serialized_model_proto()) if field == _PIECE]
        self._plain = np.array([_is_plain(message) for message in messages], np.bool_)
        scores = np.array(processor.get_score(numbers), np.float32)
        unknown = scores[self._plain].min(initial=np.finfo(np.float32).max) - _UNKNOWN_PENALTY
        self._scores = np.concatenate([scores, np.array([-np.inf, unknown], np.float32)])
        self._unknown_id = processor.unk_id()
        self._spells_in_bytes = any(processor.is_byte(numbers))
        self.usable = self._trie.whole

    def __call__(self, words: Sequence[str]) -> tuple[Flat, Sums, Sums]:
        """Give the ids of normalized, non-empty words, the sums of their best ways, and how far these are ahead.

        Where a way is ahead by minus infinity, the ids are not to be used.
        """
        sizes = np.fromiter(map(len, words), np.int64, count=len(words))
        characters, starts = code_points("".join(words)), np.cumsum(sizes) - sizes
        falling = np.argsort(-sizes, kind="stable")
        lengths, parts = np.zeros(len(words), np.int64), [np.zeros(0, np.int32)]
        best, ahead = np.empty((2, len(words)))
        for first in range(0, len(words), _WORDS_AT_ONCE):
            chosen = falling[first : first + _WORDS_AT_ONCE]
            part, lengths[chosen], best[chosen], ahead[chosen] = self._cut(characters, starts[chosen], sizes[chosen])
            parts.append(part)
        text_starts = (np.cumsum(lengths) - lengths)[falling]
        ids = np.empty(int(lengths.sum()), np.int32)
        ids[np.repeat(text_starts, lengths[falling]) + positions_within(lengths[falling])] = np.concatenate(parts)
        return (ids, lengths), best, ahead

    def _cut(
        self, characters: npt.NDArray[np.uint32], starts_W: npt.NDArray[np.int64], sizes_W: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], Sums, Sums]:
        """Give the ids of these words end to end, how many each has, the best sums, and how far they are ahead."""
        steps_T1 = np.arange(sizes_W[0])[:, None]
        inside_TW = steps_T1 < sizes_W
        characters_TW = np.zeros((len(inside_TW) + 1, len(sizes_W)), np.uint32)
        characters_TW[:-1][inside_TW] = characters[(starts_W + steps_T1)[inside_TW]]
        piece_TLW, strange_W = self._pieces(characters_TW, inside_TW)
        best_TW, second_TW, cut_TW = _two_best_sums(self._scores[piece_TLW], inside_TW.sum(axis=1).tolist())
        pieces, lengths_W = _traced_back(piece_TLW, cut_TW, sizes_W)
        last_W = (sizes_W, np.arange(len(sizes_W)))
        best_W = best_TW[last_W]
        ahead_W = best_W - second_TW[last_W]
        ahead_W[strange_W] = -np.inf
        unknown = np.flatnonzero(pieces == _UNKNOWN)
        if unknown.size:
            words = np.searchsorted(np.cumsum(lengths_W), unknown, side="right")
            if self._spells_in_bytes:
                ahead_W[words] = -np.inf
            pieces[unknown] = self._unknown_id
            # a run of unknown characters is one token
            again = (np.diff(unknown, prepend=-2) == 1) & (np.diff(words, prepend=-1) == 0)
            pieces = np.delete(pieces, unknown[again])
            lengths_W -= np.bincount(words[again], minlength=len(lengths_W))
        return pieces, lengths_W, best_W, ahead_W

    def _pieces(
        self, characters_TW: npt.NDArray[np.uint32], inside_TW: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        """Give the piece of 1 to L characters that ends at each character, and which words hold one that is not plain.

        A character that is no piece of its own is the unknown piece, as SentencePiece has it.
        """
        stride = inside_TW.shape[1]
        strange_W = np.zeros(stride, np.bool_)
        found = []
        for places, pieces in self._trie.walk(characters_TW.ravel(), np.flatnonzero(inside_TW), stride):
            plain = self._plain[pieces]
            strange_W[places[~plain] % stride] = True
            found.append((places[plain], pieces[plain]))
        piece_TLW = np.full((len(inside_TW), len(found), stride), _NOTHING, np.int32)
        for longer, (places, pieces) in enumerate(found):
            piece_TLW[places // stride, longer, places % stride] = pieces
        piece_TLW[:, 0][inside_TW & (piece_TLW[:, 0] == _NOTHING)] = _UNKNOWN
        return piece_TLW, strange_W


def _two_best_sums(
    score_TLW: npt.NDArray[np.float32], running_T: list[int]
) -> tuple[Sums, Sums, npt.NDArray[np.int64]]:
    """Give the sums of the best and the second best way to every character, and the best way's last piece.

    Row t is what leads to the end of t characters; of the piece, its characters less one.
    """
    steps, longest, words = score_TLW.shape
    best_TW, second_TW = np.full((2, steps + 1, words), -np.inf)
    best_TW[0] = 0
    cut_TW = np.zeros((steps + 1, words), np.int64)
    for step, running in enumerate(running_T):
        reach = min(step + 1, longest)
        scores_LW = score_TLW[step, :reach, :running]
        sums_LW = scores_LW + best_TW[step + 1 - reach : step + 1][::-1, :running]
        chosen_W, words_W = sums_LW.argmax(axis=0), np.arange(running)
        best_TW[step + 1, :running] = sums_LW[chosen_W, words_W]
        # the second best takes another last piece, or this one after the second best way to where it starts
        sums_LW[chosen_W, words_W] = scores_LW[chosen_W, words_W] + second_TW[step - chosen_W, words_W]
        second_TW[step + 1, :running] = sums_LW.max(axis=0)
        cut_TW[step + 1, :running] = chosen_W
    return best_TW, second_TW, cut_TW


def _traced_back(
    piece_TLW: npt.NDArray[np.int32], cut_TW: npt.NDArray[np.int64], sizes_W: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Give the pieces of the best ways end to end, and how many each word has."""
    lengths_W = np.zeros(len(sizes_W), np.int64)
    words, ends, from_last = np.arange(len(sizes_W)), sizes_W, []
    while len(words):
        cuts = cut_TW[ends, words]
        from_last.append((words, piece_TLW[ends - 1, cuts, words]))
        lengths_W[words] += 1
        ends = ends - cuts - 1
        words, ends = words[ends > 0], ends[ends > 0]
    pieces, word_ends = np.empty(int(lengths_W.sum()), np.int32), np.cumsum(lengths_W)
    for number, (words, last) in enumerate(from_last, 1):
        pieces[word_ends[words] - number] = last
    return pieces, lengths_W


def _is_plain(piece: int | bytes) -> bool:
    assert isinstance(piece, bytes)
    # a plain one mostly has no type at all, so that reading every field of every piece would be a waste
    return _TYPE_TAG not in piece or dict(fields(piece)).get(_TYPE, _NORMAL) == _NORMAL
