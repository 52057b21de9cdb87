"""Runs that start from another model, from word vectors, or with an encoder of the user's own."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import textsiam
from tests.training.conftest import TOPICS, make_rows
from tests.training.encoders.test_custom import WeightedMean
from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import DataError, OptionError, TrainingError, TrainingInterrupted
from textsiam.model.architecture import Architecture
from textsiam.model.weights import EMBEDDING
from textsiam.progress import Progress
from textsiam.training.config import TrainConfig
from textsiam.training.loop import TrainingLoop
from textsiam.training.network import SiameseNetwork
from textsiam.training.runlog import RunLog
from textsiam.training.starts import Origin

# so small a step that weights stay as they start, but for rounding
STILL: dict[str, Any] = {
    "epochs": 1,
    "batch_size": 32,
    "learning_rate": 1e-8,
    "weight_decay": 0.0,
    "device": "cpu",
    "precision": "fp32",
}
ASIDE = [(f"{a} today", b, label) for a, b, label in make_rows(128, start=5000)]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small model to go on from."""
    folder = tmp_path_factory.mktemp("first") / "model"
    sizes: dict[str, Any] = {"dim": 12, "units": 10, "head_units": 14, "vocabulary_size": 100, "max_tokens": 9}
    config = TrainConfig(**sizes, pooling="mean", **{**STILL, "epochs": 2, "learning_rate": 0.01})
    textsiam.train(make_rows(128), dev=make_rows(64, start=1000), config=config, out=folder)
    return folder


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    words = [*TOPICS, "what", "about", "the", "number", "tell"]
    lines = [f"{word} {' '.join(map(str, rng.normal(0, 0.1, 6).round(4)))}\n" for word in words]
    (tmp_path / "v.txt").write_text("".join(lines), encoding="utf-8")
    return tmp_path / "v.txt"


def _bytes(model: textsiam.PairModel) -> dict[str, bytes]:
    return {name: value.tobytes() for name, value in model.weights.items()}


def _close(a: textsiam.PairModel, b: textsiam.PairModel, part: str) -> bool:
    names = [name for name in b.weights if name.startswith(part)]
    assert names
    return all(a.weights[name].shape == b.weights[name].shape for name in names) and all(
        np.abs(a.weights[name] - b.weights[name]).max() < 1e-5 for name in names
    )


def test_without_options_architecture_vocabulary_and_weights_are_those_of_the_model(
    first: Path, toy_dev: Pairs
) -> None:
    model = textsiam.PairModel.load(first)
    config = TrainConfig.like(model, STILL)
    assert config.architecture == model.architecture
    went_on = textsiam.train(ASIDE, dev=toy_dev, config=config, init=first)
    assert went_on.tokenizer.proto == model.tokenizer.proto
    assert _close(went_on, model, "encoder.")
    assert _close(went_on, model, "head.")
    init = went_on.details["init"]
    assert (init["taken"], init["train"]["sha256"]) == ("encoder and head", model.details["train"]["sha256"])
    assert f"| started from | encoder and head of a model, weights' sha256 {init['sha256'][:16]}" in went_on.card
    assert went_on.details["vocabulary_notes"] == model.details["vocabulary_notes"]
    again = textsiam.train(ASIDE, dev=toy_dev, config=config, init=model)
    assert _bytes(again) == _bytes(went_on)


def test_another_head_or_other_labels_start_the_head_anew(first: Path, toy_dev: Pairs) -> None:
    model = textsiam.PairModel.load(first)
    cosine = TrainConfig.like(model, {**STILL, "head": "cosine"})
    went_on = textsiam.train(ASIDE, dev=toy_dev, config=cosine, init=model)
    assert _close(went_on, model, "encoder.")
    assert went_on.details["init"]["taken"] == "encoder"
    graded = Pairs.from_rows([(a, b, n % 5) for n, (a, b, _) in enumerate(ASIDE)], label_range=(0, 4))
    went_on = textsiam.train(graded, config=TrainConfig.like(model, STILL), init=model)
    assert _close(went_on, model, "encoder.")
    assert not _close(went_on, model, "head.hidden.weight")
    assert went_on.details["init"]["taken"] == "encoder"
    larger = textsiam.train(ASIDE, dev=toy_dev, config=TrainConfig.like(model, {**STILL, "head_units": 5}), init=model)
    assert larger.weights["head.hidden.bias"].shape == (5,)


