from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.making import QUICK
from tests.text.conftest import made_up_texts
from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.text.buckets import padded
from textsiam.text.flat import flat_of
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary
from textsiam.training.config import TrainConfig
from textsiam.training.subword_sampling import SubwordSampling, sampling_of

PARTS = {7: [4, 5], 5: [2, 3, 2]}  # 7 falls into 4 and 5, and 5 into 2, 3, 2; the others are whole
SPLITS = flat_of([PARTS.get(number, []) for number in range(8)])
TEXTS = made_up_texts(200, seed=3)


def _padded(rows: list[list[int]]) -> tuple[Array, Array]:
    ids_UT = np.zeros((len(rows), max(map(len, rows), default=0)), np.int64)
    for row, ids in enumerate(rows):
        ids_UT[row, : len(ids)] = ids
    return ids_UT, np.array(list(map(len, rows)), np.int64)


def _rows(ids_UT: Array, lengths_U: Array) -> list[list[int]]:
    for row, length in zip(ids_UT, lengths_U, strict=True):
        assert not row[length:].any()
    assert ids_UT.shape[1] == max(lengths_U, default=0)
    return [row[:length].tolist() for row, length in zip(ids_UT, lengths_U, strict=True)]


def _fallen(ids: list[int]) -> list[int]:
    """Let everything fall, by hand."""
    found: list[int] = []
    for token in ids:
        found += _fallen(PARTS[token]) if token in PARTS else [token]
    return found


@QUICK
@given(
    rows=st.lists(st.lists(st.integers(1, 7), max_size=6), min_size=1, max_size=6),
    share=st.sampled_from([0.0, 0.4, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_text_keeps_what_it_spells(rows: list[list[int]], share: float, seed: int) -> None:
    found = _rows(*SubwordSampling(share, SPLITS, 100)(*_padded(rows), (seed, 1)))
    assert list(map(_fallen, found)) == list(map(_fallen, rows))
    if share in (0.0, 1.0):
        assert found == [_fallen(row) if share else row for row in rows]
    cut = _rows(*SubwordSampling(share, SPLITS, 3)(*_padded(rows), (seed, 1)))
    assert cut == [row[:3] for row in found]


def test_the_share_falls_and_of_the_parts_the_same_share() -> None:
    ids_UT, lengths_U = _padded([[7]] * 40_000)
    found = _rows(*SubwordSampling(0.3, SPLITS, 9)(ids_UT, lengths_U, (5,)))
    kinds = [found.count(row) / len(found) for row in ([7], [4, 5], [4, 2, 3, 2])]
    assert sum(kinds) == 1
    assert kinds == pytest.approx([0.7, 0.21, 0.09], abs=0.01)


def test_seeds_decide_and_nothing_else() -> None:
    sampling, batch = SubwordSampling(0.5, SPLITS, 50), _padded([[7, 5, 7, 1, 5, 7]] * 30)
    first, again, step, rank = (_rows(*sampling(*batch, seed)) for seed in ((1, 2, 0), (1, 2, 0), (1, 3, 0), (1, 2, 1)))
    assert first == again
    assert first not in (step, rank)
    assert len({tuple(row) for row in first}) > 10  # equal texts fall each for itself


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_texts_read_as_before(kind: str) -> None:
    proto = build_vocabulary(TEXTS, size=300, type=kind, character_coverage=1.0).proto
    config = TrainConfig(subword_sampling=0.2, vocabulary_type=kind, max_tokens=1000)
    sampling, tokenizer = sampling_of(config, proto), Tokenizer(proto)
    assert sampling is not None
    tokens = tokenizer.encode(TEXTS)
    ids_UT, lengths_U = sampling(*padded(tokens, np.arange(len(tokens))), (1, 2, 3))
    assert [tokenizer.decode(row) for row in ids_UT] == [tokenizer.decode(row) for row in tokens]
    assert lengths_U.sum() > 1.1 * tokens.lengths.sum()


def test_vocabularies_whose_tokens_have_no_parts_are_refused() -> None:
    proto = build_vocabulary(TEXTS, size=200, type="word").proto
    assert sampling_of(TrainConfig(), proto) is None
    with pytest.raises(OptionError, match=r"subword_sampling is 0\.1, but no token of this vocabulary is spelled by"):
        sampling_of(TrainConfig(subword_sampling=0.1), proto)
    for kind in ("word", "char"):
        with pytest.raises(OptionError, match=f"but tokens of vocabulary_type '{kind}' do not fall into smaller ones"):
            TrainConfig(subword_sampling=0.1, vocabulary_type=kind)
