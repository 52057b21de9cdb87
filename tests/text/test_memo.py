from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.conftest import made_up_texts
from tests.text.word_cases import NORMALIZATIONS, SYMBOLS, TYPES, expected, hard_texts, proto_of, tied_texts
from textsiam.text.memo import WordMemo
from textsiam.text.sentencepiece_encoder import SentencePieceEncoder
from textsiam.text.tokenizer import read_processor
from textsiam.text.word_ids import WordIds


def memo_of(proto: bytes, *, unigram: bool = False, most_words: int = 1000) -> WordMemo:
    processor = read_processor(proto)
    return WordMemo(SentencePieceEncoder(processor), WordIds(processor, unigram=unigram), most_words=most_words)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_ids_are_sentencepieces(kind: str, normalization: str) -> None:
    proto = proto_of(kind, normalization, SYMBOLS)
    memo = memo_of(proto, unigram=kind == "unigram")

    @given(text=hard_texts | tied_texts)
    def check(text: str) -> None:
        rows = expected(proto, [text]) * 3
        assert [memo.ids(text) for _ in range(3)] == rows  # unseen, learned, known

    check()
    assert len(memo) > 20


def test_a_word_is_learned_when_it_comes_again() -> None:
    proto = proto_of("bpe", "nfkc")
    memo = memo_of(proto)
    sizes = []
    for _ in range(3):
        memo.ids("abc don't")
        sizes.append(len(memo))
    assert sizes == [0, 2, 2]
    for text in ("x" * 33, "x" * 32):
        assert [memo.ids(text), memo.ids(text)] == expected(proto, [text, text])
    assert len(memo) == 3


def test_a_full_memo_learns_no_more() -> None:
    proto = proto_of("unigram", "nfkc")
    memo = memo_of(proto, unigram=True, most_words=20)
    texts = made_up_texts(60) * 3
    assert [memo.ids(text) for text in texts] == expected(proto, texts)
    assert 0 < len(memo) <= 20


@given(words=st.lists(st.sampled_from(["abc", "\u4e00", "\u4e01\u4e02", "\u4e03a", ""]), max_size=12))
def test_unknown_words_in_a_row_are_one_token(words: list[str]) -> None:
    proto = proto_of("word", "nfkc")
    memo, text = memo_of(proto), " ".join(words)
    assert [memo.ids(text) for _ in range(3)] == expected(proto, [text]) * 3


def test_long_texts_of_a_unigram_model() -> None:
    proto = proto_of("unigram", "nfkc_casefold")
    memo = memo_of(proto, unigram=True)
    texts = [" ".join(made_up_texts(count)) for count in (5, 40, 60, 400)]
    for _ in range(3):
        assert [memo.ids(text) for text in texts] == expected(proto, texts)


def test_threads_share_a_memo() -> None:
    proto = proto_of("unigram", "nfkc_casefold")
    memo = memo_of(proto, unigram=True)
    texts = [text for seed in range(4) for text in made_up_texts(100, seed=seed % 2)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(memo.ids, texts)) == expected(proto, texts)
    assert len(memo) > 100