def test_options_like_a_models(first: Path) -> None:
    model = textsiam.PairModel.load(first)
    assert TrainConfig.like(model, {"seed": 3}) == TrainConfig(**dataclasses.asdict(model.architecture), seed=3)
    other = TrainConfig.like(model, {"encoder": "bag", "head": "cosine"})
    assert (other.encoder, other.dim, other.max_tokens, other.units) == ("bag", 12, 9, TrainConfig().units)
    with pytest.raises(OptionError, match="did you mean 'seed'"):
        TrainConfig.like(model, {"sed": 3})


def test_buckets_are_not_taken_over_without_ngrams(first: Path) -> None:
    model = textsiam.PairModel.load(first)
    model.architecture = Architecture(encoder="bag", dim=4, ngrams=2, buckets=50)
    assert TrainConfig.like(model).buckets == 50
    for options in ({"encoder": "cnn"}, {"ngrams": 1}):
        assert TrainConfig.like(model, options).buckets == TrainConfig().buckets


@pytest.mark.parametrize(
    ("options", "arguments", "message"),
    [
        ({"units": 11}, {}, r"units is 11, but the model to go on from \(--init\) has 10; leave it out"),
        ({"encoder": "bag"}, {}, "encoder is 'bag', but the model to go on from .* has 'lstm'"),
        ({"pooling": "max"}, {}, "pooling is 'max', but the model .* has 'mean'"),
        ({"vocabulary_size": 50}, {}, "vocabulary_size is 50, but that of init is given"),
        ({}, {"vectors": "v.txt"}, r"vectors \(--vectors\) and init \(--init\) are given"),
        ({}, {"encoder": WeightedMean}, "but this model has the encoder 'lstm'; leave it out"),
        ({"freeze_vectors": True}, {}, "freeze_vectors is true, but there are no vectors"),
    ],
)
def test_what_does_not_go_with_the_model(
    first: Path, options: dict[str, Any], arguments: dict[str, Any], message: str
) -> None:
    config = TrainConfig.like(textsiam.PairModel.load(first), {**STILL, **options})
    with pytest.raises(OptionError, match=message):
        textsiam.train(ASIDE, config=config, init=first, **arguments)


def test_options_and_vocabularies_of_another_type(toy_pairs: Pairs) -> None:
    with pytest.raises(OptionError, match=r"config is a dict, expected a TrainConfig; TrainConfig\(\*\*options\)"):
        textsiam.train(toy_pairs, config={"epochs": 1})  # type: ignore[arg-type] # the mistake
    with pytest.raises(OptionError, match="config is a str, expected a TrainConfig"):
        textsiam.distill(toy_pairs, len, config="fast")  # type: ignore[arg-type] # the mistake
    with pytest.raises(OptionError, match=r"vocabulary is 'v\.model', expected a Vocabulary; Vocabulary\.load"):
        textsiam.train(toy_pairs, vocabulary="v.model")  # type: ignore[arg-type] # the mistake


def test_a_vocabulary_besides_that_of_the_model(first: Path) -> None:
    model = textsiam.PairModel.load(first)
    vocabulary = textsiam.build_vocabulary([a for a, _, _ in ASIDE], size=60)
    with pytest.raises(OptionError, match=r"a vocabulary is given, but init \(--init\) brings its own"):
        textsiam.train(ASIDE, config=TrainConfig.like(model, STILL), init=model, vocabulary=vocabulary)
    with pytest.raises(OptionError, match="init is a int, expected a PairModel or the folder of one"):
        textsiam.train(ASIDE, init=3)  # type: ignore[arg-type]  # the mistake is the test


