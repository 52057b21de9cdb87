"""What a tokenizer needs of a kind of vocabulary."""

from __future__ import annotations

from typing import Protocol

from textsiam.text.flat import Flat


class OneEncoder(Protocol):
    """Gives the ids of a text."""

    def ids(self, text: str) -> list[int]:
        """Give the ids of one text, which may hold lone surrogates."""
        ...


class ManyEncoder(Protocol):
    """Gives the ids of texts at once."""

    def flat(self, texts: list[str]) -> Flat:
        """Give the ids of texts laid end to end."""
        ...


class TextEncoder(OneEncoder, ManyEncoder, Protocol):
    """Gives ids both ways."""


class WordEncoder(Protocol):
    """Gives the ids of words, what lies between spaces, where they hold wherever the word stands."""

    unknown: int
    """The id of which a run is one token; a number that is no id where none is."""
    most_tokens: int | None
    """Tokens of a text up to which its ids are those of its words; None: always."""

    def __call__(self, words: list[str]) -> list[list[int] | None]:
        """Give each word's ids, or None where they depend on its place."""
        ...

    def flat(self, words: list[str]) -> Flat:
        """Give the ids of many words without lone surrogates end to end, -1 for a word whose ids depend on place."""
        ...


class TokenModel(Protocol):
    """A vocabulary, and how it cuts texts."""

    word_start: int
    """The id of a word start without a word; the unknown id where there is none."""

    def encoders(self) -> tuple[OneEncoder, ManyEncoder]:
        """Give what encodes few texts, and what encodes many."""
        ...

    @property
    def size(self) -> int:
        """Entries, padding and unknown among them."""
        ...

    @property
    def spellings(self) -> list[str]:
        """The piece of each id, U+2581 before one that begins a word; "" for those that stand for no text."""
        ...

    def pieces(self, text: str) -> list[str]:
        """Give the pieces of a text, one for each id."""
        ...

    def decode(self, ids: list[int]) -> str:
        """Give the text of ids."""
        ...
