from __future__ import annotations

import csv
import itertools
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers.sentence_transformer.modules.tokenizer import WhitespaceTokenizer
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

import textsiam.text.tokenizer
from tests.integrations.sentence_transformers.conftest import TEXTS
from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers.word_models_of import word_list_of, word_piece_of
from textsiam.text.bert_characters import BertCharacters

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = [
    *"abcdefghijklmnopqrstuvwxyzA,.!?'-#0123456789",
    "\u00e9",
    "\u0301",
    "\u6771",
    "\U0001f600",
    "\u05e9",
    "\u1112",
]
PIECES = [
    *SPECIAL,
    *LETTERS,
    *(f"##{one}" for one in LETTERS),
    *("how", "the", "##ing", "##ger", "arger", "Arger", "wh"),
]
HARD = [
    *TEXTS,
    "How [MASK]ing the[CLS] [mask] [PAD]",
    "!!!\u2026\u00bf \u2e2e",
    "e\u0301\u0323\u200b\u0301 A\u030arger \u0130\u0131\u03a3\u03c2 \u1e9e",
    "\u6771\u4eac\u90fd \uf900 \U00020000\U0002b820 \ud55c\uae00",
    "a\x85b\x1cc\u2028d\u3000e\ufffdf\U0001f923",
    "a" * 101,
    "x" * 100_000,
    "the wh\u00c9 " * 12_000,
]
FLAGS: list[dict[str, Any]] = [
    {"clean_text": clean, "handle_chinese_chars": chinese, "strip_accents": strip, "lowercase": lower}
    for clean, chinese, strip, lower in itertools.product(
        (True, False), (True, False), (None, True, False), (True, False)
    )
]


def word_piece(pieces: list[str], flags: dict[str, Any], **options: Any) -> Tokenizer:
    vocabulary = {piece: id_ for id_, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", **options))
    tokenizer.normalizer = normalizers.BertNormalizer(**flags)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens([one for one in SPECIAL if one in pieces])
    return tokenizer


class Both:
    """A tokenizer of tokenizers and ours, whose embeddings say which row each of our ids had."""

    def __init__(self, theirs: Tokenizer) -> None:
        self.theirs = theirs
        numbers = np.arange(1, theirs.get_vocab_size() + 1, dtype=np.float32)[:, None]
        model, self.rows = word_piece_of(json.loads(theirs.to_str()), numbers)
        self.ours = textsiam.text.tokenizer.Tokenizer(model.to_bytes())

    def different(self, texts: Iterable[str]) -> list[str]:
        texts = list(texts)
        ids = [encoding.ids for encoding in self.theirs.encode_batch(texts, add_special_tokens=False)]
        ours = (
            [row for text in texts for row in self.ours.encode([text])] if len(texts) < 40 else self.ours.encode(texts)
        )
        return [
            text
            for text, their, our in zip(texts, ids, ours, strict=True)
            if (self.rows[our, 0] - 1).astype(int).tolist() != their
        ]


@pytest.mark.parametrize("flags", FLAGS, ids=lambda flags: "-".join(str(flag) for flag in flags.values()))
def test_ids_are_those_of_tokenizers_with_any_flags(flags: dict[str, Any]) -> None:
    both = Both(word_piece(PIECES, flags))
    assert both.rows[:2, 0].tolist() == [0, 2]  # a zero row for padding, then that of [UNK]
    for _ in range(2):
        assert both.different(HARD) == []
    assert both.different(HARD[:-2] * 3) == []


UNCASED = Both(word_piece(PIECES, FLAGS[0]))
characters = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\U00011938")
pieces = st.sampled_from(
    ["how", "Arger", "\u0301", " ", "\n", "[MASK]", "[CLS", "ing", "A\u030a", "\u6771", "\x1e", "'"]
)


@given(st.lists(pieces | st.text(characters, max_size=6), max_size=12).map("".join))
def test_ids_are_those_of_tokenizers_on_any_text(text: str) -> None:
    assert UNCASED.different([text]) == []


def test_every_assigned_character_is_read_in_the_same_way() -> None:
    normalizer, splitter = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    ours = BertCharacters(clean=True, chinese=True, strip_accents=True, lowercase=True)

    def differs(text: str) -> bool:
        return ours.words(text) != [word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))]

    assigned = [chr(point) for point in range(0x110000) if unicodedata.category(chr(point)) not in ("Cn", "Cs")]
    blocks = ["b".join(assigned[start : start + 64]) for start in range(0, len(assigned), 64)]
    different = [one for block in filter(differs, blocks) for one in block.split("b") if differs(f"a{one}b")]
    if unicodedata.unidata_version == "14.0.0":
        assert different == ["\U00011938"]
    else:
        assert len(different) < 200
        assert min(different) > "\u0800"


