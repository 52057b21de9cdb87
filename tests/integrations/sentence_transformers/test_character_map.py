from __future__ import annotations

import pytest

from tests.text.word_cases import proto_of
from textsiam.integrations.sentence_transformers.character_map import character_rules
from textsiam.integrations.sentence_transformers.tokenizer_json import read_pieces
from textsiam.text.tokenizer import read_processor


@pytest.mark.parametrize("normalization", ["nfkc_casefold", "nfkc"])
def test_every_rule_is_what_sentencepiece_does(normalization: str) -> None:
    proto = proto_of("char", normalization)
    rules = character_rules(read_pieces(proto).character_map)
    assert len(rules) > 200_000
    assert rules["\u0132"] == ("ij" if normalization == "nfkc_casefold" else "IJ")
    keys = sorted(rules)[::97]  # with every 97th, all planes and lengths are met
    # between letters, for spaces at the ends are stripped
    normalized = read_processor(proto).normalize([f"x{key}y" for key in keys])
    expected = [f"\u2581x{rules[key]}y".replace(" ", "\u2581") for key in keys]
    assert normalized == expected


def test_no_map_has_no_rules() -> None:
    assert character_rules(b"") == {}
