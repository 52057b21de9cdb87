from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.conftest import made_up_texts
from textsiam.errors import DataError, VocabularyError
from textsiam.text.tokenizer import UNKNOWN_ID, read_processor
from textsiam.text.trainer import _PART_CHARACTERS, _parts, holds_reserved, train_sentencepiece
from textsiam.text.vocabulary_options import TYPES, VocabularyOptions

TINY = ["the cat sat on the mat", "a dog ran", "the cat ran"] * 3
TINY_LETTERS = len(set("".join(TINY)))  # with the space, which is U+2581


def options(**changed: Any) -> VocabularyOptions:
    given: dict[str, Any] = {
        "size": 1000,
        "type": "unigram",
        "character_coverage": 1.0,
        "normalization": "nfkc",
        "user_defined_symbols": (),
        "sample_size": 10,
        "seed": 0,
    }
    return VocabularyOptions(**(given | changed))


def pieces_of(texts: list[str], **changed: Any) -> list[str]:
    processor = read_processor(train_sentencepiece(texts, options(**changed)))
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]


@pytest.mark.parametrize("kind", TYPES)
def test_special_pieces_come_first_and_nothing_else_is_special(kind: str) -> None:
    processor = read_processor(train_sentencepiece(TINY, options(type=kind)))
    assert [processor.id_to_piece(0), processor.id_to_piece(1)] == ["<pad>", "<unk>"]
    assert (processor.bos_id(), processor.eos_id()) == (-1, -1)
    assert not any(processor.is_control(i) for i in range(1, processor.get_piece_size()))


@pytest.mark.parametrize(("kind", "most"), [("unigram", 17), ("bpe", 48), ("word", 10), ("char", 2 + TINY_LETTERS)])
def test_a_size_too_large_shrinks(kind: str, most: int) -> None:
    assert len(pieces_of(TINY, type=kind)) == most
    assert len(pieces_of(TINY, type=kind, size=most + 1)) == most
    assert len(pieces_of(TINY, type=kind, size=most)) == most


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
@pytest.mark.parametrize("symbols", [(), ("[A]", "[B]")])
def test_a_size_too_small_for_the_characters_says_the_least(kind: str, symbols: tuple[str, ...]) -> None:
    least = 2 + TINY_LETTERS + len(symbols)
    with pytest.raises(VocabularyError, match=f"size {least - 1} is too small .* the least possible is {least};"):
        pieces_of(TINY, type=kind, size=least - 1, user_defined_symbols=symbols)
    assert len(pieces_of(TINY, type=kind, size=least, user_defined_symbols=symbols)) == least


@pytest.mark.parametrize("kind", ["word", "char"])
def test_a_small_size_keeps_the_most_frequent(kind: str) -> None:
    assert pieces_of(TINY, type=kind, size=4)[2:] == (["\u2581the", "\u2581cat"] if kind == "word" else ["\u2581", "a"])
    symbols = ("[A]", "[B]")
    least = 3 + len(symbols) * (2 if kind == "word" else 1)
    assert len(pieces_of(TINY, type=kind, size=least, user_defined_symbols=symbols)) == least


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("texts", [["\u200b"], ["\0"], [" \u2585 "], ["\u2581"]])
def test_nothing_left_to_learn_from(kind: str, texts: list[str]) -> None:
    with pytest.raises(VocabularyError, match="the texts hold nothing but white space and characters that the norm"):
        pieces_of(texts, type=kind)


@pytest.mark.parametrize("kind", TYPES)
def test_hostile_characters_drop_no_text(kind: str) -> None:
    texts = ["good\tworse", "worst\0wall", "\u2585 best", "bed\ud800 bud", "odd\u202e\r\nline", "\ufeffbom"] * 2
    plain = ["good worse", "worst wall", "best", "bed? bud", "odd\u202e line", "bom"] * 2
    assert set(pieces_of(texts, type=kind)) == set(pieces_of(plain, type=kind))


