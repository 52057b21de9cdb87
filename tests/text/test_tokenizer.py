from __future__ import annotations

import csv
import io
import pickle
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import textsiam.text.tokenizer as tokenizer_module
from tests.text.conftest import ALPHABET, made_up_texts
from textsiam.errors import OptionError, VocabularyError
from textsiam.text.tokenizer import PAD_ID, UNKNOWN_ID, TokenIds, Tokenizer
from textsiam.text.vocabulary import build_vocabulary

HOSTILE = [
    "",
    "   ",
    "\t\r\n\x0b",
    "\ud800",
    "a\udfffb \ud83d",
    "a\x00b",
    "\x00",
    "".join(map(chr, range(32))),
    "\x7f\x80\x9f\ufeff\u200b",
    "\u202e\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f600\U0001f600",
    "\u2581 \u2585",
    "<pad> <unk> <s>",
    "a" * 100_000,
    "abc de " * 15_000,
    "\U0001f600" * 100_000,
    "\ufdfa" * 10_000,
    "\U0010ffff\ufffe",
]
any_text = st.text(st.characters(codec=None), max_size=30)  # lone surrogates too


def processor_of(proto: bytes) -> sentencepiece.SentencePieceProcessor:
    processor = sentencepiece.SentencePieceProcessor()
    processor.load_from_serialized_proto(proto)
    return processor


def as_lists(tokens: TokenIds) -> list[list[int]]:
    return [tokens[i].tolist() for i in range(len(tokens))]


def counted_by_hand(rows: list[list[int]], word_start: int) -> tuple[int, int, int]:
    """Unknown tokens, unknown texts, empty texts."""
    unknown_tokens = unknown_texts = empty_texts = 0
    for row in rows:
        unknown_tokens += row.count(UNKNOWN_ID)
        empty_texts += not row
        unknown_texts += UNKNOWN_ID in row and all(token in (UNKNOWN_ID, word_start) for token in row)
    return unknown_tokens, unknown_texts, empty_texts


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(any_text, max_size=40), max_tokens=st.none() | st.integers(1, 6))
def test_ids_and_counts_on_any_texts(proto: bytes, texts: list[str], max_tokens: int | None) -> None:
    processor = processor_of(proto)
    full = [processor.encode(text.encode("utf-8", "replace").decode("utf-8"), out_type=int) for text in texts]
    rows = [row[:max_tokens] for row in full]
    tokens = Tokenizer(proto, max_tokens=max_tokens).encode(texts)
    assert as_lists(tokens) == rows
    dtypes = [array.dtype.name for array in (tokens.ids, tokens.offsets, tokens.lengths)]
    assert dtypes == ["int32", "int64", "int64"]
    assert tokens.offsets.tolist() == [sum(map(len, rows[:i])) for i in range(len(rows) + 1)]
    assert tokens.lengths.tolist() == [len(row) for row in rows]
    assert tokens.cut_texts == sum(len(row) > (max_tokens or len(row)) for row in full)
    by_hand = counted_by_hand(rows, processor.piece_to_id("\u2581"))
    assert (tokens.unknown_tokens, tokens.unknown_texts, tokens.empty_texts) == by_hand


def test_many_texts_in_blocks(proto: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*made_up_texts(500, seed=5), *HOSTILE[:4]]
    whole = Tokenizer(proto).encode(texts)
    monkeypatch.setattr(tokenizer_module, "_BLOCK_TEXTS", 37)
    blocks = Tokenizer(proto).encode(texts)
    one_by_one = [processor_of(proto).encode(text, out_type=int) for text in texts[:500]]
    assert as_lists(whole)[:500] == one_by_one
    assert as_lists(blocks) == as_lists(whole)
    assert blocks.offsets.tolist() == whole.offsets.tolist()


@pytest.mark.parametrize("kind", ["unigram", "bpe", "word", "char"])
def test_hostile_texts_never_raise(kind: str) -> None:
    tokenizer = Tokenizer(build_vocabulary(made_up_texts(100), type=kind, size=300).proto, max_tokens=64)
    tokens = tokenizer.encode(HOSTILE)
    assert len(tokens) == len(HOSTILE)
    assert tokens.empty_texts >= 3
    assert tokens.lengths.max() <= 64
    for i, text in enumerate(HOSTILE):
        assert len(tokenizer.pieces(text)) == len(tokens[i])
        tokenizer.decode(tokens[i])