def _vector_config(options: dict[str, Any]) -> TrainConfig:
    sizes: dict[str, Any] = {"dim": 6, "units": 8, "head_units": 8, "vocabulary_size": 100, "dropout": 0.0}
    return TrainConfig(**{**sizes, **STILL, **options})


def test_embeddings_start_from_vectors_and_others_at_random(
    toy_pairs: Pairs, toy_dev: Pairs, vectors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = _vector_config({})
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config, vectors=vectors, show_progress=True)
    plain = textsiam.train(toy_pairs, dev=toy_dev, config=config)
    kept = np.abs(model.weights[EMBEDDING] - plain.weights[EMBEDDING]).max(axis=1) < 1e-5
    told = model.details["vectors"]
    assert told["covered"] == (~kept).sum() > 10
    assert 0 < kept.sum() < len(kept)
    assert _close(model, plain, "encoder.layers")
    assert f"word vectors: {told['covered'] / told['tokens']:.1%} of {told['tokens']} tokens" in capsys.readouterr().err
    assert f"word vectors for {told['covered']} of {told['tokens']} tokens" in model.card
    assert np.square(model.weights[EMBEDDING][~kept]).mean() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("encoder", ["bag", "lstm"])
def test_frozen_rows_stay_bit_for_bit_and_others_learn(
    toy_pairs: Pairs, toy_dev: Pairs, vectors: Path, encoder: str
) -> None:
    options = {"learning_rate": 0.05, "freeze_vectors": True, "encoder": encoder}
    config = _vector_config({**options, **({"units": TrainConfig().units} if encoder == "bag" else {})})
    still = dataclasses.replace(config, learning_rate=1e-8)
    model, start = (
        textsiam.train(toy_pairs, dev=toy_dev, config=options, vectors=vectors) for options in (config, still)
    )
    moved = np.abs(model.weights[EMBEDDING] - start.weights[EMBEDDING]).max(axis=1) > 1e-4
    same = (model.weights[EMBEDDING] == start.weights[EMBEDDING]).all(axis=1)
    assert same.sum() >= model.details["vectors"]["covered"]
    assert moved.sum() > 3
    assert model.details["vectors"]["frozen"]
    assert "not trained" in model.card


def test_gradients_of_frozen_rows_are_none(toy_config: TrainConfig) -> None:
    network = SiameseNetwork(toy_config.architecture, 9)
    rows = np.array([0, 0, 1, 0, 1, 0, 0, 0, 0], dtype=bool)
    network.freeze(rows)
    network.encoder(torch.tensor([[2, 3, 4, 5]]), torch.tensor([4])).sum().backward()
    gradient = network.get_parameter(EMBEDDING).grad
    assert gradient is not None
    assert gradient.abs().sum(1).nonzero()[:, 0].tolist() == [3, 5]


def test_vectors_of_another_size_or_that_are_not_there(toy_pairs: Pairs, vectors: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"dim is 16, but the vectors of .*v\.txt have 6 numbers"):
        textsiam.train(toy_pairs, config=_vector_config({"dim": 16}), vectors=vectors)
    with pytest.raises(DataError, match=r"none\.txt: does not exist"):
        textsiam.train(toy_pairs, config=_vector_config({}), vectors=tmp_path / "none.txt")
    with pytest.raises(OptionError, match="an encoder of your own are given"):
        textsiam.train(toy_pairs, config=TrainConfig(), vectors=vectors, encoder=WeightedMean)


