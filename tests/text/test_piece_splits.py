from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import pytest
import sentencepiece

from tests.text.conftest import made_up_texts
from textsiam.text.piece_splits import piece_splits
from textsiam.text.vocabulary import build_vocabulary


def _processor(proto: bytes) -> sentencepiece.SentencePieceProcessor:
    processor = sentencepiece.SentencePieceProcessor()
    processor.load_from_serialized_proto(proto)
    return processor


def _parts(proto: bytes) -> list[list[int]]:
    ids, lengths = piece_splits(proto)
    bounds = [0, *lengths.cumsum().tolist()]
    return [ids[start:end].tolist() for start, end in pairwise(bounds)]


def _spellings(text: str, numbers: dict[str, int]) -> Iterator[list[int]]:
    """Give every way to spell a text by pieces."""
    if not text:
        yield []
    for cut in range(1, len(text) + 1):
        if text[:cut] in numbers:
            for rest in _spellings(text[cut:], numbers):
                yield [numbers[text[:cut]], *rest]


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_of_all_ways_to_spell_a_piece_by_others_it_is_the_best(kind: str) -> None:
    symbols = ["gh", "ghij"]
    proto = build_vocabulary(made_up_texts(400), size=250, type=kind, user_defined_symbols=symbols).proto
    processor = _processor(proto)
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    special = {0, 1, *(pieces.index(symbol) for symbol in symbols)}
    numbers = {piece: number for number, piece in enumerate(pieces) if number not in special}
    several = 0
    for number, found in enumerate(_parts(proto)):
        if number in special:
            assert found == []
            continue
        others = [way for way in _spellings(pieces[number], numbers) if way != [number]]
        assert bool(found) is bool(others)
        if others:
            several += len(others) > 1
            assert found in others
            best = max(math.fsum(map(processor.get_score, way)) for way in others)
            assert math.fsum(map(processor.get_score, found)) == pytest.approx(best, rel=1e-6)
    assert several > 20


@pytest.mark.parametrize("kind", ["word", "char"])
def test_words_and_characters_have_no_parts(kind: str) -> None:
    proto = build_vocabulary(made_up_texts(400), size=250, type=kind).proto
    assert not any(_parts(proto))
