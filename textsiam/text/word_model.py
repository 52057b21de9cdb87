"""Vocabularies that cut each word by a rule of their own; in a file, JSON that says which rule.

A word here is what lies between two spaces (U+0020): the ids of a text are those of its words, laid end to end.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from textsiam.errors import OptionError, VocabularyError
from textsiam.text.block_encoder import BlockEncoder
from textsiam.text.flat import Flat, flat_of
from textsiam.text.memo import WordMemo
from textsiam.text.word_rules import WORD_START

FORMAT = 1
_BEGIN = b'{"kind": '  # no SentencePiece model starts so: in a protocol buffer "{" opens a group, of which it has none


class WordModel(ABC):
    """Ids of texts by a rule for words. ``names`` say what stands for each id, padding first, then the unknown one.

    Words that come again are remembered, as those of SentencePiece models are. Threads may share it.
    """

    kind: str
    word_start = 1  # the unknown id: no token is a word start alone
    unknown = -2  # no id: unknown tokens side by side are as many
    most_tokens: int | None = None

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)

    @property
    def size(self) -> int:
        """Entries, padding and unknown among them."""
        return len(self._names)

    @property
    @abstractmethod
    def spellings(self) -> list[str]:
        """The piece of each id, U+2581 before one that begins a word; "" for those that stand for no text."""

    @abstractmethod
    def ids(self, text: str) -> list[int]:
        """Give the ids of one text."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Give what the model is made of, as JSON values."""

    def encoders(self) -> tuple[WordMemo, BlockEncoder]:
        """Give what encodes few texts, and what encodes many."""
        return WordMemo(self, self), BlockEncoder(self, self)

    def flat(self, texts: list[str]) -> Flat:
        """Give the ids of texts, or words, laid end to end."""
        return flat_of([self.ids(text) for text in texts])

    def __call__(self, words: list[str]) -> list[list[int] | None]:
        """Give each word's ids, which hold wherever it stands."""
        return [self.ids(word) for word in words]

    def pieces(self, text: str) -> list[str]:
        """Give the pieces of a text, one for each id, those without a spelling by their names."""
        return [spelling or self._names[id_] for id_, spelling in self._spelled(self.ids(text))]

    def decode(self, ids: list[int]) -> str:
        """Give the words that ids spell between spaces, what is unknown by its name."""
        marked = [spelling or WORD_START + self._names[id_] for id_, spelling in self._spelled(ids)]
        return "".join(marked).replace(WORD_START, " ").strip()

    def to_bytes(self) -> bytes:
        """Serialise it."""
        return json.dumps({"kind": self.kind, "format": FORMAT, **self.settings()}).encode()

    def _spelled(self, ids: list[int]) -> list[tuple[int, str]]:
        spellings = self.spellings
        return [(id_, spellings[id_]) for id_ in ids]


def is_word_model(proto: bytes) -> bool:
    """Tell whether a serialised vocabulary is a word model, not one of SentencePiece."""
    return proto.startswith(_BEGIN)


def check_sentencepiece(proto: bytes, what: str) -> None:
    """Raise OptionError where a vocabulary is a word model, with ``what`` needs one of SentencePiece."""
    if is_word_model(proto):
        kind = word_model_settings(proto)["kind"]
        raise OptionError(
            f"{what} needs a SentencePiece vocabulary, and that of this model, which was imported, is a {kind}"
        )


def word_model_settings(proto: bytes) -> Mapping[str, Any]:
    """Read what a word model is made of; VocabularyError where it is none, or of a newer format."""
    try:
        found = json.loads(proto)
    except (ValueError, RecursionError) as error:
        raise VocabularyError(f"these {len(proto):,} bytes are a vocabulary that was cut short ({error})") from error
    if found.get("format") != FORMAT:
        raise VocabularyError(
            f"the vocabulary has format {found.get('format')!r}, this textsiam reads {FORMAT}; update textsiam"
        )
    settings: dict[str, Any] = found
    return settings