def test_options_of_the_model_and_tokens_of_any_kind() -> None:
    theirs = word_piece(PIECES, FLAGS[0], max_input_chars_per_word=4, continuing_subword_prefix="##")
    theirs.add_special_tokens([AddedToken("<new>", lstrip=True, rstrip=True, normalized=False), "<newer>"])
    theirs.add_tokens([AddedToken("plain", normalized=False)])
    both = Both(theirs)
    assert both.different([*HARD, "a <new> b<newer> <new>er xplainx <NEW>", "abcd abcde"]) == []
    shuffled = [*PIECES[7:], *PIECES[:7]]
    assert Both(word_piece(shuffled, FLAGS[0])).different(HARD) == []
    assert Both(word_piece(PIECES, FLAGS[0], continuing_subword_prefix="")).different(HARD) == []
    bare = word_piece(PIECES, FLAGS[0])
    bare.normalizer = None
    assert Both(bare).different(HARD) == []


def changed(**parts: Any) -> dict[str, Any]:
    held = json.loads(word_piece(PIECES, FLAGS[0]).to_str())
    return {**held, **parts, "model": {**held["model"], **parts.get("model", {})}}


ADDED = {"id": 4, "content": "[MASK]", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (changed(normalizer={"type": "NFKC"}), "its normalizer is NFKC, expected BertNormalizer"),
        (changed(pre_tokenizer={"type": "Whitespace"}), "its pre_tokenizer is Whitespace, expected BertPreTokenizer"),
        (changed(pre_tokenizer=None), "its pre_tokenizer is None"),
        (changed(added_tokens=[{**ADDED, "normalized": True}]), r"the added token '\[MASK\]' is looked for"),
        (changed(added_tokens=[{**ADDED, "single_word": True}]), r"the added token '\[MASK\]' is looked for"),
        (changed(added_tokens=[{**ADDED, "id": 3}]), "not one to one"),
        (changed(added_tokens=[{**ADDED, "id": 999, "content": "new"}]), "gives to others when it loads them"),
        (changed(model={"vocab": {"[UNK]": 0, "a": 0}}, added_tokens=[]), "not one to one"),
        (changed(model={"unk_token": "<unk>"}), "lacks the unknown token '<unk>'"),
        (changed(model={"vocab": {"[UNK]": 2_000}}, added_tokens=[]), "it has 200 embeddings, expected .* up to 2,000"),
    ],
)
def test_what_cuts_texts_in_another_way_is_refused(tokenizer: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        word_piece_of(tokenizer, np.ones((200, 2), np.float32))


WORDS = ["PADDING", "how", "Paris", "u.s.", "don't", "?!", "\u00e9t\u00e9", "the", "abc", "x", "\u03c2", ""]


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("stop_words", [["the", "is", "-"], [], ["", "abc"]])
def test_word_ids_are_those_of_a_whitespace_tokenizer(lowercase: bool, stop_words: list[str]) -> None:
    theirs = WhitespaceTokenizer(WORDS, stop_words, lowercase)
    settings = {"vocab": WORDS, "stop_words": stop_words, "do_lower_case": lowercase}
    model, rows = word_list_of(settings, np.ones((len(WORDS) + 3, 2), np.float32))
    assert rows[:, 0].tolist() == [0, 0, *[1] * len(WORDS)]
    ours = textsiam.text.tokenizer.Tokenizer(model.to_bytes())

    @given(
        st.lists(st.sampled_from([*WORDS, *" -,(\n\u3000", "HOW", "The"]) | st.text(max_size=4), max_size=9).map(
            "".join
        )
    )
    def equal(text: str) -> None:
        assert [id_ - 2 for id_ in ours.encode([text]).ids] == theirs.tokenize(text)

    equal()
    for text in [*HARD, "how  How(how), U.S. the. don't'", "\x1chow\x85Paris"]:
        assert [id_ - 2 for id_ in ours.encode([text]).ids] == theirs.tokenize(text)


def test_a_list_of_words_needs_an_embedding_for_each() -> None:
    settings = {"vocab": WORDS, "stop_words": [], "do_lower_case": False}
    with pytest.raises(OptionError, match="it has 3 embeddings, expected one for each id up to 11"):
        word_list_of(settings, np.ones((3, 2), np.float32))


@pytest.mark.realdata
def test_ids_are_those_of_tokenizers_on_questions_of_qqp(real_data: Path) -> None:
    with (real_data / "qqp" / "dev.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    questions = [row[side] or "" for row in rows for side in ("question1", "question2")]
    words = sorted({word for question in questions[:4_000] for word in question.lower().split()})
    letters = sorted(set("".join(words)))
    spelled = [*SPECIAL, *letters, *(f"##{one}" for one in letters), *words, *(f"##{word[3:]}" for word in words)]
    both = Both(word_piece(list(dict.fromkeys(spelled)), FLAGS[0]))
    for _ in range(2):
        assert both.different(questions) == []
    assert both.different(questions[:39]) == []
