from __future__ import annotations

import dataclasses
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

import textsiam
from tests.model.making import fitting, random_tokens, token_ids
from tests.training.conftest import make_rows
from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import DataError, OptionError, TrainingError, TrainingInterrupted
from textsiam.progress import Progress
from textsiam.text.buckets import padded
from textsiam.text.tokenizer import TokenIds
from textsiam.training import pretraining
from textsiam.training.checkpoint import FILE, PRETRAINING
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.loop import TrainingLoop
from textsiam.training.objective import Objective
from textsiam.training.pretraining import DELETED, NoisyCollator, PretrainingTexts, without_some
from textsiam.training.ranking_losses import unit_vectors
from textsiam.training.runlog import RunLog

TEXTS = [f"{word} of the {place} number {n}" for n in range(20) for word in ("cat", "dog") for place in ("sea", "sun")]


def _weights(model: textsiam.PairModel) -> dict[str, bytes]:
    return {name: value.tobytes() for name, value in model.weights.items()}


def _tokens(*texts: list[int]) -> TokenIds:
    return token_ids([np.array(ids, dtype=np.int32) for ids in texts])


def test_distinct_texts_and_what_is_known_to_be_the_same() -> None:
    same, other = np.array([0, 1, 3]), np.array([1, 4, 2])
    pairs = TokenizedPairs(_tokens([2], [3], [4], [], [5]), same, other, np.array([1, 1, 0], np.float32))
    texts = PretrainingTexts.of(pairs, _tokens([6], [3], [], [6], [4, 4]))
    ids = [tuple(texts.pairs.tokens[text].tolist()) for text in texts.pairs.index_a]
    assert ids == [(2,), (3,), (4,), (5,), (6,), (4, 4)]
    assert texts.pairs.index_b.tolist() == texts.pairs.index_a.tolist()
    groups = dict(zip(ids, texts.groups[texts.pairs.index_a].tolist(), strict=True))
    assert groups[2,] == groups[3,] == groups[5,]
    assert len(set(groups.values())) == 4
    others = PretrainingTexts.of(dataclasses.replace(pairs, labels=np.zeros(3, np.float32)), _tokens([6]))
    assert others.fingerprint() != texts.fingerprint()


def test_tokens_are_deleted_in_order_and_one_stays() -> None:
    torch.manual_seed(0)
    tokens = random_tokens([1, 2, 5, 40, 40, 9] * 50, 100)
    ids_UT, lengths_U = padded(tokens, np.arange(len(tokens)))
    fewer_UT, fewer_U = without_some(ids_UT, lengths_U)
    assert fewer_U.min() == 1
    assert (fewer_U <= lengths_U).all()
    assert fewer_UT.shape[1] == fewer_U.max()
    assert fewer_U.sum() / lengths_U.sum() == pytest.approx(1 - DELETED, abs=0.02)
    for ids, fewer, length in zip(ids_UT, fewer_UT, fewer_U, strict=True):
        left = iter(ids.tolist())
        assert all(token in left for token in fewer[:length].tolist())  # a subsequence
        assert not fewer[length:].any()


def test_a_batch_holds_two_copies_of_each_text_and_its_loss_by_hand(toy_config: TrainConfig) -> None:
    tokens = random_tokens([6] * 10, 50)
    rows = np.arange(10)
    groups = np.array([0, 0, 2, 3, 4, 5, 6, 7, 8, 9])
    collate = NoisyCollator(TokenizedPairs(tokens, rows, rows, np.ones(10, np.float32)), groups=groups)
    batch = collate(np.array([0, 1, 5, 7]))
    assert batch.groups_U.tolist() == [0, 0, 5, 7, 0, 0, 5, 7]
    assert (batch.index_a.tolist(), batch.index_b.tolist()) == ([0, 1, 2, 3], [4, 5, 6, 7])
    for text, ids, length in zip([0, 1, 5, 7] * 2, batch.ids_UT, batch.lengths_U, strict=True):
        assert set(ids[:length].tolist()) <= set(tokens[text].tolist())
    config = pretraining._config(dataclasses.replace(toy_config, loss="bce", hard_negatives=0.1, balanced=True))
    assert (config.head, config.loss, config.epochs, config.balanced) == ("cosine", "in_batch", 1, False)
    vectors = torch.randn(8, 3)
    units, expected = unit_vectors(vectors), []
    for anchor in range(8):
        other = (anchor + 4) % 8
        near = [other] + [text for text in range(8) if batch.groups_U[text] != batch.groups_U[anchor]]
        scores = torch.stack([units[anchor] @ units[text] for text in near]) / 0.05
        expected.append(torch.logsumexp(scores, 0) - scores[0])
    loss = Objective(config, graded=False)(torch.zeros(4), vectors, batch)
    assert float(loss) == pytest.approx(float(torch.stack(expected).mean()), abs=1e-5)


