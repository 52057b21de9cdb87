from __future__ import annotations

from typing import Any

import pytest

from textsiam.errors import OptionError
from textsiam.text.vocabulary_options import VocabularyOptions, as_symbols

GOOD: dict[str, Any] = {
    "size": 100,
    "type": "bpe",
    "character_coverage": 1.0,
    "normalization": "nfkc",
    "user_defined_symbols": ("[A]",),
    "sample_size": 10,
    "seed": 3,
}


def test_card_holds_every_option_but_the_size() -> None:
    card = VocabularyOptions(**GOOD).as_card()
    assert card == {name: value for name, value in GOOD.items() if name != "size"} | {"user_defined_symbols": ["[A]"]}


@pytest.mark.parametrize(
    ("option", "wrong", "message"),
    [
        ("type", "BPE", "type is 'BPE', expected one of unigram, bpe, word, char; did you mean 'bpe'?"),
        ("type", ["bpe"], "type is ['bpe'], expected one of"),
        ("normalization", "nfkc_cf", "normalization is 'nfkc_cf', expected one of nfkc_casefold, nfkc, identity"),
        ("size", 3, "size is 3, expected a whole number from 4 (padding, unknown, one piece, 1 of symbols) to 1,000,"),
        ("size", 1_000_001, "size is 1000001, expected"),
        ("size", 16e3, "size is 16000.0, expected a whole number"),
        ("character_coverage", 0.97, "character_coverage is 0.97, expected a number from 0.98 to 1"),
        ("character_coverage", float("nan"), "character_coverage is nan, expected"),
        ("character_coverage", "1", "character_coverage is '1', expected"),
        ("sample_size", 0, "sample_size is 0, expected a whole number from 1"),
        ("seed", -1, "seed is -1, expected a whole number from 0"),
        ("user_defined_symbols", ("",), "user_defined_symbols[0] is '', expected a str of 1 to 1,000 characters"),
        ("user_defined_symbols", ("x" * 1001,), "expected a str of 1 to 1,000 characters"),
        ("user_defined_symbols", (3,), "user_defined_symbols[0] is 3, expected a str"),
        ("user_defined_symbols", ("a", "a"), "user_defined_symbols[1] is 'a', the same as an earlier one"),
        ("user_defined_symbols", ("<pad>",), "user_defined_symbols[0] is '<pad>', which is the piece for padding"),
        ("user_defined_symbols", ("a b",), "expected no white space, NUL, U+2581, U+2585 or lone surrogate"),
        ("user_defined_symbols", ("a\u2581",), "expected no white space"),
        ("user_defined_symbols", ("\u2585",), "expected no white space"),
        ("user_defined_symbols", ("\0",), "expected no white space"),
        ("user_defined_symbols", ("\ud800",), "expected no white space"),
    ],
)
def test_a_wrong_option_says_what_it_takes(option: str, wrong: object, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        VocabularyOptions(**(GOOD | {option: wrong}))
    assert str(caught.value).startswith(message) or message in str(caught.value)
    assert ";" not in str(caught.value).replace("; did you", "").replace("; take", "").replace("; give", "")


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(OptionError) as caught:
        VocabularyOptions(**(GOOD | {"type": "x", "size": 0, "seed": -1, "user_defined_symbols": ("", "a b")}))
    for part in ("type is", "size is", "seed is", "user_defined_symbols[0] is", "user_defined_symbols[1] is"):
        assert part in str(caught.value)


@pytest.mark.parametrize(("kind", "least"), [("unigram", 5), ("char", 5), ("word", 7)])
def test_the_least_size_has_room_for_the_symbols(kind: str, least: int) -> None:
    changed = GOOD | {"type": kind, "user_defined_symbols": ("[A]", "[B]")}
    VocabularyOptions(**(changed | {"size": least}))
    with pytest.raises(OptionError, match=f"size is {least - 1}, expected a whole number from {least} "):
        VocabularyOptions(**(changed | {"size": least - 1}))


def test_symbols() -> None:
    assert as_symbols(["a", "b"]) == ("a", "b")
    with pytest.raises(OptionError, match="user_defined_symbols is 'ab', expected a sequence of str"):
        as_symbols("ab")
