from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import textsiam.text.word_ids as word_ids_module
from tests.text.conftest import made_up_texts
from tests.text.word_cases import (
    NORMALIZATIONS,
    SYMBOLS,
    TYPES,
    expected,
    hard_texts,
    near_tying_unigram,
    proto_of,
    tied_texts,
    tying_unigram,
)
from textsiam.text.block_encoder import BlockEncoder
from textsiam.text.sentencepiece_encoder import SentencePieceEncoder
from textsiam.text.tokenizer import read_processor
from textsiam.text.word_ids import WordIds


def encoder_of(proto: bytes, *, unigram: bool = False, most_words: int = 2000) -> BlockEncoder:
    processor = read_processor(proto)
    return BlockEncoder(SentencePieceEncoder(processor), WordIds(processor, unigram=unigram), most_words=most_words)


def rows_of(encoder: BlockEncoder, texts: list[str]) -> list[list[int]]:
    ids, lengths = encoder.flat(texts)
    assert (ids.dtype.name, lengths.dtype.name, int(lengths.sum())) == ("int32", "int64", len(ids))
    ends = lengths.cumsum().tolist()
    return [ids[end - length : end].tolist() for end, length in zip(ends, lengths.tolist(), strict=True)]


@pytest.mark.parametrize("many", [1, 64])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_ids_are_sentencepieces(kind: str, normalization: str, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_ids_module, "_MANY", many)
    proto = proto_of(kind, normalization, SYMBOLS)
    encoder = encoder_of(proto, unigram=kind == "unigram")

    @given(texts=st.lists(hard_texts | tied_texts, min_size=1, max_size=8))
    def check(texts: list[str]) -> None:
        for _ in range(2):
            assert rows_of(encoder, texts) == expected(proto, texts)
        # One text with what sends all texts of a call to SentencePiece would hide the others.
        free = [text for text in texts if not set(text) & set("\x1e\ud800\udfff")]
        assert rows_of(encoder, [*free, ""]) == expected(proto, [*free, ""])

    check()
    assert len(encoder) > 20


@pytest.mark.parametrize("kind", TYPES)
def test_blank_and_single_texts(kind: str) -> None:
    proto = proto_of(kind, "nfkc")
    encoder = encoder_of(proto, unigram=kind == "unigram")
    for texts in (
        [""],
        ["", "", " "],
        ["abc"],
        ["\u4e00", "\u4e00", "", "\u4e00"],
        ["x" * 5000],
        ["a", "b " * 5000, ""],
    ):
        for _ in range(3):
            assert rows_of(encoder, texts) == expected(proto, texts)


@pytest.mark.parametrize("many", [1, 64])
def test_rounding_of_what_came_before_counts(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a unigram model ties depend on the sum before them: words end to end would differ, the encoder does not."""
    monkeypatch.setattr(word_ids_module, "_MANY", many)
    proto = tying_unigram()
    words = [f"{a}{tie}{b}" for a in "ab" for tie in ("p", "pp", "ppp", "000", "00000", "b0a") for b in ("", "a", "bb")]
    alone = dict(zip(words, expected(proto, words), strict=True))
    generator = np.random.default_rng(0)
    chosen = [generator.choice(words, size=count % 30 + 1).tolist() for count in range(400)]
    texts = [" ".join(row) for row in chosen]
    rows = expected(proto, texts)
    end_to_end = [[token for word in row for token in alone[word]] for row in chosen]
    assert sum(one != other for one, other in zip(rows, end_to_end, strict=True)) > 10
    encoder = encoder_of(proto, unigram=True)
    for _ in range(2):
        assert rows_of(encoder, texts) == rows
    assert len(encoder) == len(words)


def test_a_lead_that_rounding_can_make_up_for_does_not_count() -> None:
    proto = near_tying_unigram()
    words = ["".join(letters) for size in (4, 5) for letters in product("apqb", repeat=size)]
    generator = np.random.default_rng(0)
    texts = [" ".join(generator.choice(words, size=count % 20 + 2)) for count in range(500)]
    rows = expected(proto, texts)
    alone = dict(zip(words, expected(proto, words), strict=True))
    assert rows != [[token for word in text.split() for token in alone[word]] for text in texts]
    encoder = encoder_of(proto, unigram=True)
    for _ in range(2):
        assert rows_of(encoder, texts) == rows


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_many_words_that_end_in_a_word_start(normalization: str) -> None:
    proto = proto_of("unigram", normalization)
    encoder = encoder_of(proto, unigram=True)
    words = list(dict.fromkeys(" ".join(made_up_texts(80)).split()))
    for texts in ([f"{word} a\u2581 b" for word in words], [f"{word}\u2581 {word}x b" for word in words]):
        assert len(texts) > 64
        for _ in range(2):
            assert rows_of(encoder, texts) == expected(proto, texts)


def test_what_is_learned() -> None:
    proto = proto_of("bpe", "nfkc")
    encoder = encoder_of(proto)
    sentences = [chr(0x4E00 + i) * 5 for i in range(100)]
    halves = [f"{sentence} {sentence[::-1]}!" for sentence in sentences]
    for _ in range(2):
        assert rows_of(encoder, sentences) == expected(proto, sentences)
        assert len(encoder) == 0  # without a space
    assert rows_of(encoder, halves) == expected(proto, halves)
    assert len(encoder) == 0  # all new
    rows_of(encoder, halves[:10])
    assert len(encoder) == 20  # seen before
    rows_of(encoder, ["ab cd " * 10 + sentence for sentence in sentences[20:30]])
    assert len(encoder) == 20 + 2 + 10  # most words are no news
    rows_of(encoder, ["x" * 24 + " ab"] * 5 + ["x" * 23 + " ab"] * 5)
    assert len(encoder) == 33


def test_a_full_table_learns_no_more() -> None:
    proto = proto_of("unigram", "nfkc")
    encoder = encoder_of(proto, unigram=True, most_words=50)
    texts = made_up_texts(200)
    for _ in range(3):
        assert rows_of(encoder, texts) == expected(proto, texts)
        assert len(encoder) == 50


def test_threads_share_an_encoder() -> None:
    proto = proto_of("unigram", "nfkc_casefold")
    encoder = encoder_of(proto, unigram=True)
    jobs = [made_up_texts(60, seed=seed % 5) for seed in range(20)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda texts: rows_of(encoder, texts), jobs)) == [expected(proto, job) for job in jobs]
