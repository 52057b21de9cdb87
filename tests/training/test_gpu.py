"""What a GPU trains and computes, where there is one."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import textsiam
from tests.model.making import fitting
from tests.training.conftest import make_chains, make_rows
from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import ModelFolderError
from textsiam.training.config import TrainConfig
from textsiam.training.distill_config import DistillConfig
from textsiam.training.loss_rules import HEAD_LOSSES

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")

ENCODERS: list[dict[str, Any]] = [
    {"encoder": "bag"},
    {"encoder": "bag", "ngrams": 2, "weighting": "sif"},
    {"encoder": "cnn"},
    {"encoder": "gru", "bidirectional": True, "pooling": "attention"},
    {"encoder": "lstm", "pooling": "last"},
    {"encoder": "lstm", "bidirectional": True, "pooling": "max", "ngrams": 2, "ngram_dropout": 0.5},
    {"encoder": "lstm", "layers": 2, "pooling": "mean", "char_ngrams": "3,4"},
    {"encoder": "transformer"},
]
PIECES: list[dict[str, Any]] = [
    {"averaging": 0.9, "word_dropout": 0.1, "label_smoothing": 0.1},
    {"subword_sampling": 0.2, "balanced": True},
    {"implied": 0.2},
    {"hard_negatives": 0.2},
    {"loss": "bce+in_batch:0.1"},
]
TF32 = 1e-3  # cuDNN multiplies fp32 numbers of an LSTM or GRU with 10 bits of precision, torch's default
EVERY_LOSS = [(head, loss) for head, losses in HEAD_LOSSES.items() for loss in losses]


def _named(options: object) -> str:
    return "-".join(map(str, options.values())) if isinstance(options, dict) else str(options)


def _on_gpu(config: TrainConfig, **options: Any) -> TrainConfig:
    return TrainConfig(**fitting({**dataclasses.asdict(config), "device": "cuda", **options}))


def _weights(model: textsiam.PairModel) -> dict[str, bytes]:
    return {name: value.tobytes() for name, value in model.weights.items()}


def _scores(model: textsiam.PairModel, pairs: Pairs) -> Array:
    return model.score_pairs(list(zip(pairs.text_a, pairs.text_b, strict=True)))


@pytest.mark.parametrize("options", ENCODERS, ids=_named)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_encoder_learns_and_comes_out_the_same_again(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, options: dict[str, Any], precision: str
) -> None:
    config = _on_gpu(toy_config, precision=precision, epochs=10, **options)
    models = [textsiam.train(toy_pairs, dev=toy_dev, config=config) for _ in range(2)]
    assert _weights(models[0]) == _weights(models[1])
    assert max(record["roc_auc"] for record in models[0].details["history"]) > 0.7
    assert models[0].details["precision"] == precision
    assert torch.cuda.get_device_name() in models[0].card


@pytest.mark.parametrize("options", ENCODERS, ids=_named)
def test_numpy_and_the_gpu_give_the_same(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, options: dict[str, Any], tmp_path: Path
) -> None:
    config = _on_gpu(toy_config, epochs=1, **options)
    textsiam.train(toy_pairs, dev=toy_dev, config=config, out=tmp_path / "m")
    plain, there = (textsiam.PairModel.load(tmp_path / "m", device=device) for device in (None, "cuda"))
    np.testing.assert_allclose(_scores(there, toy_dev), _scores(plain, toy_dev), atol=TF32)
    texts = list(toy_dev.text_a)
    np.testing.assert_allclose(there.encode(texts), plain.encode(texts), atol=TF32)
    rounded = textsiam.PairModel.load(tmp_path / "m", device="cuda", precision="bf16")
    np.testing.assert_allclose(_scores(rounded, toy_dev), _scores(plain, toy_dev), atol=0.05)


@pytest.mark.parametrize(("head", "loss"), EVERY_LOSS, ids=_named)
def test_every_head_and_loss(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, head: str, loss: str, tmp_path: Path
) -> None:
    config = _on_gpu(toy_config, head=head, loss=loss, precision="auto")
    models = [textsiam.train(toy_pairs, dev=toy_dev, config=config, out=tmp_path / name) for name in "ab"]
    assert _weights(models[0]) == _weights(models[1])
    assert np.isfinite(_scores(models[0], toy_dev)).all()
    there = textsiam.PairModel.load(tmp_path / "a", device="cuda")
    np.testing.assert_allclose(_scores(there, toy_dev), _scores(models[0], toy_dev), atol=TF32)


@pytest.mark.parametrize("options", PIECES, ids=_named)
def test_pieces_of_training(toy_config: TrainConfig, options: dict[str, Any]) -> None:
    pairs, dev = Pairs.from_rows([*make_chains(), *make_rows(96)]), Pairs.from_rows(make_rows(64, start=1000))
    config = _on_gpu(toy_config, precision="auto", **options)
    models = [textsiam.train(pairs, dev=dev, config=config) for _ in range(2)]
    assert _weights(models[0]) == _weights(models[1])
    assert np.isfinite(_scores(models[0], dev)).all()


def test_pretraining(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    texts = [f"a {word} of {number}" for word in ("bird", "cloud", "drum") for number in range(60)]
    config = _on_gpu(toy_config, precision="auto")
    models = [textsiam.train(toy_pairs, dev=toy_dev, config=config, texts=texts) for _ in range(2)]
    assert _weights(models[0]) == _weights(models[1])


def test_a_stopped_run_goes_on_to_the_same_weights(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: textsiam.PairModel, folder: object) -> None:
        raise ModelFolderError("no space left")

    config = _on_gpu(toy_config)
    with monkeypatch.context() as patched:
        patched.setattr(textsiam.PairModel, "save", full)
        with pytest.raises(ModelFolderError, match="no space left"):
            textsiam.train(toy_pairs, dev=toy_dev, config=config, out=tmp_path / "m")
    model = textsiam.train(toy_pairs, dev=toy_dev, config=config, out=tmp_path / "m", resume=True)
    assert _weights(model) == _weights(textsiam.train(toy_pairs, dev=toy_dev, config=config))


def test_distillation_from_a_larger_model(
    toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = _on_gpu(toy_config, head="alignment", epochs=10)
    textsiam.train(toy_pairs, dev=toy_dev, config=teacher, out=tmp_path / "teacher")
    config = DistillConfig(**fitting({**dataclasses.asdict(_on_gpu(toy_config)), "extra_pairs": 0.25, "epochs": 10}))
    loaded: list[textsiam.PairModel] = []
    load = textsiam.PairModel.load

    def seen(folder: Path, **options: Any) -> textsiam.PairModel:
        loaded.append(load(folder, **options))
        return loaded[-1]

    with monkeypatch.context() as patched:
        patched.setattr(textsiam.PairModel, "load", seen)
        models = [textsiam.distill(toy_pairs, tmp_path / "teacher", dev=toy_dev, config=config) for _ in range(2)]
    assert [model.device for model in loaded] == ["cuda", "cuda"]
    assert _weights(models[0]) == _weights(models[1])
    assert max(record["roc_auc"] for record in models[0].details["history"]) > 0.7
