from __future__ import annotations

import dataclasses
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import textsiam
from tests.model.making import QUICK, random_tokens
from tests.training.conftest import make_rows
from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import OptionError, TrainingInterrupted
from textsiam.model.architecture import Architecture
from textsiam.model.encoders import NUMPY_ENCODERS
from textsiam.progress import Progress
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary
from textsiam.training.char_ngrams import CharNgramEmbedding, char_ngrams, table_of
from textsiam.training.config import TrainConfig
from textsiam.training.loop import TrainingLoop
from textsiam.training.network import SiameseNetwork
from textsiam.training.runlog import RunLog
from textsiam.training.runtime import encode_tokens

PIECES = ["", "", "\u2581question", "\u2581quest", "s", "tion", "\u2581station", "\u2581x", "xy"]
WORD = "\u2581"


def by_hand(pieces: list[str], lengths: list[int]) -> list[set[str]]:
    """Give the n-grams of each piece that another one has too."""
    of_pieces = []
    for piece in pieces:
        marked = [*piece, "\0"] if piece else []
        of_pieces.append(
            {"".join(marked[i : i + n]) for n in lengths for i in range(len(marked)) if i + n <= len(marked)}
        )
    counts = Counter(ngram for ngrams in of_pieces for ngram in ngrams)
    return [{ngram for ngram in ngrams if counts[ngram] > 1} for ngrams in of_pieces]


def split(rows: Array, counts: Array) -> list[list[int]]:
    return [part.tolist() for part in np.split(rows, np.cumsum(counts)[:-1])]


@QUICK
@given(
    st.lists(st.text(alphabet="ab\u2581", max_size=6), min_size=2, max_size=8), st.sets(st.integers(1, 4), min_size=1)
)
def test_tokens_have_a_row_in_common_for_each_n_gram_that_both_have(pieces: list[str], lengths: set[int]) -> None:
    wanted = by_hand(pieces, sorted(lengths))
    if not any(wanted):
        with pytest.raises(OptionError, match="no two pieces of the vocabulary share one; leave it out"):
            char_ngrams(pieces, ",".join(map(str, lengths)))
        return
    rows, counts = char_ngrams(pieces, ",".join(map(str, lengths)))
    found = split(rows, counts)
    assert len(found) == len(pieces)
    for one, ngrams in enumerate(wanted):
        assert len(found[one]) == len(set(found[one])) == len(ngrams)
        for other in range(one):
            assert len(set(found[one]) & set(found[other])) == len(ngrams & wanted[other])
    assert set(rows.tolist()) == set(range(len(set().union(*wanted))))


def test_marks_tell_where_pieces_begin_words_and_end() -> None:
    found = dict(zip(PIECES[2:], split(*char_ngrams(PIECES, "3,4"))[2:], strict=True))
    # "tio", "ion", "on" at the end, and their 4-grams; "\u2581st" and "qu" begin no common n-gram of these two
    assert len(set(found["\u2581question"]) & set(found["\u2581station"])) == 5
    assert len(set(found["tion"]) & set(found["\u2581station"])) == 5
    assert set(found["\u2581quest"]) < set(found["\u2581question"])  # but for its end, which no other piece has
    assert found["s"] == found["\u2581x"] == found["xy"] == []


def embedding_of(pieces: list[str], lengths: str, dim: int = 5) -> CharNgramEmbedding:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return CharNgramEmbedding(nn.Embedding(len(pieces), dim, padding_idx=0), *char_ngrams(pieces, lengths))


def test_an_embedding_is_the_own_row_and_the_scaled_sum_of_the_n_grams() -> None:
    embedding = embedding_of(PIECES, "3,4")
    with torch.no_grad():
        embedding.weight[1:].normal_()
    found = split(*char_ngrams(PIECES, "3,4"))
    for token, rows in enumerate(found):
        wanted = embedding.weight[token].clone()
        for row in rows:
            wanted += embedding.ngrams[row] / math.sqrt(len(rows))
        assert torch.allclose(embedding.table()[token], wanted, atol=1e-6)
    ids = torch.tensor([[3, 0, 8], [2, 3, 3]])
    assert torch.allclose(embedding(ids), embedding.table()[ids], atol=1e-6)
    assert not embedding.table()[0].any()
    assert embedding(torch.zeros((2, 0), dtype=torch.int64)).shape == (2, 0, 5)


