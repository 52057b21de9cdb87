from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integrations.sentence_transformers.conftest import TEXTS
from tests.text.word_cases import NORMALIZATIONS, TYPES, expected, hard_texts, proto_of, tied_texts, trained
from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers.normalizers import normalizer_steps
from textsiam.integrations.sentence_transformers.tokenizer_json import read_pieces, tokenizer_json
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary

KINDS = [*((kind, "nfkc_casefold") for kind in TYPES), *((kind, "identity") for kind in TYPES), ("bpe", "nfkc")]
QUICK = settings(deadline=None, max_examples=60, derandomize=True)
ACCENTS = st.lists(
    st.sampled_from(
        [*"aAeEiIoOuUnN \u0300\u0301\u0302\u0308\u0323\u0327\u0345", "\u03b1", "\u304b", "\u3099", "\u0131"]
    ),
    max_size=16,
).map("".join)


@cache
def theirs(kind: str, normalization: str) -> tokenizers.Tokenizer:
    return tokenizer_of(proto_of(kind, normalization))


def tokenizer_of(proto: bytes, max_tokens: int = 100_000) -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_str(json.dumps(tokenizer_json(read_pieces(proto), max_tokens)))


def ids_of(tokenizer: tokenizers.Tokenizer, texts: list[str]) -> list[list[int]]:
    return [one.ids for one in tokenizer.encode_batch(texts, add_special_tokens=False)]


def without_surrogates(text: str) -> str:
    return "".join(one for one in text if not "\ud800" <= one <= "\udfff")


@pytest.mark.parametrize(("kind", "normalization"), KINDS)
@given(texts=st.lists(hard_texts.map(without_surrogates) | tied_texts | ACCENTS, min_size=1, max_size=6))
@QUICK
def test_ids_of_any_texts_are_equal(kind: str, normalization: str, texts: list[str]) -> None:
    found, ids = ids_of(theirs(kind, normalization), texts), expected(proto_of(kind, normalization), texts)
    if kind == "unigram":  # which of "a aa" and "aa a" is taken, rounding decides
        found, ids = [sorted(row) for row in found], [sorted(row) for row in ids]
    assert found == ids


@pytest.mark.parametrize(("kind", "normalization"), KINDS)
def test_ids_of_texts_of_every_kind_are_equal(kind: str, normalization: str) -> None:
    proto = proto_of(kind, normalization)
    assert ids_of(theirs(kind, normalization), TEXTS) == expected(proto, TEXTS)


@pytest.mark.parametrize("kind", ["unigram", "word"])
def test_texts_are_cut_where_ours_are(kind: str) -> None:
    proto = proto_of(kind, "nfkc_casefold")
    for most in (1, 6):
        ours = Tokenizer(proto, max_tokens=most).encode(TEXTS)
        assert ours.cut_texts >= 1
        assert ids_of(tokenizer_of(proto, most), TEXTS) == [row.tolist() for row in ours]


def test_sequences_of_characters_that_pieces_have_are_put_together() -> None:
    texts = ["\u00e9t\u00e9 caf\u00e9 \u1ebf \u00c5s \u304c\u3071 \ud55c\uae00 \uac00\uac01"] * 3
    proto = build_vocabulary(texts, size=60, type="char", character_coverage=1.0).proto
    decomposed = [
        "E\u0301te\u0301 cafe\u0301 e\u0302\u0301 e\u0301\u0302 A\u030as \u212b a\u030a\u0301 \u304b\u3099\u306f\u309a",
        "\u1112\u1161\u11ab\u1100\u1173\u11af \u1100\u1161 \u3131\u314f\u11a8 \u1100\u1161\u11a8\u0301",
        "\u00ea\u0301 \uff45\u0301 \U0001d41e\u0301 e\u0301\u0301 \u0301e e\x01\u0301 e \u0301",
    ]
    ids = ids_of(tokenizer_of(proto), decomposed)
    assert ids == expected(proto, decomposed)
    assert ids[0][1] == Tokenizer(proto).encode(["\u00e9"]).ids[1]


@pytest.mark.realdata
@pytest.mark.parametrize("kind", TYPES)
def test_ids_of_all_questions_of_quora_are_equal(kind: str, real_data: Path) -> None:
    with (real_data / "qqp" / "dev.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    texts = sorted({row[name] for row in rows for name in ("question1", "question2")})
    assert len(texts) > 15_000
    proto = build_vocabulary(texts[::4], size=4_000, type=kind).proto
    found, ids = (
        ids_of(tokenizer_of(proto, 128), texts),
        [row.tolist() for row in Tokenizer(proto, max_tokens=128).encode(texts)],
    )
    assert [sorted(row) for row in found] == [sorted(row) for row in ids]
    # of type unigram rounding may decide the order of two pieces
    assert sum(one != two for one, two in zip(found, ids, strict=True)) <= (2 if kind == "unigram" else 0)


def test_symbols_of_the_user_and_bytes_are_refused() -> None:
    with pytest.raises(OptionError, match="symbols of the user, such as '<url>'"):
        read_pieces(proto_of("unigram", "nfkc", ("<url>",)))
    with pytest.raises(OptionError, match="bytes, such as '<0x00>'"):
        read_pieces(trained(byte_fallback=True, vocab_size=500))


def test_other_ways_with_spaces_are_refused() -> None:
    with pytest.raises(OptionError, match="spaces in a way of its own"):
        read_pieces(trained(add_dummy_prefix=False))
    with pytest.raises(OptionError, match="spaces in a way of its own"):
        read_pieces(trained(remove_extra_whitespaces=False))


def test_a_normalization_that_keeps_control_characters_is_refused() -> None:
    pieces = read_pieces(trained(normalization_rule_name="nfkc"))
    with pytest.raises(OptionError, match=r"does not remove U\+0001"):
        normalizer_steps(pieces.character_map, pieces.alphabet)


def test_normalizations_are_those_of_vocabularies() -> None:
    assert {normalization for _, normalization in KINDS} == set(NORMALIZATIONS)
