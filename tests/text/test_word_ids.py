from __future__ import annotations

import pytest

from tests.text.word_cases import TIES, TYPES, expected, proto_of
from textsiam.text.rounding import STEADY_TOKENS
from textsiam.text.tokenizer import read_processor
from textsiam.text.word_ids import WordIds


@pytest.mark.parametrize("kind", TYPES)
def test_ids_of_words_or_none(kind: str) -> None:
    proto = proto_of(kind, "nfkc_casefold")
    word_ids = WordIds(read_processor(proto), unigram=kind == "unigram")
    words = ["abc", "", "\ud800b", "don't", "\u2581", "a\u2581", *" ".join(TIES).split()]
    rows = word_ids(words)
    for word, row, plain in zip(words, rows, expected(proto, words), strict=True):
        assert row in (None, plain)
        if "\u2581" in word:
            assert row is None
        elif kind != "unigram":
            assert row == plain
    assert rows[0] is not None
    assert (word_ids.unknown, word_ids.most_tokens) == (1, STEADY_TOKENS if kind == "unigram" else None)
    assert word_ids([]) == []