def test_tokens_spelled_alike_start_near_each_other_and_all_at_the_usual_size() -> None:
    letters = np.random.default_rng(2).choice(list("abcdefgh"), (400, 6))
    pieces = ["", "", *(WORD + "".join(word) for word in letters), WORD + "abcdefgh", WORD + "abcdefgg"]
    table = embedding_of(pieces, "2,3", dim=200).table().detach()
    assert table[2:].square().mean(dim=1).sqrt() == pytest.approx(1, abs=0.3)
    cosine = nn.functional.cosine_similarity(table[-1:], table, dim=1)
    assert cosine[-2] > 0.5
    assert cosine[2:-2].max() < cosine[-2]


def test_gradients_reach_rows_and_n_grams_but_not_padding() -> None:
    embedding = embedding_of(PIECES, "3,4")
    embedding(torch.tensor([[0, 5, 4], [0, 0, 6]])).sum().backward()
    assert embedding.weight.grad is not None
    assert embedding.ngrams.grad is not None
    assert embedding.weight.grad.any(dim=1).nonzero()[:, 0].tolist() == [4, 5, 6]
    touched = {row for token in (5, 6) for row in split(*char_ngrams(PIECES, "3,4"))[token]}
    assert set(embedding.ngrams.grad.any(dim=1).nonzero()[:, 0].tolist()) == touched


@pytest.mark.parametrize(
    "options",
    [
        {"encoder": "bag"},
        {"encoder": "bag", "ngrams": 2, "buckets": 50},
        {"encoder": "cnn", "units": 4},
        {"encoder": "gru", "units": 4},
        {"encoder": "lstm", "units": 4, "bidirectional": True},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_added_up_they_are_the_network(options: dict[str, object]) -> None:
    architecture = Architecture(**{"dim": 6, "head": "cosine", **options})  # type: ignore[arg-type] # of many types
    network = SiameseNetwork(architecture, len(PIECES)).eval()
    network.share_spellings(PIECES, "3,4", drawn=True)
    tokens = random_tokens([0, 3, 1, 7, 7], len(PIECES))
    in_training = encode_tokens(network.encoder, tokens, architecture.vector_size, torch.device("cpu"))
    weights = network.numpy_weights()
    assert weights["encoder.embedding.weight"] == pytest.approx(table_of(network.embedding).detach().numpy())
    assert np.abs(NUMPY_ENCODERS[architecture.encoder](architecture, weights)(tokens) - in_training).max() < 1e-5
    assert set(weights) == set(SiameseNetwork(architecture, len(PIECES)).numpy_weights())


def test_spellings_are_those_of_tokens_that_stand_for_text() -> None:
    rows = make_rows(256)
    tokenizer = Tokenizer(build_vocabulary([a for a, _, _ in rows] + [b for _, b, _ in rows], size=100).proto)
    spellings = tokenizer.spellings
    assert len(spellings) == tokenizer.size
    assert spellings[:2] == ["", ""]
    text = rows[3][0]
    assert [spellings[i] for i in tokenizer.encode([text])[0]] == tokenizer.pieces(text)


def test_a_stopped_run_goes_on_to_the_same_weights(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {"encoder": "bag", "weighting": "idf", "ngrams": 2, "buckets": 99, "char_ngrams": "2,3"}
    config = TrainConfig(**{**dataclasses.asdict(toy_config), "units": 128, **parts})
    whole = textsiam.train(toy_pairs, dev=toy_dev, config=config)
    step = TrainingLoop._step

    def stopped(self: TrainingLoop, rows: Array, bar: Progress, log: RunLog) -> None:
        step(self, rows, bar, log)
        if self.state.step == self.sampler.batches_per_epoch + 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("textsiam.training.loop.CHECKPOINT_SECONDS", 0.0)
    with monkeypatch.context() as patched:
        patched.setattr(TrainingLoop, "_step", stopped)
        with pytest.raises(TrainingInterrupted):
            textsiam.train(toy_pairs, dev=toy_dev, config=config, out=tmp_path / "m")
    resumed = textsiam.train(toy_pairs, dev=toy_dev, config=config, out=tmp_path / "m", resume=True)
    assert {name: value.tobytes() for name, value in resumed.weights.items()} == {
        name: value.tobytes() for name, value in whole.weights.items()
    }
    assert whole.weights["encoder.ngram_embedding.weight"].any()


def test_pieces_of_one_character_share_nothing(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    config = dataclasses.replace(toy_config, vocabulary_type="char", char_ngrams="4,5")
    with pytest.raises(OptionError, match="char_ngrams is '4,5', but no two pieces of the vocabulary share one"):
        textsiam.train(toy_pairs, dev=toy_dev, config=config)
