"""SentencePiece models as the vocabularies of a tokenizer."""

from __future__ import annotations

import sentencepiece

from textsiam.text.block_encoder import BlockEncoder
from textsiam.text.checks import without_surrogates
from textsiam.text.encoders import ManyEncoder, OneEncoder
from textsiam.text.memo import WordMemo
from textsiam.text.sentencepiece_encoder import SentencePieceEncoder
from textsiam.text.word_ids import WordIds
from textsiam.text.word_rules import WORD_START, word_rules


class SentencePieceModel:
    """A loaded SentencePiece model, with the ids of words remembered where they are independent (word_rules.py)."""

    def __init__(self, processor: sentencepiece.SentencePieceProcessor) -> None:
        self._processor = processor
        self.word_start: int = processor.piece_to_id(WORD_START)

    def encoders(self) -> tuple[OneEncoder, ManyEncoder]:
        """Give what encodes few texts, and what encodes many."""
        plain = SentencePieceEncoder(self._processor)
        rules = word_rules(self._processor)
        if not rules.independent:
            return plain, plain
        word_ids = WordIds(self._processor, unigram=rules.unigram)
        return WordMemo(plain, word_ids), BlockEncoder(plain, word_ids)

    @property
    def size(self) -> int:
        """Entries, padding and unknown among them."""
        return int(self._processor.get_piece_size())

    @property
    def spellings(self) -> list[str]:
        """The piece of each id, U+2581 being a space; "" for those that stand for no text: padding, unknown, bytes."""
        ids, processor = list(range(self.size)), self._processor
        tests = (processor.is_control, processor.is_unknown, processor.is_byte)
        return ["" if any(test(i) for test in tests) else processor.id_to_piece(i) for i in ids]

    def pieces(self, text: str) -> list[str]:
        """Give the pieces of a text, one for each id."""
        try:
            pieces: list[str] = self._processor.encode(text, out_type=str)
        except (TypeError, RuntimeError):
            pieces = self._processor.encode(without_surrogates(text), out_type=str)
        return pieces

    def decode(self, ids: list[int]) -> str:
        """Give the text of ids."""
        return str(self._processor.decode(ids))
