"""Ids of many texts at once from a table of their words, without a Python object for a word."""

from __future__ import annotations

import threading
from collections import Counter
from itertools import compress, repeat
from operator import contains

import numpy as np
import numpy.typing as npt

from textsiam.text.encoders import ManyEncoder, WordEncoder
from textsiam.text.flat import Flat, merged
from textsiam.text.seen import Seen
from textsiam.text.word_ids import WHOLE
from textsiam.text.word_table import LONGEST_WORD, WordTable, word_keys

MOST_WORDS = 200_000
"""Words that are remembered."""

_LONGEST_TEXT = 4_096  # characters: the memory that is needed on the way is ten times that of the texts
_END = "\x1e"  # ASCII's record separator marks the end of a text


class BlockEncoder:
    """Gives the ids that SentencePiece gives to many texts, from those of their words.

    A text goes to SentencePiece whole if it has no space (as in Chinese: what it is made of does not come again), more
    than 4,096 characters, more tokens than ``word_ids.most_tokens``, or a word that

    - is not remembered: seen for the first time in a call in which more than half of the words are new (so that what
      does not come again costs neither memory nor time), of more than ``LONGEST_WORD`` bytes, or later than
      ``most_words`` others: a full table learns no more;
    - has ids that depend on its place;

    and so do all texts of a call in which one has a lone surrogate or U+001E.

    A word takes about 60 bytes, a full table 12 MB; what cuts the words of a unigram model,
    0.15 kB a piece. Threads may share it: they look words up one after the other.
    """

    def __init__(self, encoder: ManyEncoder, word_ids: WordEncoder, *, most_words: int = MOST_WORDS) -> None:
        self._encoder = encoder
        self._word_ids = word_ids
        self._most_words = most_words
        self._table = WordTable(most_words)
        self._seen = Seen()
        # Of word 0, which stands for all that are not in the table, and of words 1 to the table's length:
        self._starts = np.zeros(1, np.int64)
        self._lengths = np.ones(1, np.int64)
        self._ids = np.array([WHOLE], np.int32)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Words that are remembered."""
        return len(self._table)

    def flat(self, texts: list[str]) -> Flat:
        """Give the ids of texts laid end to end; some thousand texts a call are fastest."""
        sure = np.fromiter(map(contains, texts, repeat(" ")), np.bool_, count=len(texts))
        sure &= np.fromiter(map(len, texts), np.int64, count=len(texts)) <= _LONGEST_TEXT
        short = list(compress(texts, sure))
        try:
            data = _END.join([*short, ""]).encode("utf-8")
        except UnicodeEncodeError:
            return self._encoder.flat(texts)
        if not short or data.count(_END.encode()) != len(short):
            return self._encoder.flat(texts)
        ids, lengths, whole = self._by_words(data)
        if whole.any():
            ids, lengths = ids[np.repeat(~whole, lengths)], lengths[~whole]
            sure[sure] = ~whole
        if sure.all():
            return ids, lengths
        return merged(sure, (ids, lengths), self._encoder.flat(list(compress(texts, ~sure))))

    def _by_words(self, data: bytes) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Give ids, lengths and which have to go whole, bool (n,), of texts that end in U+001E."""
        characters = np.frombuffer(data, np.uint8)
        breaks = np.flatnonzero((characters == ord(" ")) | (characters == ord(_END)))
        starts = np.concatenate([np.zeros(1, np.int64), breaks[:-1] + 1])
        sizes = breaks - starts
        with self._lock:
            words = self._found(data, starts, sizes)
            word_starts, word_lengths, word_ids = self._starts, self._lengths, self._ids
        lengths = word_lengths[words]
        ends = np.cumsum(lengths)
        places = np.repeat(word_starts[words] - (ends - lengths), lengths)
        places += np.arange(len(places))
        ids = word_ids[places]
        text_ends = ends[characters[breaks] == ord(_END)]
        whole = _counts(ids == WHOLE, text_ends) > 0
        text_lengths = np.diff(text_ends, prepend=0)
        if self._word_ids.most_tokens is not None:
            whole |= text_lengths > self._word_ids.most_tokens
        again = np.zeros(len(ids), np.bool_)
        again[1:] = (ids[1:] == self._word_ids.unknown) & (ids[:-1] == self._word_ids.unknown)
        again[text_ends[:-1][text_ends[:-1] < len(ids)]] = False
        if again.any():
            ids, text_lengths = ids[~again], text_lengths - _counts(again, text_ends)
        return ids, text_lengths, whole

    def _found(self, data: bytes, starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Give the number of each word, 0 where it is not remembered, after learning what comes again."""
        keys = word_keys(data, starts, np.minimum(sizes, LONGEST_WORD))
        numbers = self._table.find(keys)
        numbers[sizes > LONGEST_WORD] = 0
        if len(self) < self._most_words:
            missed = np.flatnonzero((numbers == 0) & (sizes <= LONGEST_WORD))
            bounds = zip(starts[missed].tolist(), (starts + sizes)[missed].tolist(), strict=True)
            if self._learn([data[start:end] for start, end in bounds], len(numbers)):
                numbers[missed] = self._table.find(keys[:, missed])
        return numbers

    def _learn(self, missed: list[bytes], words: int) -> bool:
        """Remember the missed ones of so many words, only those that came before if most are new; tell if any are."""
        counted = Counter(missed)
        again = list(counted)
        if 2 * len(counted) > words:
            again = [word for word, count in counted.items() if count > 1 or self._seen.before(word)]
        again = again[: self._most_words - len(self)]
        if not again:
            return False
        ids, lengths = self._word_ids.flat([word.decode("utf-8") for word in again])
        sizes = np.fromiter(map(len, again), np.int64, count=len(again))
        self._table.add(word_keys(b"".join(again), np.cumsum(sizes) - sizes, sizes))
        self._starts = np.concatenate([self._starts, len(self._ids) + np.cumsum(lengths) - lengths])
        self._lengths = np.concatenate([self._lengths, lengths])
        self._ids = np.concatenate([self._ids, ids])
        return True


def _counts(flags: npt.NDArray[np.bool_], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Count the set flags of each text that ends before its end; fast where few are set."""
    return np.bincount(np.searchsorted(ends, np.flatnonzero(flags), side="right"), minlength=len(ends))
