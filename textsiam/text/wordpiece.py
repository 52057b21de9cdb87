"""WordPiece, the vocabulary of BERT: of each word the longest piece that it starts with, and so on with the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from textsiam.text.bert_characters import BertCharacters
from textsiam.text.checks import without_surrogates
from textsiam.text.word_model import WordModel
from textsiam.text.word_rules import WORD_START

_UNKNOWN_ID = 1


class WordPiece(WordModel):
    """Gives the ids that the package tokenizers gives with a BertNormalizer, a BertPreTokenizer and a WordPiece model.

    ``names`` (V,) are the pieces by their ids, padding first, which no text has, then what stands for a word that no
    pieces spell. ``special`` ids are of tokens that are found in a text as they are, before anything else (such as
    "[MASK]"); those that are ``outside`` are found in no other way. See bert_characters.py for characters that Python
    and tokenizers see in two ways. A lone surrogate counts as '?'.

    Wu et al., "Google's neural machine translation system", 2016; Devlin et al., "BERT", 2019.
    """

    kind = "wordpiece"

    def __init__(
        self,
        names: Sequence[str],
        *,
        special: Sequence[int] = (),
        outside: Sequence[int] = (),
        prefix: str = "##",
        longest_word: int = 100,
        clean_text: bool = True,
        handle_chinese_chars: bool = True,
        strip_accents: bool = True,
        lowercase: bool = True,
    ) -> None:
        super().__init__(names)
        self._settings = {
            **{"special": list(special), "outside": list(outside), "prefix": prefix, "longest_word": longest_word},
            **{"clean_text": clean_text, "handle_chinese_chars": handle_chinese_chars},
            **{"strip_accents": strip_accents, "lowercase": lowercase},
        }
        self._prefix, self._longest_word = prefix, longest_word
        self._special = {names[id_]: id_ for id_ in special}
        longest_first = sorted(map(re.escape, self._special), key=len, reverse=True)
        self._split = re.compile(f"({'|'.join(longest_first)})").split if special else None
        self._starts = {name: id_ for id_, name in enumerate(names) if id_ and id_ not in set(outside)}
        self._inside = {name[len(prefix) :]: id_ for name, id_ in self._starts.items() if name.startswith(prefix)}
        self._longest_piece = max(map(len, self._starts))
        self._characters = BertCharacters(
            clean=clean_text, chinese=handle_chinese_chars, strip_accents=strip_accents, lowercase=lowercase
        )

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> WordPiece:
        """Make it of what it was serialised as."""
        return cls(**{name: value for name, value in settings.items() if name not in ("kind", "format")})

    def settings(self) -> dict[str, Any]:
        """Give what it is made of, as JSON values."""
        return {"names": self._names, **self._settings}

    @property
    def spellings(self) -> list[str]:
        """The piece of each id: U+2581 and a piece that begins a word, one that goes on with it without its prefix."""
        silent = {0, _UNKNOWN_ID, *self._special.values()}
        return ["" if id_ in silent else self._spelling(name) for id_, name in enumerate(self._names)]

    def ids(self, text: str) -> list[int]:
        """Give the ids of one text."""
        if not text.isascii():
            text = without_surrogates(text)
        ids: list[int] = []
        for place, part in enumerate(self._split(text) if self._split else [text]):
            if place % 2:
                ids.append(self._special[part])
            else:
                for word in self._characters.words(part):
                    ids += self._cut(word)
        return ids

    def _spelling(self, name: str) -> str:
        goes_on = self._prefix and name.startswith(self._prefix) and name != self._prefix
        return name[len(self._prefix) :] if goes_on else f"{WORD_START}{name}"

    def _cut(self, word: str) -> list[int]:
        if len(word) > self._longest_word:
            return [_UNKNOWN_ID]
        ids: list[int] = []
        start, size, pieces = 0, len(word), self._starts
        while start < size:
            end = min(size, start + self._longest_piece)
            while word[start:end] not in pieces:
                end -= 1
                if end == start:
                    return [_UNKNOWN_ID]
            ids.append(pieces[word[start:end]])
            start, pieces = end, self._inside
        return ids
