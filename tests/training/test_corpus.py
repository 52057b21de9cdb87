from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textsiam.data.pairs import Pairs
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary
from textsiam.training import corpus
from textsiam.training.corpus import DistinctTexts, pairs_in_both, tokenize_pairs

Rows = list[tuple[str, str, float]]

TEXTS = st.sampled_from(["", "a", "b", "a b", "b a", "c c"])
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([0.0, 1.0])), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def tokenizer(toy_pairs: Pairs) -> Tokenizer:
    return Tokenizer(build_vocabulary(toy_pairs.texts(), size=100).proto, max_tokens=8)


def _distinct_by_hand(rows: Rows) -> list[str]:
    return list(dict.fromkeys([a for a, _, _ in rows] + [b for _, b, _ in rows]))


@pytest.mark.parametrize("block", [1, 7, 50_000])
def test_every_distinct_text_is_tokenized_once_in_order_of_first_appearance(
    toy_pairs: Pairs, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(corpus, "BLOCK_TEXTS", block)
    twice = [*toy_pairs, *((b, a, label) for a, b, label in toy_pairs), ("", "what", 0.0)]
    wanted = _distinct_by_hand(twice)
    found = tokenize_pairs(Pairs.from_rows(twice), tokenizer)
    whole = tokenizer.encode(wanted)
    for name in ("ids", "offsets"):
        assert getattr(found.tokens, name).tolist() == getattr(whole, name).tolist()
        assert getattr(found.tokens, name).dtype == getattr(whole, name).dtype
    assert [getattr(found.tokens, name) for name in corpus.COUNTS] == [getattr(whole, n) for n in corpus.COUNTS]
    assert (whole.cut_texts, whole.empty_texts) == (len(wanted) - 2, 1)
    assert [wanted[number] for number in found.index_a] == [a for a, _, _ in twice]
    assert [wanted[number] for number in found.index_b] == [b for _, b, _ in twice]
    assert found.labels.tolist() == [label for _, _, label in twice]


@given(ROWS)
def test_blocks_give_the_distinct_texts(rows: Rows) -> None:
    pairs = Pairs.from_rows(rows).select(np.arange(len(rows))[::-1])
    texts = [text for block in DistinctTexts.of(pairs).blocks(pairs) for text in block]
    assert texts == _distinct_by_hand(rows[::-1])


def test_progress_counts_every_text(
    toy_pairs: Pairs, tokenizer: Tokenizer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textsiam.progress.PLAIN_SECONDS", 0.0)
    tokenize_pairs(toy_pairs, tokenizer, show_progress=True)
    told = capsys.readouterr().err
    assert "finding distinct texts: 512/512 texts" in told
    assert "tokenizing: 512/512 distinct texts" in told


@given(ROWS, ROWS)
def test_dev_pairs_in_training_are_counted_in_either_order(train: Rows, dev: Rows) -> None:
    known = {(a, b) for a, b, _ in train} | {(b, a) for a, b, _ in train}
    assert pairs_in_both(Pairs.from_rows(train), Pairs.from_rows(dev)) == sum((a, b) in known for a, b, _ in dev)
