"""A list of whole words, as files of word vectors have it; words that are not in it are left out of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import punctuation
from typing import Any

from textsiam.text.word_model import WordModel
from textsiam.text.word_rules import WORD_START

FIRST_WORD = 2  # behind padding and the unknown token, which no text has


class WordList(WordModel):
    """Gives the ids that the WhitespaceTokenizer of sentence-transformers gives, plus 2.

    Each word, what lies between white space, is looked up as it is, then without the punctuation around it, then in
    lower case too, until it is a stop word, which is left out, or one of ``words``; so is one that never is. No token
    is unknown, then: a text of unknown words is an empty text. Lone surrogates count as they are.
    """

    kind = "word_list"

    def __init__(self, words: Sequence[str], *, stop_words: Sequence[str] = (), lowercase: bool = False) -> None:
        super().__init__(["", "", *words])
        self._words = list(words)
        self._lowercase = lowercase
        # None: is left out
        self._numbers: dict[str, int | None] = {word: id_ for id_, word in enumerate(words, start=FIRST_WORD)}
        self._numbers |= dict.fromkeys(stop_words)
        self._stop_words = sorted(set(stop_words))

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> WordList:
        """Make it of what it was serialised as."""
        return cls(**{name: value for name, value in settings.items() if name not in ("kind", "format")})

    def settings(self) -> dict[str, Any]:
        """Give what it is made of, as JSON values."""
        return {"words": self._words, "stop_words": self._stop_words, "lowercase": self._lowercase}

    @property
    def spellings(self) -> list[str]:
        """U+2581 and the word of each id; "" for padding and the unknown token."""
        return ["", "", *(f"{WORD_START}{word}" for word in self._words)]

    def ids(self, text: str) -> list[int]:
        """Give the ids of one text."""
        found = map(self._number, (text.lower() if self._lowercase else text).split())
        return [id_ for id_ in found if id_ is not None]

    def _number(self, word: str) -> int | None:
        numbers = self._numbers
        if word in numbers:
            return numbers[word]
        bare = word.strip(punctuation)
        # an empty word is looked up in lower case only
        if bare and bare in numbers:
            return numbers[bare]
        return numbers.get(bare.lower())