def test_stopped_runs_go_on_from_the_same_start_alone(
    toy_pairs: Pairs, toy_dev: Pairs, vectors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _vector_config({"freeze_vectors": True, "learning_rate": 0.02, "epochs": 2})
    whole = textsiam.train(toy_pairs, dev=toy_dev, config=config, vectors=vectors)
    _stop_after_step_3(monkeypatch, toy_pairs, toy_dev, config=config, vectors=vectors, out=tmp_path / "m")
    other = tmp_path / "other.txt"
    other.write_text(vectors.read_text("utf-8").replace("apple 0", "apple 1").replace("apple -0", "apple 1"), "utf-8")
    with pytest.raises(TrainingError, match="other options or data"):
        textsiam.train(toy_pairs, dev=toy_dev, config=config, vectors=other, out=tmp_path / "m", resume=True)
    resumed = textsiam.train(toy_pairs, dev=toy_dev, config=config, vectors=vectors, out=tmp_path / "m", resume=True)
    assert _bytes(resumed) == _bytes(whole)


def _stop_after_step_3(monkeypatch: pytest.MonkeyPatch, pairs: Pairs, dev: Pairs, **arguments: Any) -> None:
    step = TrainingLoop._step

    def stopped(self: TrainingLoop, rows: Array, bar: Progress, log: RunLog) -> None:
        step(self, rows, bar, log)
        if self.state.step == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("textsiam.training.loop.CHECKPOINT_SECONDS", 0.0)
        patched.setattr(TrainingLoop, "_step", stopped)
        with pytest.raises(TrainingInterrupted):
            textsiam.train(pairs, dev=dev, **arguments)


def test_a_stopped_run_of_another_model_is_another_run(
    first: Path, toy_dev: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, pairs = textsiam.PairModel.load(first), Pairs.from_rows(ASIDE)
    config = TrainConfig.like(model, {**STILL, "epochs": 2})
    _stop_after_step_3(monkeypatch, pairs, toy_dev, config=config, init=model, out=tmp_path / "m")
    other = textsiam.PairModel.load(first)
    other.weights["head.output.bias"] += 1
    with pytest.raises(TrainingError, match="other options or data"):
        textsiam.train(pairs, dev=toy_dev, config=config, init=other, out=tmp_path / "m", resume=True)
    textsiam.train(pairs, dev=toy_dev, config=config, init=model, out=tmp_path / "m", resume=True)


def _larger(size: int) -> WeightedMean:
    return WeightedMean(size + 1)


def _custom_config(options: dict[str, Any]) -> TrainConfig:
    options = {"head_units": 8, "vocabulary_size": 100, **STILL, "learning_rate": 0.02, "epochs": 3, **options}
    return TrainConfig(**options)


def test_an_encoder_of_ones_own_trains_saves_and_comes_back(toy_pairs: Pairs, toy_dev: Pairs, tmp_path: Path) -> None:
    out, config = tmp_path / "m", _custom_config({})
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config, encoder=WeightedMean, out=out)
    assert model.details["history"][-1]["roc_auc"] > 0.95
    assert (model.architecture.encoder, model.architecture.dim) == ("custom", 6)
    assert model.details["encoder_class"] == "WeightedMean"
    assert "custom (WeightedMean) encoder" in model.card
    assert model.weights["encoder.module.position"].std() > 0.28 + 1e-3  # as it starts, and what it learned
    with pytest.raises(OptionError, match=r"class WeightedMean; give what makes it, in Python: PairModel\.load"):
        textsiam.PairModel.load(out)
    with pytest.raises(OptionError, match=r"module\.embedding\.weight is .* in the model and"):
        textsiam.PairModel.load(out, encoder=_larger)
    loaded = textsiam.PairModel.load(out, encoder=WeightedMean)
    pairs = [("what about the bread", "tell me of bread"), ("", "bread"), ("", "")]
    scores = model.score_pairs(pairs)
    assert loaded.score_pairs(pairs).tobytes() == scores.tobytes()
    assert not loaded.encode([""]).any()
    assert loaded.encode(["x"]).shape == (1, 6)
    assert pickle.loads(pickle.dumps(loaded)).score_pairs(pairs).tobytes() == scores.tobytes()
    # the options that are kept train the same again, with the same factory
    kept = TrainConfig.from_toml(out / "train.toml")
    again = textsiam.train(toy_pairs, dev=toy_dev, config=kept, encoder=WeightedMean)
    assert _bytes(again) == _bytes(model)


def test_a_custom_model_is_gone_on_from_and_shrunk(toy_pairs: Pairs, toy_dev: Pairs, tmp_path: Path) -> None:
    model = textsiam.train(toy_pairs, dev=toy_dev, config=_custom_config({}), encoder=WeightedMean)
    went_on = textsiam.train(ASIDE, dev=toy_dev, config=TrainConfig.like(model, STILL), init=model)
    assert _close(went_on, model, "encoder.")
    went_on.save(tmp_path / "m", weights="int8")
    small = textsiam.PairModel.load(tmp_path / "m", encoder=WeightedMean)
    pairs = [(a, b) for a, b, _ in toy_dev]
    assert np.abs(small.score_pairs(pairs) - went_on.score_pairs(pairs)).max() < 0.05
    with pytest.raises(OptionError, match=r"module\.embedding\.weight is .* in the model and"):
        textsiam.train(ASIDE, dev=toy_dev, config=TrainConfig.like(model, STILL), init=model, encoder=_larger)


@pytest.mark.parametrize(
    ("options", "factory", "message"),
    [
        ({"encoder": "bag"}, WeightedMean, "encoder is 'bag' in the options, but a factory is given"),
        ({"units": 64}, WeightedMean, "units is 64, but encoder 'custom' has no units"),
        ({"dim": 7}, WeightedMean, "gives vectors of 6, but dim is 7"),
        (
            {"encoder": "custom"},
            None,
            r"encoder is 'custom', which is a module of your own, which only Python can give",
        ),
        ({}, 3, "encoder is 3, expected a function that makes a torch.nn.Module"),
    ],
)
def test_options_that_do_not_go_with_a_factory(
    toy_pairs: Pairs, options: dict[str, Any], factory: Any, message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        textsiam.train(toy_pairs, config=_custom_config(options), encoder=factory)


def test_a_factory_without_a_name_stays_in_its_process(toy_pairs: Pairs, toy_dev: Pairs) -> None:
    config = _custom_config({"epochs": 1})
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config, encoder=lambda size: _larger(size - 1))
    with pytest.raises(OptionError, match=r"cannot be sent to other processes .* or take one process"):
        model.encode(["a", "b"], workers=2)


class Tied(nn.Module):
    """A mean of embeddings and of the same ones turned, under two names."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.tokens, self.turn = nn.Embedding(size, 6, padding_idx=0), nn.Linear(6, 6, bias=False)
        self.again = nn.Embedding(size, 6, padding_idx=0)
        self.again.weight = self.tokens.weight

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        sum_BD: torch.Tensor = (self.turn(self.tokens(ids_BT)) + self.again(ids_BT)).sum(1)
        return sum_BD / lengths_B.clamp(min=1)[:, None]


def test_tied_weights_are_kept_in_a_checkpoint(
    toy_pairs: Pairs, toy_dev: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, out = _custom_config({"averaging": 0.9, "epochs": 1}), tmp_path / "m"
    whole = textsiam.train(toy_pairs, dev=toy_dev, config=config, encoder=Tied)
    _stop_after_step_3(monkeypatch, toy_pairs, toy_dev, config=config, encoder=Tied, out=out)
    textsiam.train(toy_pairs, dev=toy_dev, config=config, encoder=Tied, out=out, resume=True)
    assert _bytes(textsiam.PairModel.load(out, encoder=Tied)) == _bytes(whole)


def test_weights_that_are_not_to_be_trained_stay(toy_pairs: Pairs, toy_dev: Pairs) -> None:
    def half_frozen(size: int) -> WeightedMean:
        module = WeightedMean(size)
        module.position.requires_grad = False
        return module

    model = textsiam.train(toy_pairs, dev=toy_dev, config=_custom_config({}), encoder=half_frozen)
    assert (model.weights["encoder.module.position"] == torch.linspace(0, 1, 128).numpy()).all()


def test_without_anything_given_nothing_changes() -> None:
    config = TrainConfig()
    assert Origin.of(None, None, None) == Origin()
    assert Origin().options(None) == config
    Origin().check(config, None)
    assert Origin().vocabulary() is None
