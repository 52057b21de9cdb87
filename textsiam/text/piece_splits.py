"""Into which smaller pieces each piece of a vocabulary falls."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence

from textsiam.text.flat import Flat, flat_of
from textsiam.text.wire import fields

_PIECE = 1  # a field of ModelProto
_SPELLING, _SCORE, _KIND = 1, 2, 3  # fields of its SentencePiece
_NORMAL = 1


def piece_splits(proto: bytes) -> Flat:
    """Give the smaller pieces that spell each piece of a serialised SentencePiece model, none where none do.

    Of all ways to spell it by other pieces it is the one with the highest sum of scores: in a unigram vocabulary the
    likeliest, in a BPE vocabulary mostly that of the fewest pieces. The user's symbols, bytes and marks such as padding
    neither fall apart nor are parts.
    """
    messages = [dict(fields(value)) for number, value in fields(proto) if number == _PIECE and isinstance(value, bytes)]
    normal = {
        _spelling(message): number for number, message in enumerate(messages) if message.get(_KIND, _NORMAL) == _NORMAL
    }
    scores = [_score(message) for message in messages]
    parts: list[list[int]] = [[] for _ in messages]
    for spelling, number in normal.items():
        parts[number] = _best_parts(spelling, normal, scores)
    return flat_of(parts)


def _best_parts(spelling: str, numbers: Mapping[str, int], scores: Sequence[float]) -> list[int]:
    """Find the best pieces for the beginnings of ``spelling``, from the shortest to the whole (Viterbi 1967)."""
    best, last = [0.0], [0]  # of the beginning of each length: its score, and where its last piece starts
    for end in range(1, len(spelling) + 1):
        best.append(-math.inf)
        last.append(-1)
        for start in range(end == len(spelling), end):  # not the whole by itself
            piece = numbers.get(spelling[start:end])
            if piece is not None and best[start] + scores[piece] > best[end]:
                best[end], last[end] = best[start] + scores[piece], start
    parts, end = [], len(spelling)
    while end > 0:
        if last[end] < 0:
            return []
        parts.append(numbers[spelling[last[end] : end]])
        end = last[end]
    return parts[::-1]


def _spelling(message: Mapping[int, int | bytes]) -> str:
    spelling = message.get(_SPELLING)
    return spelling.decode("utf-8") if isinstance(spelling, bytes) else ""


def _score(message: Mapping[int, int | bytes]) -> float:
    score = message.get(_SCORE)
    return float(struct.unpack("<f", score)[0]) if isinstance(score, bytes) else 0.0
