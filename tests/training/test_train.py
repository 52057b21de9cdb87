from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import textsiam
from tests.model.making import fitting
from tests.training.conftest import make_chains, make_rows
from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import ModelFolderError, OptionError, TrainingError, TrainingInterrupted
from textsiam.progress import Progress
from textsiam.training import checkpoint
from textsiam.training.config import TrainConfig
from textsiam.training.dev_scores import production_scores
from textsiam.training.loop import TrainingLoop
from textsiam.training.runlog import RunLog


def _weights(model: textsiam.PairModel) -> dict[str, bytes]:
    return {name: value.tobytes() for name, value in model.weights.items()}


def _with_cosine(config: TrainConfig, **options: object) -> TrainConfig:
    return TrainConfig(**fitting({**dataclasses.asdict(config), "head": "cosine", **options}))


def test_from_pairs_to_a_calibrated_model(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(toy_config, epochs=12)
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config, out=tmp_path / "model")
    scores = model.score_pairs(list(zip(toy_dev.text_a, toy_dev.text_b, strict=True)))
    accuracy = ((scores >= model.calibration.threshold) == (toy_dev.labels > 0.5)).mean()
    assert accuracy > 0.9
    assert scores.mean() == pytest.approx(toy_dev.labels.mean(), abs=0.05)
    loaded = textsiam.PairModel.load(tmp_path / "model")
    assert loaded.score_pairs([("a b", "c")]).tobytes() == model.score_pairs([("a b", "c")]).tobytes()
    assert TrainConfig.from_toml(tmp_path / "model" / "train.toml") == config
    assert loaded.details["train"]["sha256"] == toy_pairs.fingerprint()
    assert "(given)" in loaded.card
    assert "warning" not in loaded.card
    assert "dev accuracy" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in (tmp_path / "model.run").iterdir()] == ["log.jsonl"]