def test_surrogates_count_as_question_marks_in_few_and_in_many(proto: bytes) -> None:
    tokenizer = Tokenizer(proto)
    good = made_up_texts(100)
    assert as_lists(tokenizer.encode(["ab\ud800c", *good])) == as_lists(tokenizer.encode(["ab?c", *good]))
    assert as_lists(tokenizer.encode(["ab\ud800c"])) == as_lists(tokenizer.encode(["ab?c"]))
    assert tokenizer.pieces("ab\ud800c") == tokenizer.pieces("ab?c")


def test_no_texts(proto: bytes) -> None:
    tokens = Tokenizer(proto, max_tokens=3).encode([])
    assert (len(tokens), tokens.ids.shape, tokens.offsets.tolist(), tokens.lengths.shape) == (0, (0,), [0], (0,))
    assert tokens.empty_texts == tokens.unknown_texts == tokens.cut_texts == 0
    assert list(tokens) == []


def test_one_text_of_many_is_a_view(proto: bytes) -> None:
    tokens = Tokenizer(proto).encode(["abc", "", "de fg"])
    assert tokens[2].base is not None
    assert np.shares_memory(tokens[2], tokens.ids)
    assert tokens[-1].tolist() == tokens[2].tolist()
    assert [row.tolist() for row in tokens] == as_lists(tokens)
    for index in (3, -4):
        with pytest.raises(IndexError, match=f"text {index} of 3"):
            tokens[index]


def test_some_of_the_texts(proto: bytes) -> None:
    tokens = Tokenizer(proto).encode(["how to learn", "", "rain", "why is the sky blue"])
    for rows in ([], [3], [1], [2, 0, 2, 1]):
        some = tokens.take(np.array(rows, dtype=np.int64))
        assert as_lists(some) == [as_lists(tokens)[row] for row in rows]
        assert [array.dtype.name for array in (some.ids, some.offsets)] == ["int32", "int64"]


def test_unknown_text_is_one_without_a_known_piece(proto: bytes) -> None:
    tokens = Tokenizer(proto).encode(["\U0001f600", "\U0001f600 \U0001f600", "abc \U0001f600", "abc", ""])
    assert (tokens.unknown_texts, tokens.unknown_tokens, tokens.empty_texts) == (2, 4, 1)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a", None], r"texts\[1\] is None of type NoneType, expected str"),
        ([b"a"], r"texts\[0\] is b'a' of type bytes, expected str"),
        (["a"] * 100 + [3.5], r"texts\[100\] is 3.5 of type float"),
        ("abc", "texts is one str, expected many str; put it into a list"),
        (b"abc", "texts is one bytes"),
    ],
)
def test_what_is_no_text_is_named(proto: bytes, texts: list[str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Tokenizer(proto).encode(texts)


def test_subclasses_of_str_and_any_sequence(proto: bytes) -> None:
    tokenizer = Tokenizer(proto)
    expected = as_lists(tokenizer.encode(["abc", "de"]))
    assert as_lists(tokenizer.encode(("abc", "de"))) == expected
    assert as_lists(tokenizer.encode([np.str_("abc"), np.str_("de")])) == expected


def test_pieces_are_what_the_ids_number(proto: bytes) -> None:
    tokenizer = Tokenizer(proto, max_tokens=9)
    processor = processor_of(proto)
    for text in [*made_up_texts(50, seed=9), "\U0001f600\U0001f600 abc"]:
        ids = tokenizer.encode([text])[0].tolist()
        assert [processor.piece_to_id(piece) for piece in tokenizer.pieces(text)] == ids
    with pytest.raises(OptionError, match="NoneType"):
        tokenizer.pieces(None)  # type: ignore[arg-type] # what a caller without a type checker may do


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.text(ALPHABET, min_size=1, max_size=9), max_size=8))
def test_decode_gives_the_text_back(identity_proto: bytes, words: list[str]) -> None:
    tokenizer = Tokenizer(identity_proto)
    text = " ".join(words)
    ids = tokenizer.encode([text])[0]
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode([PAD_ID, *ids.tolist(), PAD_ID, PAD_ID]) == text
    assert tokenizer.decode(np.concatenate([ids.astype(np.int64), np.zeros(3, np.int64)])) == text


def test_decode_refuses_ids_outside_the_vocabulary(proto: bytes) -> None:
    tokenizer = Tokenizer(proto)
    assert tokenizer.decode([]) == tokenizer.decode([PAD_ID]) == ""
    for token in (-1, tokenizer.size):
        with pytest.raises(OptionError, match=rf"token id {token} \(token 1\), expected one from 0 to"):
            tokenizer.decode([5, token])