@pytest.mark.parametrize("encoder", ["bag", "lstm", "cnn", "transformer"])
def test_every_encoder_is_pretrained_the_same_way_again(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, encoder: str
) -> None:
    options = {**dataclasses.asdict(toy_config), "encoder": encoder, "epochs": 1, "batch_size": 64}
    config = TrainConfig(**fitting(options))
    first, again = (
        textsiam.train(toy_pairs, dev=toy_dev, config=config, texts=given) for given in (TEXTS, iter(TEXTS))
    )
    assert _weights(first) == _weights(again)
    distinct = len({*toy_pairs.texts(), *TEXTS})
    assert first.details["pretraining"] == {"texts": distinct, "epochs": 1}
    assert f"| pretrained on | {distinct} distinct texts, epochs: 1 |" in first.card
    longer = dataclasses.replace(config, pretrain_epochs=2)
    assert _weights(textsiam.train(toy_pairs, dev=toy_dev, config=longer, texts=TEXTS)) != _weights(first)


def test_texts_of_a_file_are_those_of_memory_and_in_the_vocabulary(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(toy_config, epochs=1, vocabulary_size=500, vocabulary_type="word")
    file = tmp_path / "texts.txt"
    file.write_text("\n \n".join(TEXTS) + "\n", encoding="utf-8")
    of_file, of_memory = (textsiam.train(toy_pairs, dev=toy_dev, config=config, texts=t) for t in (file, [*TEXTS, ""]))
    assert _weights(of_file) == _weights(of_memory)
    assert "cat" not in " ".join(toy_pairs.texts())
    assert of_file.tokenizer.encode(["cat"]).unknown_tokens == 0
    without = textsiam.train(toy_pairs, dev=toy_dev, config=config)
    assert without.tokenizer.encode(["cat"]).unknown_tokens == 1
    assert without.details["pretraining"] is None
    assert "pretrained" not in without.card


@pytest.mark.parametrize("stop_at", [2, 5, 8, 9])  # two epochs of 4 steps of pretraining, then 2 steps of training
def test_a_run_that_is_stopped_goes_on_to_the_same_weights(
    toy_config: TrainConfig, toy_dev: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    pairs = Pairs.from_rows(make_rows(64))
    config = dataclasses.replace(toy_config, epochs=2, pretrain_epochs=2, batch_size=64)
    whole = textsiam.train(pairs, dev=toy_dev, config=config, texts=TEXTS)
    step, taken = TrainingLoop._step, 0

    def stopping(self: TrainingLoop, rows: Array, bar: Progress, log: RunLog) -> None:
        nonlocal taken
        step(self, rows, bar, log)
        taken += 1
        if taken == stop_at:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(TrainingLoop, "_step", stopping)
        with pytest.raises(TrainingInterrupted) as caught:
            textsiam.train(pairs, dev=toy_dev, config=config, texts=TEXTS, out=tmp_path / "m")
    assert caught.value.run_folder == tmp_path / "m.run"
    assert (tmp_path / "m.run" / FILE).exists() is (stop_at > 8)
    assert (tmp_path / "m.run" / PRETRAINING / FILE).exists()
    with pytest.raises(TrainingError, match=r"stopped is kept in .*m\.run; go on with resume"):
        textsiam.train(pairs, dev=toy_dev, config=config, texts=TEXTS, out=tmp_path / "m")
    with pytest.raises(TrainingError, match=r"the checkpoint in .*m\.run belongs to a run with other options or data"):
        textsiam.train(pairs, dev=toy_dev, config=config, texts=TEXTS[1:], out=tmp_path / "m", resume=True)
    if stop_at > 8:  # what a refused run would pretrain anew would be in the way of the right one
        (tmp_path / "m.run" / PRETRAINING / FILE).unlink()
        other = dataclasses.replace(config, learning_rate=0.5)
        with pytest.raises(TrainingError, match="other options or data"):
            textsiam.train(pairs, dev=toy_dev, config=other, texts=TEXTS, out=tmp_path / "m", resume=True)
        assert not (tmp_path / "m.run" / PRETRAINING / FILE).exists()
    resumed = textsiam.train(pairs, dev=toy_dev, config=config, texts=TEXTS, out=tmp_path / "m", resume=True)
    assert _weights(resumed) == _weights(whole)
    assert resumed.details["pretraining"] == whole.details["pretraining"]
    assert not list((tmp_path / "m.run").rglob(FILE))


def test_what_cannot_be_pretrained_on_is_told(toy_pairs: Pairs, toy_config: TrainConfig, tmp_path: Path) -> None:
    config = dataclasses.replace(toy_config, epochs=1)
    with pytest.raises(OptionError, match=r"pretrain_epochs is 3, but there are no texts \(--texts\)"):
        textsiam.train(toy_pairs, config=dataclasses.replace(config, pretrain_epochs=3))
    with pytest.raises(DataError, match=r"nowhere\.txt"):
        textsiam.train(toy_pairs, config=config, texts=tmp_path / "nowhere.txt")
    with pytest.raises(OptionError, match=r"texts\[1\] is 7 of type int, expected str"):
        textsiam.train(toy_pairs, config=config, texts=["a", 7])  # type: ignore[list-item] # what is tested
    with pytest.raises(OptionError, match="texts is of type int, expected a path or many str"):
        textsiam.train(toy_pairs, config=config, texts=7)  # type: ignore[arg-type] # what is tested
    with pytest.raises(TrainingError, match=r"texts \(--texts\) has no text that is not blank"):
        textsiam.train(toy_pairs, config=config, texts=["", " "])
