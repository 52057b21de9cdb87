"""Texts to token ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import Any

import numpy as np
import numpy.typing as npt
import sentencepiece

from textsiam.errors import OptionError, VocabularyError
from textsiam.text.checks import cells_of, check_no_table, check_not_one_text, check_text
from textsiam.text.encoders import TokenModel
from textsiam.text.flat import Flat, positions_within
from textsiam.text.sentencepiece_encoder import FEW_TEXTS
from textsiam.text.sentencepiece_model import SentencePieceModel
from textsiam.text.word_list import WordList
from textsiam.text.word_model import WordModel, is_word_model, word_model_settings
from textsiam.text.wordpiece import WordPiece

PAD_ID = 0
UNKNOWN_ID = 1

_BLOCK_TEXTS = 8_192  # texts that are cut into words at one time: few enough for the caches


@dataclass(frozen=True, slots=True, eq=False)
class TokenIds:
    """The token ids of n texts, laid end to end: text i is ``ids[offsets[i]:offsets[i + 1]]``."""

    ids: npt.NDArray[np.int32]
    """int32 (N,)"""
    offsets: npt.NDArray[np.int64]
    """int64 (n + 1,), from 0 to N, never falling"""
    unknown_tokens: int
    """Tokens of ``ids`` that are the unknown token."""
    unknown_texts: int
    """Texts with an unknown token and no known one, a bare word start (U+2581 alone) counting as neither."""
    empty_texts: int
    """Texts without a token: empty, or nothing but white space and ignored characters."""
    cut_texts: int
    """Texts that had more tokens than the tokenizer's ``max_tokens``; the counts above are after the cut."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each text, int64 (n,)."""
        return np.diff(self.offsets)

    def __getitem__(self, index: int) -> npt.NDArray[np.int32]:
        """Give the ids of one text as a view, int32 (its length,); IndexError outside -n to n - 1."""
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"text {index} of {count}")
        index %= count
        return self.ids[self.offsets[index] : self.offsets[index + 1]]

    def take(self, rows: npt.NDArray[np.integer]) -> TokenIds:
        """Give some of the texts, in the order of ``rows`` (b,); what is counted of them is still that of all."""
        lengths = self.lengths[rows]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][rows] - offsets[:-1], lengths)
        return replace(self, ids=self.ids[places], offsets=offsets)

    def __iter__(self) -> Iterator[npt.NDArray[np.int32]]:
        return (self[index] for index in range(len(self)))


_WORD_MODELS: dict[str, Callable[[Mapping[str, Any]], WordModel]] = {
    WordPiece.kind: WordPiece.of,
    WordList.kind: WordList.of,
}


class Tokenizer:
    """A vocabulary that turns texts into ids: padding 0, unknown 1, no begin or end token.

    It is a SentencePiece model, as ``build_vocabulary`` makes it, or one that came with an imported model: WordPiece
    (wordpiece.py) or a list of words (word_list.py), which keep these promises too.

    Words that come again are remembered with their ids (at most 200,000 in 12 MB for calls with many texts, and as
    many in 40 MB for calls with at most 32), so that texts of known words need no SentencePiece. The ids are the
    same: block_encoder.py and memo.py say which texts go to SentencePiece nevertheless. It pickles by its proto,
    without what it remembers, and may be used from several threads at once.
    """

    def __init__(self, proto: bytes, *, max_tokens: int | None = None) -> None:
        """Read a serialised vocabulary; ``max_tokens`` (at least 1, None: no limit) cuts a text's tail.

        Raises VocabularyError where ``proto`` is none, or its padding and unknown ids are not 0 and 1.
        """
        if max_tokens is not None and (not isinstance(max_tokens, int) or max_tokens < 1):
            raise OptionError(f"max_tokens is {max_tokens!r}, expected a whole number from 1, or None for no limit")
        self._model = read_token_model(proto)
        self._one, self._many = self._model.encoders()
        self._word_start = self._model.word_start
        self._proto = proto
        self._max_tokens = max_tokens

    def encode(self, texts: Sequence[str]) -> TokenIds:
        """Give the ids of many texts at once; any str works, lone surrogates count as '?'.

        Raises OptionError that names the position of the first thing that is not a str.
        """
        checked = _checked_texts(texts)
        if len(checked) <= FEW_TEXTS:
            return self._few([self._one.ids(text) for text in checked])
        blocks = [self._many.flat(block) for block in _blocks(checked)]
        ids = np.concatenate([ids for ids, _ in blocks])
        lengths = np.concatenate([lengths for _, lengths in blocks])
        cut_texts = 0
        if self._max_tokens is not None and lengths.max() > self._max_tokens:
            cut_texts = int((lengths > self._max_tokens).sum())
            ids, lengths = _cut(ids, lengths, self._max_tokens)
        return _counted(ids, lengths, self._word_start, cut_texts)

    def decode(self, ids: Sequence[int] | npt.NDArray[np.integer]) -> str:
        """Give the text of one row of ids, padding ignored; raises OptionError for an id outside the vocabulary."""
        row = [int(i) for i in ids if i != PAD_ID]
        for position, token in enumerate(row):
            if not 0 <= token < self.size:
                raise OptionError(f"token id {token} (token {position}), expected one from 0 to {self.size - 1}")
        return self._model.decode(row)

    def pieces(self, text: str) -> list[str]:
        """Give the pieces that ``encode`` numbers, one for each id, cut at ``max_tokens`` too; U+2581 is a space."""
        (checked,) = _checked_texts([text])
        return self._model.pieces(checked)[: self._max_tokens]

    @property
    def proto(self) -> bytes:
        """The serialised vocabulary, as it was given."""
        return self._proto

    @property
    def size(self) -> int:
        """Entries of the vocabulary, padding and unknown among them."""
        return self._model.size

    @property
    def spellings(self) -> list[str]:
        """The piece of each id, U+2581 being a space; "" for those that stand for no text: padding, unknown, bytes."""
        return self._model.spellings

    @property
    def max_tokens(self) -> int | None:
        """Tokens after which a text is cut; None: never."""
        return self._max_tokens

    def __reduce__(self) -> tuple[object, ...]:
        return _unpickle, (self._proto, self._max_tokens)

    def _few(self, rows: list[list[int]]) -> TokenIds:
        """Cut and count the ids of few texts in Python: for one text NumPy would take longer than all else."""
        lengths = list(map(len, rows))
        cut_texts = 0
        if self._max_tokens is not None and max(lengths, default=0) > self._max_tokens:
            cut_texts = sum(length > self._max_tokens for length in lengths)
            rows = [row[: self._max_tokens] for row in rows]
            lengths = list(map(len, rows))
        ids = rows[0] if len(rows) == 1 else list(chain.from_iterable(rows))
        unknown = ids.count(UNKNOWN_ID)
        unknown_texts = 0
        if unknown:
            idle = {UNKNOWN_ID, self._word_start}
            unknown_texts = sum(UNKNOWN_ID in row and idle.issuperset(row) for row in rows)
        return TokenIds(
            ids=np.array(ids, np.int32),
            offsets=np.array([0, *accumulate(lengths)], np.int64),
            unknown_tokens=unknown,
            unknown_texts=unknown_texts,
            empty_texts=lengths.count(0),
            cut_texts=cut_texts,
        )