def test_equal_seed_equal_weights_and_the_callers_settings_come_back(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig
) -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first = textsiam.train(toy_pairs, dev=toy_dev, config=toy_config)
    torch.rand(3)
    again = textsiam.train(toy_pairs, dev=toy_dev, config=toy_config)
    assert _weights(first) == _weights(again)
    torch.set_rng_state(state)
    textsiam.train(toy_pairs, dev=toy_dev, config=dataclasses.replace(toy_config, epochs=1))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_every_head_and_loss_trains(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    for options in (
        {"encoder": "bag", "head": "cosine", "loss": "contrastive"},
        {"encoder": "lstm", "head": "cosine", "loss": "cosine_embedding", "pooling": "last"},
        {"encoder": "bag", "head": "euclidean", "loss": "contrastive"},
        {"encoder": "lstm", "head": "mlp", "loss": "bce", "bidirectional": True, "layers": 2, "balanced": True},
        {"encoder": "bag", "head": "dot", "loss": "bce"},
        {"encoder": "lstm", "head": "alignment", "loss": "bce+contrastive:0.5"},
        {"encoder": "lstm", "head": "manhattan", "loss": "bce"},
        {"encoder": "bag", "head": "squared_euclidean", "loss": "squared_error"},
        {"encoder": "bag", "head": "cosine", "loss": "online_contrastive"},
        {"encoder": "bag", "head": "cosine", "loss": "cosent"},
        {"encoder": "bag", "head": "cosine", "loss": "in_batch"},
        {"encoder": "bag", "head": "cosine", "loss": "triplet_all"},
        {"encoder": "bag", "head": "cosine", "loss": "triplet_hard"},
        {"encoder": "bag", "head": "cosine", "loss": "triplet_semi_hard"},
        {"encoder": "lstm", "head": "mlp", "loss": "auto+in_batch:0.5"},
    ):
        config = TrainConfig(**fitting({**dataclasses.asdict(toy_config), **options, "epochs": 10}))
        model = textsiam.train(toy_pairs, dev=toy_dev, config=config)
        assert max(record["roc_auc"] for record in model.details["history"]) > 0.8, options


@pytest.mark.parametrize(
    "options",
    [
        {"encoder": "cnn", "widths": "1,2"},
        {"encoder": "gru", "bidirectional": True, "pooling": "attention"},
        {"encoder": "lstm", "pooling": "attention"},
        {"encoder": "lstm", "bidirectional": True, "head": "alignment"},
        {"encoder": "transformer", "pooling": "mean"},
        {"encoder": "bag", "weighting": "sif", "ngrams": 3, "buckets": 500},
        {"encoder": "lstm", "char_ngrams": "2,3"},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_encoder_trains_to_the_same_weights_and_is_stored_small(
    toy_pairs: Pairs,
    toy_dev: Pairs,
    toy_config: TrainConfig,
    tmp_path: Path,
    options: dict[str, object],
    precision: str,
) -> None:
    config = TrainConfig(**fitting({**dataclasses.asdict(toy_config), **options, "epochs": 10, "precision": precision}))
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config)
    assert max(record["roc_auc"] for record in model.details["history"]) > 0.8
    assert _weights(model) == _weights(textsiam.train(toy_pairs, dev=toy_dev, config=config))
    model.save(tmp_path / "model", weights="int8")
    pairs = list(zip(toy_dev.text_a, toy_dev.text_b, strict=True))
    small = textsiam.PairModel.load(tmp_path / "model")
    assert np.abs(small.score_pairs(pairs) - model.score_pairs(pairs)).mean() < 0.05


def test_graded_labels(toy_config: TrainConfig) -> None:
    graded = [(a, b, 4.0 * label + number % 2) for number, (a, b, label) in enumerate(make_rows(200))]
    pairs = Pairs.from_rows(graded, label_range=(0, 5))
    model = textsiam.train(pairs, config=_with_cosine(toy_config, epochs=10))
    assert model.details["loss"] == "squared_error"
    assert model.details["loss_options"] == {}
    assert max(record["spearman"] for record in model.details["history"]) > 0.5


def test_losses_that_need_labels_of_0_or_1_are_refused_for_grades(toy_config: TrainConfig) -> None:
    graded = Pairs.from_rows([(a, b, 4.0 * label) for a, b, label in make_rows(64)], label_range=(0, 5))
    with pytest.raises(
        OptionError, match="loss 'in_batch' needs labels that are 0 or 1, but these are graded; head 'mlp' learns"
    ):
        textsiam.train(graded, config=dataclasses.replace(toy_config, loss="squared_error+in_batch"))


def test_the_card_tells_the_losses_and_their_options(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    config = _with_cosine(toy_config, epochs=1, loss="contrastive+in_batch:0.5", temperature=0.1)
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config)
    assert "| loss | contrastive+in_batch:0.5, contrastive margin 0.8, in_batch temperature 0.1 |" in model.card


def test_without_dev_a_part_that_shares_no_text_is_set_aside(toy_pairs: Pairs, toy_config: TrainConfig) -> None:
    model = textsiam.train(toy_pairs, config=dataclasses.replace(toy_config, epochs=1))
    sizes = model.details["train"]["pairs"], model.details["dev"]["pairs"]
    assert sum(sizes) == len(toy_pairs)
    assert sizes[1] == pytest.approx(0.1 * len(toy_pairs), abs=3)
    assert f"({sizes[1]:,} of {len(toy_pairs):,} set aside, sharing no text with the training pairs)" in model.card


def test_a_dev_part_that_is_small_as_all_pairs_hang_together_is_told(toy_config: TrainConfig) -> None:
    chain = [(f"text {number}", f"text {number + 1}", number % 2) for number in range(200)]
    alone = [(f"one of {number}", f"other of {number}", number % 2) for number in range(8)]
    model = textsiam.train([*chain, *alone], config=dataclasses.replace(toy_config, epochs=1, vocabulary_size=50))
    assert model.details["dev"]["pairs"] == 8
    assert "8 of 208 set aside" in model.card
    assert "a tenth was to be, but the others hang together: better give dev (--dev) pairs of their own" in model.card


def test_dev_pairs_that_are_training_pairs_are_told(
    toy_pairs: Pairs, toy_config: TrainConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    turned = [(b, a, label) for a, b, label in toy_pairs.select(range(40))]
    dev = Pairs.from_rows([*turned, ("new", "texts", 0)])
    model = textsiam.train(toy_pairs, dev=dev, config=dataclasses.replace(toy_config, epochs=1), show_progress=True)
    told = "40 of 41 are training pairs too: dev figures will be too good"
    assert told in capsys.readouterr().err
    assert told in model.card


def test_pairs_of_blank_texts_alone_can_be_a_batch(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    blank = Pairs.from_rows([*make_rows(80), *[("", " ", 1)] * 8])
    for options in ({}, {"bidirectional": True}, {"head": "alignment"}):
        config = TrainConfig(**{**dataclasses.asdict(toy_config), "batch_size": 4, **options})
        model = textsiam.train(blank, dev=toy_dev, config=config)
        assert np.isfinite(model.score_pairs([("", ""), ("", "what about the bread")])).all()


def test_a_side_of_one_class_that_was_set_aside_is_told_so(toy_config: TrainConfig) -> None:
    rare = Pairs.from_rows([(f"x {n}", f"y {n}", int(n == 1)) for n in range(100)])
    with pytest.raises(TrainingError, match=r"all 10 dev pairs have the label 0.*set aside.*--dev"):
        textsiam.train(rare, config=toy_config)


def test_a_margin_without_use_for_grades_is_refused(toy_config: TrainConfig) -> None:
    graded = Pairs.from_rows([(a, b, n % 5) for n, (a, b, _) in enumerate(make_rows(64))], label_range=(0, 5))
    with pytest.raises(OptionError, match=r"margin is 0\.5, but loss 'squared_error' has none"):
        textsiam.train(graded, config=_with_cosine(toy_config, margin=0.5))


def test_options_of_a_vocabulary_that_is_not_built_are_refused(toy_pairs: Pairs, toy_config: TrainConfig) -> None:
    vocabulary = textsiam.build_vocabulary(toy_pairs.texts(), size=60)
    with pytest.raises(OptionError, match="vocabulary_size is 100, but a ready vocabulary is given"):
        textsiam.train(toy_pairs, config=toy_config, vocabulary=vocabulary)


def test_resuming_what_was_never_started(toy_pairs: Pairs, toy_config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is no checkpoint in"):
        textsiam.train(toy_pairs, config=toy_config, out=tmp_path / "m", resume=True)


def test_a_ready_vocabulary_is_used(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    vocabulary = textsiam.build_vocabulary(toy_pairs.texts(), size=60)
    config = dataclasses.replace(toy_config, vocabulary_size=TrainConfig().vocabulary_size)
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config, vocabulary=vocabulary)
    assert model.tokenizer.proto == vocabulary.proto


def test_pairs_that_nothing_can_be_learned_from(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    ones = Pairs.from_rows([("a", "b", 1), ("c", "d", 1)])
    with pytest.raises(TrainingError, match="all 2 training pairs have the label 1"):
        textsiam.train(ones, dev=toy_dev, config=toy_config)
    with pytest.raises(TrainingError, match="all 2 dev pairs have the label 1"):
        textsiam.train(toy_pairs, dev=ones, config=toy_config)
    with pytest.raises(TrainingError, match="256 training pairs, fewer than a batch of 300; lower batch_size"):
        textsiam.train(toy_pairs, dev=toy_dev, config=dataclasses.replace(toy_config, batch_size=300))
    graded = Pairs.from_rows([("a", "b", 1), ("c", "d", 3)], label_range=(0, 5))
    with pytest.raises(TrainingError, match="labels are graded"):
        textsiam.train(toy_pairs, dev=graded, config=toy_config)


def test_a_folder_of_other_files_is_refused_before_training(
    toy_pairs: Pairs, toy_config: TrainConfig, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    started = time.monotonic()
    with pytest.raises(ModelFolderError, match="holds files that are not a model"):
        textsiam.train(toy_pairs, config=dataclasses.replace(toy_config, epochs=10_000), out=tmp_path)
    assert time.monotonic() - started < 30


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(toy_pairs: Pairs, toy_config: TrainConfig) -> None:
    with pytest.raises(OptionError, match="torch finds no GPU"):
        textsiam.train(toy_pairs, config=dataclasses.replace(toy_config, device="cuda"))


def test_a_stopped_run_is_not_overwritten(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: textsiam.PairModel, folder: object) -> None:
        raise ModelFolderError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(textsiam.PairModel, "save", full)
        with pytest.raises(ModelFolderError, match=r"no space left; the weights are kept in .*resume"):
            textsiam.train(toy_pairs, dev=toy_dev, config=toy_config, out=tmp_path / "m")
    with pytest.raises(TrainingError, match=r"stopped is kept in .*m\.run; go on with resume"):
        textsiam.train(toy_pairs, dev=toy_dev, config=toy_config, out=tmp_path / "m")
    model = textsiam.train(toy_pairs, dev=toy_dev, config=toy_config, out=tmp_path / "m", resume=True)
    assert _weights(model) == _weights(textsiam.train(toy_pairs, dev=toy_dev, config=toy_config))


def test_token_ids_of_many_pairs_are_in_files_that_a_stopped_run_keeps(
    toy_pairs: Pairs,
    toy_dev: Pairs,
    toy_config: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    in_memory = textsiam.train(toy_pairs, dev=toy_dev, config=toy_config)
    monkeypatch.setattr("textsiam.training.token_cache.PAIRS_IN_MEMORY", 0)
    monkeypatch.setattr("textsiam.progress.PLAIN_SECONDS", 0.0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    def full(self: textsiam.PairModel, folder: object) -> None:
        raise ModelFolderError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(textsiam.PairModel, "save", full)
        with pytest.raises(ModelFolderError, match="no space left"):
            textsiam.train(toy_pairs, dev=toy_dev, config=toy_config, out=tmp_path / "m", show_progress=True)
    assert "tokenizing: " in capsys.readouterr().err
    assert len(list((tmp_path / "m.run" / "tokens").iterdir())) == 2  # of training and dev pairs
    resumed = textsiam.train(
        toy_pairs, dev=toy_dev, config=toy_config, out=tmp_path / "m", resume=True, show_progress=True
    )
    assert "tokenizing: " not in capsys.readouterr().err
    assert _weights(resumed) == _weights(in_memory)
    assert [path.name for path in (tmp_path / "m.run").iterdir()] == ["log.jsonl"]
    assert _weights(textsiam.train(toy_pairs, dev=toy_dev, config=toy_config)) == _weights(in_memory)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_no_dev_part_can_be_set_aside_of_one_component(toy_config: TrainConfig) -> None:
    rows = [(f"text {n}", f"text {n + 1}", n % 2) for n in range(40)]
    with pytest.raises(TrainingError, match=r"no dev part can be set aside .* give dev"):
        textsiam.train(rows, config=toy_config)


def test_what_the_vocabulary_has_to_say_is_kept(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    model = textsiam.train(
        toy_pairs, dev=toy_dev, config=dataclasses.replace(toy_config, vocabulary_size=9000, epochs=1)
    )
    (note,) = model.details["vocabulary_notes"]
    assert "9,000" in note
    assert note in model.card


def test_pairs_that_are_implied_are_trained_on_and_told(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig
) -> None:
    pairs = Pairs.from_rows([*toy_pairs, *make_chains()])
    config = dataclasses.replace(toy_config, implied=0.1, epochs=1)
    first, again = (textsiam.train(pairs, dev=toy_dev, config=config) for _ in range(2))
    assert _weights(first) == _weights(again)
    implied = first.details["implied"]
    assert implied["pairs"] == int(0.1 * len(pairs))
    assert implied["label_mean"] == pytest.approx(pairs.labels.mean(), abs=0.05)
    assert first.details["steps"] == -(-(len(pairs) + implied["pairs"]) // config.batch_size)
    assert f"and {implied['pairs']} pairs that these imply" in first.card
    assert first.details["train"]["pairs"] == len(pairs)
    without = textsiam.train(pairs, dev=toy_dev, config=dataclasses.replace(config, implied=0))
    assert without.details["implied"] is None
    assert "imply" not in without.card


def test_implied_pairs_are_none_of_dev(toy_config: TrainConfig) -> None:
    pairs = Pairs.from_rows(make_chains(6))
    skipping = [
        (f"the sea of {n}", f"the {topic} of {n + 2}", label)
        for n in range(4)
        for topic, label in (("sea", 1.0), ("sun", 0.0))
    ]
    config = dataclasses.replace(toy_config, implied=1.0, epochs=1, batch_size=8)
    others, same = (
        textsiam.train(pairs, dev=Pairs.from_rows(dev), config=config).details["implied"]["pairs"]
        for dev in ([("a", "b", 1.0), ("c", "d", 0.0)], skipping)
    )
    assert 0 < same < others


def test_a_stopped_run_goes_on_with_the_same_implied_pairs(
    toy_dev: Pairs, toy_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, config = Pairs.from_rows(make_chains()), dataclasses.replace(toy_config, implied=1.0)
    whole = textsiam.train(pairs, dev=toy_dev, config=config)
    step = TrainingLoop._step

    def stopped(self: TrainingLoop, rows: Array, bar: Progress, log: RunLog) -> None:
        step(self, rows, bar, log)
        if self.state.step == self.sampler.batches_per_epoch + 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("textsiam.training.token_cache.PAIRS_IN_MEMORY", 0)
    monkeypatch.setattr("textsiam.training.loop.CHECKPOINT_SECONDS", 0.0)
    with monkeypatch.context() as patched:
        patched.setattr(TrainingLoop, "_step", stopped)
        with pytest.raises(TrainingInterrupted):
            textsiam.train(pairs, dev=toy_dev, config=config, out=tmp_path / "m")
    resumed = textsiam.train(pairs, dev=toy_dev, config=config, out=tmp_path / "m", resume=True)
    assert _weights(resumed) == _weights(whole)
    assert resumed.details["implied"] == whole.details["implied"]
    assert whole.details["implied"]["pairs"] > 0


def test_grades_imply_nothing(toy_config: TrainConfig) -> None:
    graded = Pairs.from_rows([(f"a {n}", f"b {n}", n % 5) for n in range(64)], label_range=(0, 4))
    with pytest.raises(OptionError, match=r"implied is 0\.2, but these labels are graded"):
        textsiam.train(graded, dev=graded, config=_with_cosine(toy_config, implied=0.2))


def test_hard_negatives_are_mined_trained_on_and_told(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    config = dataclasses.replace(toy_config, hard_negatives=0.25)
    first = textsiam.train(toy_pairs, dev=toy_dev, config=config, show_progress=True)
    assert capsys.readouterr().err.count("of 64 hard negatives mined, cosine below") == config.epochs - 1
    assert _weights(first) == _weights(textsiam.train(toy_pairs, dev=toy_dev, config=config))
    assert first.details["hard_negatives"] == {"pairs": 64}
    assert first.details["steps"] == config.epochs * (256 + 64) // config.batch_size
    assert "and up to 64 hard negatives an epoch" in first.card
    balanced = dataclasses.replace(config, implied=0.5, balanced=True)
    with_all = textsiam.train(Pairs.from_rows([*toy_pairs, *make_chains()]), dev=toy_dev, config=balanced)
    assert with_all.details["hard_negatives"]["pairs"] == int(0.25 * (346 + with_all.details["implied"]["pairs"]))
    without = textsiam.train(toy_pairs, dev=toy_dev, config=toy_config)
    assert without.details["hard_negatives"] is None
    assert "hard negatives" not in without.card


def test_hard_negatives_without_use_are_refused(toy_pairs: Pairs, toy_config: TrainConfig) -> None:
    graded = Pairs.from_rows([(f"a {n}", f"b {n}", n % 5) for n in range(64)], label_range=(0, 4))
    with pytest.raises(OptionError, match=r"hard_negatives is 0\.2, but these labels are graded"):
        textsiam.train(graded, dev=graded, config=_with_cosine(toy_config, hard_negatives=0.2))
    with pytest.raises(OptionError, match=r"hard_negatives is 0\.001, less than one pair"):
        textsiam.train(toy_pairs, config=dataclasses.replace(toy_config, hard_negatives=0.001))
    with pytest.raises(OptionError, match=r"hard_negatives is 0\.2, but .* epochs is 1; raise epochs"):
        dataclasses.replace(toy_config, hard_negatives=0.2, epochs=1)


def test_balanced_does_not_go_with_grades(toy_config: TrainConfig) -> None:
    graded = Pairs.from_rows([(a, b, n % 5) for n, (a, b, _) in enumerate(make_rows(64))], label_range=(0, 5))
    with pytest.raises(TrainingError, match="balanced"):
        textsiam.train(graded, dev=graded, config=_with_cosine(toy_config, balanced=True))


KILLED = """
import sys
sys.path.insert(0, {root!r})
import textsiam.training.loop as loop
loop.CHECKPOINT_SECONDS = 0.0
import torch
torch.set_num_threads(1)
import textsiam
from tests.training.conftest import make_rows
from textsiam.data.pairs import Pairs
textsiam.train(
    Pairs.from_rows(make_rows(256)), dev=Pairs.from_rows(make_rows(64, start=1000)),
    config=textsiam.TrainConfig.from_toml({toml!r}), out={out!r}, resume={resume},
)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_process_resumes_to_the_same_weights(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, tmp_path: Path
) -> None:
    config = dataclasses.replace(toy_config, epochs=20)
    (tmp_path / "c.toml").write_text(config.to_toml(), encoding="utf-8")
    whole = textsiam.train(toy_pairs, dev=toy_dev, config=config)
    out = tmp_path / "model"
    options = {"root": str(Path(__file__).parents[2]), "toml": str(tmp_path / "c.toml"), "out": str(out)}
    random = np.random.default_rng(0)
    kills = 0
    for resume in (False, True, True):
        process = subprocess.Popen([sys.executable, "-c", KILLED.format(**options, resume=resume)])
        path = tmp_path / "model.run" / checkpoint.FILE
        before = path.stat().st_mtime_ns if path.exists() else 0
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if path.exists() and path.stat().st_mtime_ns != before:
                time.sleep(random.uniform(0, 0.15))
                break
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills == 3
    resumed = textsiam.train(toy_pairs, dev=toy_dev, config=config, out=out, resume=True)
    assert _weights(resumed) == _weights(whole)


def test_texts_are_cut_at_random_while_training_alone(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig
) -> None:
    config = dataclasses.replace(toy_config, subword_sampling=0.3, epochs=1)
    model, again, whole = (
        textsiam.train(toy_pairs, dev=toy_dev, config=one)
        for one in (config, config, dataclasses.replace(config, subword_sampling=0))
    )
    assert _weights(model) == _weights(again) != _weights(whole)
    # what dev gives is what production gives
    raw = production_scores(model, toy_dev)
    assert model.details["history"][0]["roc_auc"] == pytest.approx(_roc_auc(raw, toy_dev.labels), abs=1e-4)
    words = textsiam.build_vocabulary(toy_pairs.texts(), size=60, type="word")
    config = dataclasses.replace(config, vocabulary_size=TrainConfig().vocabulary_size)
    with pytest.raises(OptionError, match="no token of this vocabulary is spelled by smaller ones"):
        textsiam.train(toy_pairs, dev=toy_dev, config=config, vocabulary=words)


def _roc_auc(raw: Array, labels: Array) -> float:
    same, other = raw[labels == 1], raw[labels == 0]
    return float((same[:, None] > other).mean() + (same[:, None] == other).mean() / 2)


def test_every_regulariser_at_once_learns(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    config = dataclasses.replace(
        toy_config, epochs=12, averaging=0.9, word_dropout=0.1, label_smoothing=0.1, subword_sampling=0.1
    )
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config)
    assert max(record["roc_auc"] for record in model.details["history"]) > 0.95
    assert "bce label_smoothing 0.1" in model.card