@pytest.mark.parametrize("kind", TYPES)
def test_long_texts_are_learned_from(kind: str) -> None:
    spaced = " ".join(f"zebra{i % 7}" for i in range(20_000))
    processor = read_processor(train_sentencepiece([spaced, "\u6771" * 50_000], options(type=kind, size=60)))
    assert UNKNOWN_ID not in processor.encode("zebra0 zebra6", out_type=int)
    if kind != "word":  # a word of 50,000 characters is one of a kind
        assert UNKNOWN_ID not in processor.encode("\u6771\u6771", out_type=int)


def test_a_cut_at_white_space_changes_no_counts() -> None:
    texts = made_up_texts(2000)
    together, apart = [" ".join(texts)], texts
    assert pieces_of(together, type="bpe", size=300) == pieces_of(apart, type="bpe", size=300)
    assert pieces_of(together, type="word", size=200) == pieces_of(apart, type="word", size=200)


@pytest.mark.parametrize("character", ["x", "\U0001f600", "\u3316"])  # the last becomes six characters
def test_no_word_is_too_long_to_load(character: str) -> None:
    assert "\u2581ab" in pieces_of([character * 20_000, "ab"], type="word")


def test_the_longest_symbol_loads() -> None:
    symbol = "\U0001f600" * 1000
    assert symbol in pieces_of(TINY, type="word", user_defined_symbols=(symbol,))


@given(st.lists(st.tuples(st.integers(1, 900), st.sampled_from(" \n\u3000")), min_size=1, max_size=8))
def test_parts_are_short_and_lose_nothing(words: list[tuple[int, str]]) -> None:
    text = "".join("x" * length + space for length, space in words)
    parts = list(_parts([text]))
    assert "".join(parts) == text
    assert all(len(part) <= _PART_CHARACTERS for part in parts)
    kept = {word for part in parts for word in part.split()}
    assert {word for word in text.split() if len(word) < _PART_CHARACTERS} <= kept


@pytest.mark.parametrize("before", [0, 1, 9])
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), DataError("bad row", file="a.csv", line=3), RuntimeError("INTERNAL"), MemoryError()]
)
def test_what_the_texts_raise_passes_through(error: BaseException, before: int) -> None:
    def texts() -> Iterator[str]:
        yield from TINY[:before]
        raise error

    with pytest.raises(type(error)) as caught:
        train_sentencepiece(texts(), options())
    assert caught.value is error
    assert error.__cause__ is None
    assert error.__context__ is None


def test_reserved_characters_are_seen() -> None:
    assert [holds_reserved(text) for text in ("a", "a\0", "\u2585", "")] == [False, True, True, False]


@pytest.mark.parametrize("kind", TYPES)
def test_symbols_are_one_piece(kind: str) -> None:
    symbols = ("[NAME]", "a,b", '"', "\u00c4\ufb01")
    processor = read_processor(
        train_sentencepiece(TINY, options(type=kind, user_defined_symbols=symbols, normalization="nfkc_casefold"))
    )
    for symbol in symbols:
        pieces = processor.encode(f"cat {symbol} dog", out_type=str)
        assert symbol in [piece.lstrip("\u2581") for piece in pieces]
        assert UNKNOWN_ID not in processor.encode(f"cat {symbol} dog", out_type=int)
        if kind != "word":
            assert symbol in processor.encode(f"cat{symbol}dog", out_type=str)


@pytest.mark.parametrize(
    ("normalization", "pieces"),
    [
        ("nfkc_casefold", ["\u2581", "s", "f", "i"]),
        ("nfkc", ["\u2581", "S", "f", "i"]),
        ("identity", ["\u2581", "S", "\ufb01"]),
    ],
)
def test_normalizations(normalization: str, pieces: list[str]) -> None:
    assert set(pieces_of(["S\ufb01"], type="char", normalization=normalization)[2:]) == set(pieces)


def test_coverage_leaves_out_the_rarest() -> None:
    texts = ["aaaa aaaa"] * 100 + ["\u6771"]
    assert "\u6771" in pieces_of(texts, type="char", character_coverage=1.0)
    assert "\u6771" not in pieces_of(texts, type="char", character_coverage=0.98)


@pytest.mark.parametrize("kind", TYPES)
def test_sentencepiece_is_silent(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    pieces_of(["\u2585", "x" * 50_000, *TINY], type=kind)
    with pytest.raises(VocabularyError):
        pieces_of(["\u200b"], type=kind)
    assert capfd.readouterr() == ("", "")
