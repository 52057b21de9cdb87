from __future__ import annotations

import pytest

from textsiam.text.bert_characters import BertCharacters

ALL, NONE = (dict.fromkeys(("clean", "chinese", "strip_accents", "lowercase"), on) for on in (True, False))


@pytest.mark.parametrize(
    ("text", "uncased", "cased"),
    [
        ("Hello,  World!", ["hello", ",", "world", "!"], ["Hello", ",", "World", "!"]),
        ("$5+5 a_b", ["$", "5", "+", "5", "a", "_", "b"], ["$", "5", "+", "5", "a", "_", "b"]),
        ("a\tb\nc\xa0d\u3000e", ["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "e"]),
        ("a\0b\x1cc\u200bd\ufeffe\ufffdf", ["abcdef"], ["a\0b\x1cc\u200bd\ufeffe\ufffdf"]),
        ("a\x85b", ["ab"], ["a", "b"]),  # a control character, and white space
        ("\u00c4rger NAI\u0308VE", ["arger", "naive"], ["\u00c4rger", "NAI\u0308VE"]),
        ("e\u200b\u0301\u0323", ["e"], ["e\u200b\u0301\u0323"]),
        ("\u0130\u03a3", ["i\u03c3"], ["\u0130\u03a3"]),  # no final sigma: each character by itself
        ("x\u6771\u4eacy", ["x", "\u6771", "\u4eac", "y"], ["x\u6771\u4eacy"]),
        ("\uf900\ud55c", ["\u8c48", "\u1112\u1161\u11ab"], ["\uf900\ud55c"]),  # decomposed, Hangul too
        ("\u3042\u30f6\uff8a", ["\u3042\u30f6\uff8a"], ["\u3042\u30f6\uff8a"]),
        ("\U0001f600\U0001f923 \u2e45", ["\U0001f600\U0001f923", "\u2e45"], ["\U0001f600\U0001f923", "\u2e45"]),
        ("\u2014\u00bf\u166d", ["\u2014", "\u00bf", "\u166d"], ["\u2014", "\u00bf", "\u166d"]),
        ("", [], []),
        ("  \n", [], []),
    ],
)
def test_words_with_all_flags_and_with_none(text: str, uncased: list[str], cased: list[str]) -> None:
    assert BertCharacters(**ALL).words(text) == uncased
    assert BertCharacters(**NONE).words(text) == cased


def test_each_flag_does_one_thing() -> None:
    text = "\u00c9\u200bA\u6771"
    words = {flag: BertCharacters(**{**NONE, flag: True}).words(text) for flag in ALL}
    assert words == {
        "clean": ["\u00c9A\u6771"],
        "chinese": ["\u00c9\u200bA", "\u6771"],
        "strip_accents": ["E\u200bA\u6771"],
        "lowercase": ["\u00e9\u200ba\u6771"],
    }


def test_marks_and_signs_of_later_unicode_are_letters() -> None:
    later = "a\u0898b \u2e52c \U0001e000"  # a mark, punctuation and a mark, all added after Unicode 8
    assert BertCharacters(**ALL).words(later) == later.split(" ")
    assert BertCharacters(**ALL).words("a\u0300b") == ["ab"]
