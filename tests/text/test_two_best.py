from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import textsiam.text.two_best as two_best_module
from tests.text.word_cases import SYMBOLS, TIES, expected, proto_of, trained, tying_unigram
from textsiam.text.tokenizer import UNKNOWN_ID, read_processor
from textsiam.text.two_best import TwoBest

PROTO = proto_of("unigram", "nfkc_casefold")


def ways_by_hand(proto: bytes, word: str) -> list[tuple[float, list[int]]]:
    """Every way to cut a word, best first: its sum of scores and its ids, -1 for an unknown character."""
    processor = read_processor(proto)
    scores = {processor.id_to_piece(i): (processor.get_score(i), i) for i in range(2, processor.get_piece_size())}
    unknown = min(score for score, _ in scores.values()) - 10
    ways = []
    for cuts in product([False, True], repeat=len(word) - 1):
        pieces = [word[0]]
        for character, cut in zip(word[1:], cuts, strict=True):
            pieces = [*pieces, character] if cut else [*pieces[:-1], pieces[-1] + character]
        if all(piece in scores or len(piece) == 1 for piece in pieces):
            known = [scores.get(piece, (unknown, -1)) for piece in pieces]
            ways.append((math.fsum(score for score, _ in known), [number for _, number in known]))
    return sorted(ways, reverse=True)


def rows_of(two_best: TwoBest, words: list[str]) -> list[tuple[list[int], float, float]]:
    (ids, lengths), best, ahead = two_best(words)
    ends = lengths.cumsum().tolist()
    rows = [ids[end - length : end].tolist() for end, length in zip(ends, lengths.tolist(), strict=True)]
    return list(zip(rows, best.tolist(), ahead.tolist(), strict=True))


letters = st.text("\u2581abpc0?\u00e4\u4e01\u4e02", min_size=1, max_size=8)


@pytest.mark.parametrize("proto", [PROTO, tying_unigram()], ids=["learned", "tying"])
def test_the_best_way_and_its_lead_are_those_of_all_ways(proto: bytes) -> None:
    two_best = TwoBest(read_processor(proto))

    @given(words=st.lists(letters, max_size=6))
    def check(words: list[str]) -> None:
        for word, (row, best, ahead) in zip(words, rows_of(two_best, words), strict=True):
            ways = ways_by_hand(proto, word)
            assert best == pytest.approx(ways[0][0], abs=1e-4)
            second = ways[1][0] if len(ways) > 1 else -math.inf
            assert ahead == pytest.approx(ways[0][0] - second, abs=1e-4)
            if ahead > 1e-3:
                by_hand = ways[0][1]
                merged = [i for before, i in zip([0, *by_hand], by_hand, strict=False) if not before == i == -1]
                assert row == [UNKNOWN_ID if i == -1 else i for i in merged]

    check()


def test_ids_are_sentencepieces_where_the_best_way_is_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [*"".join([*TIES, " don't naive 2024 (x) abc? \u4e01\u4e02x x\u4e01"]).split(), "abcdefghijklmnop" * 2]
    processor = read_processor(PROTO)
    at_once = rows_of(TwoBest(processor), processor.normalize(words))
    clear = 0
    for (row, _, ahead), plain in zip(at_once, expected(PROTO, words), strict=True):
        clear += ahead > 0.01
        assert row == plain or ahead < 0.01
    assert clear > len(words) / 2
    monkeypatch.setattr(two_best_module, "_WORDS_AT_ONCE", 3)
    assert rows_of(TwoBest(processor), processor.normalize(words)) == at_once


def test_words_with_special_pieces_are_not_ahead() -> None:
    processor = read_processor(proto_of("unigram", "nfkc_casefold", SYMBOLS))
    rows = rows_of(
        TwoBest(processor), ["\u2581cab", "\u2581<url>", "\u2581c++", "\u2581C++", "\u2581<pad>x", "\u2581ca"]
    )
    assert [ahead == -math.inf for _, _, ahead in rows] == [True, True, False, True, True, False]


def test_unknown_characters_that_are_spelled_in_bytes_are_not_ahead() -> None:
    processor = read_processor(trained(byte_fallback=True, vocab_size=500, model_type="unigram"))
    known, unknown = rows_of(TwoBest(processor), ["\u2581a", "\u2581\u4e01"])
    assert known[2] > 0
    assert unknown[2] == -math.inf


def test_no_words() -> None:
    assert rows_of(TwoBest(read_processor(PROTO)), []) == []
