"""Ids of single texts from the remembered ids of their words."""

from __future__ import annotations

import threading
from array import array
from itertools import pairwise

from textsiam.text.encoders import OneEncoder, WordEncoder
from textsiam.text.seen import Seen
from textsiam.text.word_ids import WHOLE

MOST_WORDS = 200_000
"""Words that are remembered."""
_LONGEST_WORD = 32
_WHOLE = array("i", [WHOLE]).tobytes()


class WordMemo:
    """Gives the ids that SentencePiece gives to one text, in a few microseconds where its words are known.

    A text goes to SentencePiece whole if it has more tokens than ``word_ids.most_tokens``, or a word that

    - is not remembered: seen for the first time (so that words without use, such as numbers, or whole sentences of a
      script without spaces, cost no memory), of more than 32 characters, or later than ``most_words`` others:
      a full memo learns no more;
    - has ids that depend on its place.

    A word takes about 0.2 kB, a full memo 40 MB. Threads may share it: they read without a lock and learn one after
    the other.
    """

    def __init__(self, encoder: OneEncoder, word_ids: WordEncoder, *, most_words: int = MOST_WORDS) -> None:
        self._encoder = encoder
        self._word_ids = word_ids
        self._most_words = most_words
        self._packed: dict[str, bytes] = {}  # word -> its ids as int32, _WHOLE where they depend on its place
        self._seen = Seen()
        self._learning = threading.Lock()

    def __len__(self) -> int:
        """Words that are remembered."""
        return len(self._packed)

    def ids(self, text: str) -> list[int]:
        """Give the ids of one text."""
        words = text.split(" ")
        try:
            joined = b"".join(map(self._packed.__getitem__, words))
        except KeyError:
            if not self._learn(words):
                return self._encoder.ids(text)
            joined = b"".join([self._packed.get(word, _WHOLE) for word in words])
        row: list[int] = memoryview(joined).cast("i").tolist()
        if WHOLE in row:
            return self._encoder.ids(text)
        most_tokens, unknown = self._word_ids.most_tokens, self._word_ids.unknown
        if most_tokens is not None and len(row) > most_tokens:
            return self._encoder.ids(text)
        if row.count(unknown) > 1:
            return row[:1] + [id_ for before, id_ in pairwise(row) if not before == id_ == unknown]
        return row

    def _learn(self, words: list[str]) -> bool:
        """Remember those of the words that are new here and seen before; tell whether there are any."""
        with self._learning:
            fresh = {word for word in words if len(word) <= _LONGEST_WORD and word not in self._packed}
            if len(self._packed) + len(fresh) > self._most_words:
                return False
            again = list(filter(self._seen.before, fresh))
            for word, row in zip(again, self._word_ids(again), strict=True):
                self._packed[word] = _WHOLE if row is None else array("i", row).tobytes()
        return bool(again)
