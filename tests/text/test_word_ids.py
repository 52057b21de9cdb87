from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import textsiam.text.word_table as word_table_module
from tests.text.conftest import made_up_texts
from tests.text.word_cases import HARD, SYMBOLS, TIES, TYPES, expected, proto_of, written_unigram
from textsiam.text.rounding import STEADY_TOKENS
from textsiam.text.tokenizer import read_processor
from textsiam.text.word_ids import WHOLE, WordIds


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


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("symbols", [(), SYMBOLS])
def test_many_words_have_the_ids_of_few(kind: str, symbols: tuple[str, ...]) -> None:
    proto = proto_of(kind, "nfkc_casefold", symbols)
    hard = [word.replace("\ud800", "").replace("\udfff", "").replace(" ", "") for word in HARD]
    words = list(dict.fromkeys([*hard, *" ".join([*TIES, *made_up_texts(30)]).split(), "\u4e01" * 9, "ab" * 60]))
    many = WordIds(read_processor(proto), unigram=kind == "unigram")
    ids, lengths = many.flat(words)
    rows = [row.tolist() for row in np.split(ids, lengths.cumsum()[:-1])]
    # asked one by one, a word's lead is bounded more strictly: what was steady stays so, with the same ids
    one_by_one = [row or [] if row is not None else [WHOLE] for row in many(words)]
    for row, alone, plain in zip(rows, one_by_one, expected(proto, words), strict=True):
        assert row in ([WHOLE], plain)
        assert alone in ([WHOLE], row)
    assert sum(row == [WHOLE] for row in rows) < len(words) / 4
    few, few_lengths = many.flat(words[:3])
    assert (few.tolist(), few_lengths.tolist()) == (
        [token for row in rows[:3] for token in row],
        [len(row) for row in rows[:3]],
    )


@pytest.mark.parametrize(("kinds", "behind"), [({"ac": 4}, b"\xc0\x0c\x01"), ({"ac": 5}, b"\xc0\x0c\x01"), ({}, b"")])
@pytest.mark.parametrize("sign", [-1, 1])
def test_models_that_others_wrote(sign: int, kinds: dict[str, int], behind: bytes) -> None:
    """Symbols and unused pieces with fields behind their types; scores above 0."""
    scores = {"\u2581": 50.0 * sign, "a": 50.0 * sign, "ac": 51.0 * sign, "b": 50.0 * sign}
    proto = written_unigram(scores, kinds, behind)
    words = ["ac" + "".join(letters) for letters in product("ab", repeat=6)]
    ids, lengths = WordIds(read_processor(proto), unigram=True).flat(words)
    rows = [row.tolist() for row in np.split(ids, lengths.cumsum()[:-1])]
    assert all(row in ([WHOLE], plain) for row, plain in zip(rows, expected(proto, words), strict=True))


def test_a_trie_that_is_not_whole_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    proto = proto_of("unigram", "nfkc_casefold")
    words = list(dict.fromkeys(" ".join(made_up_texts(40)).split()))
    monkeypatch.setattr(word_table_module, "_PROBES", 1)
    broken = WordIds(read_processor(proto), unigram=True)
    ids, lengths = broken.flat(words)
    assert broken._two_best is not None
    assert not broken._two_best.usable
    rows = [row.tolist() for row in np.split(ids, lengths.cumsum()[:-1])]
    assert rows == [[WHOLE] if row is None else row for row in broken(words)]