def _unpickle(proto: bytes, max_tokens: int | None) -> Tokenizer:
    return Tokenizer(proto, max_tokens=max_tokens)


def read_token_model(proto: bytes) -> TokenModel:
    """Load a vocabulary of any kind; VocabularyError where it is none, or pads and marks unknowns by other ids."""
    if not (isinstance(proto, bytes) and is_word_model(proto)):
        return SentencePieceModel(read_processor(proto))
    settings = word_model_settings(proto)
    if settings["kind"] not in _WORD_MODELS:
        raise VocabularyError(f"the vocabulary is of kind {settings['kind']!r:.40}, which is unknown; update textsiam")
    try:
        return _WORD_MODELS[settings["kind"]](settings)
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise VocabularyError(f"the {settings['kind']} vocabulary was altered: it cannot be read ({error})") from error


def read_processor(proto: bytes) -> sentencepiece.SentencePieceProcessor:
    """Load a SentencePiece model; VocabularyError where it is none, or pads and marks unknowns by other ids."""
    if not isinstance(proto, bytes):
        raise VocabularyError(f"a {type(proto).__name__} is not a SentencePiece model, expected the bytes of one")
    if is_word_model(proto):
        raise VocabularyError(f"the vocabulary is a {word_model_settings(proto)['kind']}, not a SentencePiece model")
    processor = sentencepiece.SentencePieceProcessor()
    try:
        processor.load_from_serialized_proto(proto)
    except RuntimeError as error:
        raise VocabularyError(
            f"these {len(proto):,} bytes are not a SentencePiece model; build one with: textsiam vocab build"
        ) from error
    found = (processor.pad_id(), processor.unk_id())
    if found != (PAD_ID, UNKNOWN_ID):
        raise VocabularyError(
            f"the SentencePiece model has padding id {found[0]} and unknown id {found[1]}, expected {PAD_ID} and "
            f"{UNKNOWN_ID}; build one with: textsiam vocab build"
        )
    return processor


def _checked_texts(texts: Sequence[str]) -> list[str]:
    """Give the texts as a list, or raise OptionError that names the first that is not a str."""
    check_not_one_text(texts)
    check_no_table(texts)
    given = cells_of(texts)
    if not set(map(type, given)) <= {str}:
        for position, text in enumerate(given):
            check_text(text, position)
    return given


def _blocks(texts: list[str]) -> Iterator[list[str]]:
    return (texts[start : start + _BLOCK_TEXTS] for start in range(0, len(texts), _BLOCK_TEXTS))


def _cut(ids: npt.NDArray[np.int32], lengths: npt.NDArray[np.int64], max_tokens: int) -> Flat:
    """Keep the first ``max_tokens`` ids of each text."""
    long = np.flatnonzero(lengths > max_tokens)
    over = lengths[long] - max_tokens
    tails = np.repeat(np.cumsum(lengths)[long] - over, over) + positions_within(over)
    return np.delete(ids, tails), np.minimum(lengths, max_tokens)


def _counted(ids: npt.NDArray[np.int32], lengths: npt.NDArray[np.int64], word_start: int, cut_texts: int) -> TokenIds:
    """Add offsets and say what was unknown or empty."""
    offsets = _with_zero(np.cumsum(lengths))
    unknown_of_text = _text_counts(ids == UNKNOWN_ID, offsets)
    idle_of_text = unknown_of_text
    if word_start != UNKNOWN_ID and unknown_of_text.any():
        idle_of_text = unknown_of_text + _text_counts(ids == word_start, offsets)
    return TokenIds(
        ids=ids,
        offsets=offsets,
        unknown_tokens=int(unknown_of_text.sum()),
        unknown_texts=int(((unknown_of_text > 0) & (idle_of_text == lengths)).sum()),
        empty_texts=int((lengths == 0).sum()),
        cut_texts=cut_texts,
    )


def _text_counts(flags: npt.NDArray[np.bool_], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Count the set flags of each text, int64 (n,); fast where few are set."""
    texts = np.searchsorted(offsets, np.flatnonzero(flags), side="right") - 1  # empty texts own no position
    return np.bincount(texts, minlength=len(offsets) - 1)


def _with_zero(sums: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), sums])
