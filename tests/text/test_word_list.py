from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textsiam.text.tokenizer import Tokenizer
from textsiam.text.word_list import WordList

WORDS = ["PADDING_TOKEN", "how", "Paris", "u.s.", "don't", "?!", "caf\u00e9", "the", "\u03c2"]
LISTED = WordList(WORDS, stop_words=["the", "is", "-"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("how How HOW", ["how"] * 3),
        ("paris Paris PARIS (Paris)?", ["Paris", "Paris"]),  # lower case is tried last, upper case never
        ("u.s. U.S. u.s", ["u.s."]),
        ("don't 'don't'", ["don't", "don't"]),
        ("?! !? ...", ["?!"]),
        ("the The (THE) is! nothing", []),
        ("how\tHow\nhow\u3000how\x1chow", ["how"] * 5),
        ("caf\u00e9 cafe\u0301 CAF\u00c9", ["caf\u00e9", "caf\u00e9"]),
        ("PADDING_TOKEN", ["PADDING_TOKEN"]),
        ("", []),
        ("how\ud800 \ud800", []),
    ],
)
def test_words_are_looked_up_in_three_forms(text: str, found: list[str]) -> None:
    ids = [WORDS.index(word) + 2 for word in found]
    assert LISTED.ids(text) == ids
    tokenizer = Tokenizer(LISTED.to_bytes())
    for _ in range(3):
        assert tokenizer.encode([text]).ids.tolist() == ids
        assert tokenizer.encode([text] * 40)[39].tolist() == ids


def test_texts_in_lower_case() -> None:
    lowered = WordList(WORDS, lowercase=True)
    assert lowered.ids("HOW U.S. Paris THE \u03a3 \u0391\u03a3") == [3, 5, 9]
    assert lowered.ids("\u03a3A") == []


def test_a_stop_word_and_the_last_of_equal_words_win() -> None:
    assert WordList(["a", "b", "a", ""], stop_words=["b"]).ids("a b A - c") == [4, 4, 5]


@given(st.lists(st.text(max_size=20) | st.lists(st.sampled_from([*WORDS, "x", "the,"])).map(" ".join), max_size=60))
def test_texts_are_cut_word_by_word(texts: list[str]) -> None:
    tokens = Tokenizer(LISTED.to_bytes()).encode(texts)
    rows = [LISTED.ids(text) for text in texts]
    assert [row.tolist() for row in tokens] == rows
    assert (tokens.unknown_tokens, tokens.unknown_texts, tokens.empty_texts) == (0, 0, rows.count([]))


def test_spellings_pieces_and_decoding() -> None:
    tokenizer = Tokenizer(LISTED.to_bytes(), max_tokens=2)
    assert tokenizer.spellings == ["", "", *("\u2581" + word for word in WORDS)]
    assert tokenizer.pieces("How, the Paris x u.s.") == ["\u2581how", "\u2581Paris"]
    assert tokenizer.decode([3, 4, 0]) == "how Paris"
    assert tokenizer.size == len(WORDS) + 2
