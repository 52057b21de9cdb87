"""Texts to ids by SentencePiece alone, whatever the texts hold."""

from __future__ import annotations

import sentencepiece

from textsiam.text.checks import without_surrogates
from textsiam.text.flat import Flat, flat_of

FEW_TEXTS = 32  # SentencePiece starts its threads for any list: up to here, text by text is faster


class SentencePieceEncoder:
    """SentencePiece's own ids of whole texts; a lone surrogate counts as '?'. Threads may share it."""

    def __init__(self, processor: sentencepiece.SentencePieceProcessor) -> None:
        self._processor = processor

    def ids(self, text: str) -> list[int]:
        """Give the ids of one text."""
        (row,) = self.id_lists([text])
        return row

    def id_lists(self, texts: list[str]) -> list[list[int]]:
        """Give the ids of each text, a list a text."""
        try:
            return self._plain_id_lists(texts)
        except (TypeError, RuntimeError):
            # All are str, so the only way to fail is a lone surrogate: no UTF-8, which SentencePiece takes, holds one.
            return self._plain_id_lists([without_surrogates(text) for text in texts])

    def flat(self, texts: list[str]) -> Flat:
        """Give the ids of texts laid end to end; about 35 bytes a token are needed on the way."""
        return flat_of(self.id_lists(texts))

    def _plain_id_lists(self, texts: list[str]) -> list[list[int]]:
        if len(texts) <= FEW_TEXTS:
            return [self._processor.encode(text, out_type=int) for text in texts]
        lists: list[list[int]] = self._processor.encode(texts, out_type=int)
        return lists