def test_properties_and_pickle(proto: bytes) -> None:
    tokenizer = Tokenizer(proto, max_tokens=4)
    again = pickle.loads(pickle.dumps(tokenizer))
    for one in (tokenizer, again):
        assert (one.proto, one.size, one.max_tokens) == (proto, processor_of(proto).get_piece_size(), 4)
    texts = made_up_texts(20)
    assert as_lists(again.encode(texts)) == as_lists(tokenizer.encode(texts))
    tokens = pickle.loads(pickle.dumps(tokenizer.encode(texts)))
    assert as_lists(tokens) == as_lists(tokenizer.encode(texts))


def test_threads_share_a_tokenizer(proto: bytes) -> None:
    tokenizer = Tokenizer(proto)
    jobs = [made_up_texts(60, seed=seed) for seed in range(24)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda texts: as_lists(tokenizer.encode(texts)), jobs))
    assert found == [as_lists(tokenizer.encode(texts)) for texts in jobs]


@pytest.mark.parametrize("broken", [b"", b"not a model", b"\0" * 50])
def test_broken_models_are_refused(broken: bytes) -> None:
    with pytest.raises(VocabularyError, match=f"these {len(broken)} bytes are not a SentencePiece model"):
        Tokenizer(broken)


def test_a_model_cut_short_is_refused(proto: bytes) -> None:
    with pytest.raises(VocabularyError, match="not a SentencePiece model"):
        Tokenizer(proto[: len(proto) // 2])
    with pytest.raises(VocabularyError, match="a str is not a SentencePiece model"):
        Tokenizer("mine.model")  # type: ignore[arg-type] # what a caller without a type checker may do


def test_a_model_with_other_special_ids_is_refused() -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(made_up_texts(50)), model_writer=model, vocab_size=60, minloglevel=3
    )
    with pytest.raises(VocabularyError, match="padding id -1 and unknown id 0, expected 0 and 1"):
        Tokenizer(model.getvalue())


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "3"])
def test_wrong_max_tokens(proto: bytes, wrong: int) -> None:
    with pytest.raises(OptionError, match="max_tokens is"):
        Tokenizer(proto, max_tokens=wrong)


def qqp_questions(folder: Path) -> Iterable[str]:
    for name in ("train", "dev", "test"):
        with (folder / "qqp" / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                yield row["question1"]
                yield row["question2"]


def lcqmc_texts(folder: Path) -> Iterable[str]:
    with (folder / "lcqmc" / "LCQMC_dev.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["sentence1"]
            yield row["sentence2"]


def different_texts(proto: bytes, texts: list[str]) -> list[str]:
    """Texts whose ids are not SentencePiece's own, with their words unseen, learned and known."""
    processor = processor_of(proto)
    tokenizer = Tokenizer(proto)
    different = []
    for _ in range(3):
        tokens = tokenizer.encode(texts)
        for start in range(0, len(texts), 10_000):
            block = texts[start : start + 10_000]
            rows = processor.encode(block, out_type=int)
            ids = (tokens[i].tolist() for i in range(start, start + len(block)))
            different += [text for text, row, found in zip(block, rows, ids, strict=True) if row != found]
    return different


@pytest.mark.realdata
@pytest.mark.slow
def test_ids_equal_sentencepieces_on_every_question_of_qqp(real_data: Path) -> None:
    questions = list(dict.fromkeys(qqp_questions(real_data)))
    assert len(questions) > 500_000
    assert different_texts(build_vocabulary(questions, sample_size=20_000).proto, questions) == []


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["unigram", "bpe", "word", "char"])
@pytest.mark.parametrize("normalization", ["nfkc_casefold", "nfkc", "identity"])
def test_ids_equal_sentencepieces_on_real_texts(real_data: Path, kind: str, normalization: str) -> None:
    texts = [*islice(qqp_questions(real_data), 10_000), *islice(lcqmc_texts(real_data), 5_000)]
    proto = build_vocabulary(
        texts, size=6_000, type=kind, normalization=normalization, character_coverage=0.99, sample_size=6_000
    ).proto
    assert different_texts(proto, texts) == []
    tokenizer = Tokenizer(proto)
    sample = texts[::15] * 2
    one_by_one = [tokenizer.encode([text]).ids.tolist() for text in sample]
    assert one_by_one == processor_of(proto).encode(sample, out_type=int)
