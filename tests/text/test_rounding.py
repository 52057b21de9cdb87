from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import textsiam.text.rounding as rounding_module
from tests.text.word_cases import SYMBOLS, expected, near_tying_unigram, proto_of, tying_unigram
from textsiam.text.rounding import STEADY_TOKENS, RoundingGuard
from textsiam.text.tokenizer import UNKNOWN_ID, read_processor

WORDS = ["".join(letters) for size in range(1, 5) for letters in product("abp0", repeat=size)]


def steady_words(proto: bytes, words: list[str]) -> set[str]:
    rows = expected(proto, words)
    guard = RoundingGuard(read_processor(proto))
    return guard.steady(words, [UNKNOWN_ID not in row for row in rows], [len(row) for row in rows])


def margins_by_hand(proto: bytes, words: list[str], text_tokens: int) -> set[str]:
    """Words whose best sum of scores is far ahead of every other way to cut them, by trying every way."""
    processor = read_processor(proto)
    scores = {processor.id_to_piece(i): processor.get_score(i) for i in range(2, processor.get_piece_size())}
    unknown = min(scores.values()) - 10
    steady = set()
    for word in words:
        text = processor.normalize(word)
        sums = []
        for cuts in product([False, True], repeat=len(text) - 1):
            pieces = [""]
            for character, cut in zip(text, [False, *cuts], strict=True):
                pieces = [*pieces, character] if cut else [*pieces[:-1], pieces[-1] + character]
            known = [scores.get(piece, unknown if len(piece) == 1 else -np.inf) for piece in pieces]
            sums.append(float(np.sum(np.array(known, np.float64))))
        best, second = sorted(sums, reverse=True)[:2]
        if best - second > 2 * len(text) * 2**-24 * -unknown * (text_tokens + len(text)) * 1.5 + 0.01:
            steady.add(word)
    return steady


@pytest.mark.parametrize("normalization", ["nfkc_casefold", "identity"])
def test_words_with_a_clear_best_way_are_steady(normalization: str) -> None:
    proto = proto_of("unigram", normalization)
    clear = margins_by_hand(proto, WORDS, STEADY_TOKENS)
    assert clear <= steady_words(proto, WORDS)
    assert len(clear) > len(WORDS) / 2


def test_equal_ways_are_not_steady() -> None:
    words = ["app", "appp", "appppp", "a0", "a000", "b000b", "ba", ""]
    assert steady_words(tying_unigram(), words) == {"app", "a0", "ba", ""}


def test_groups_give_what_single_words_give(monkeypatch: pytest.MonkeyPatch) -> None:
    proto = proto_of("unigram", "nfkc_casefold", SYMBOLS)
    words = [*WORDS, "", "C++", "ab<url>ab", "\U0001f600", "\U0001f600\U0001f600\U0001f601x", "\u200b"]
    together = steady_words(proto, words)
    monkeypatch.setattr(rounding_module, "_TOGETHER", 1)
    assert steady_words(proto, words) == together
    assert "\U0001f600" in together
    assert "\U0001f600\U0001f600\U0001f601x" * 3 not in together
    assert "" in together


def test_steady_by_the_formula() -> None:
    """margin > 2 n u (M + n C), with M = 512 C, and no more than C for each token."""
    processor = read_processor(near_tying_unigram())
    largest = max(map(abs, processor.get_score(list(range(processor.get_piece_size()))))) + 10
    characters, tokens = [2, 5, 5, 5, 30], [1, 2, 2, 2, 30]
    limits = [2 * n * 2.0**-24 * largest * (STEADY_TOKENS + n) for n in characters]
    ahead = [limits[0] * 1.01, limits[1] * 0.99, np.inf, -np.inf, limits[4] * 1.01]
    best = [-largest, -largest, -2.01 * largest, -largest, -29.9 * largest]  # the third: of unknown characters
    steady = RoundingGuard(processor).steady_by(
        np.array(best), np.array(ahead), np.array(characters, np.float64), np.array(tokens)
    )
    assert steady.tolist() == [True, False, False, False, True]


def test_no_word_is_steady_where_sums_may_start_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounding_module, "_RESET", 100.0)
    proto = proto_of("unigram", "nfkc_casefold")
    assert steady_words(proto, WORDS) == set()
    guard = RoundingGuard(read_processor(proto))
    assert not guard.steady_by(np.zeros(2), np.full(2, np.inf), np.ones(2), np.ones(2, np.int64)).any()
