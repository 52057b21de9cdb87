"""``textsiam train --init`` and ``--vectors``."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

import textsiam
from tests.cli.conftest import SMALL, Run, write_pairs
from tests.training.conftest import TOPICS, make_rows
from tests.training.encoders.test_custom import WeightedMean
from textsiam.model.weights import EMBEDDING
from textsiam.training.presets import PRESETS

STILL = ("--epochs", 1, "--batch-size", 32, "--learning-rate", 1e-8, "--device", "cpu", "--threads", 1)


def test_a_model_alone_says_what_is_trained(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs, out = write_pairs(tmp_path / "pairs.csv", 96, start=3000), tmp_path / "m"
    result = run("train", pairs, "--out", out, "--init", model_folder, *STILL)
    assert result.code == 0
    assert "init: encoder and head taken over" in result.err
    model, first = textsiam.PairModel.load(out), textsiam.PairModel.load(model_folder)
    assert model.architecture == first.architecture
    assert model.tokenizer.proto == first.tokenizer.proto
    assert np.abs(model.weights[EMBEDDING] - first.weights[EMBEDDING]).max() < 1e-5
    kept = tomllib.loads((out / "train.toml").read_text("utf-8"))
    assert kept["reading"] == {"init": str(model_folder)}
    again = run("train", pairs, "--out", tmp_path / "again", "--config", out / "train.toml")
    assert again.code == 0
    assert (tmp_path / "again" / "weights.safetensors").read_bytes() == (out / "weights.safetensors").read_bytes()


def test_presets_go_on_from_a_model_without_ngrams(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 96)
    for preset in PRESETS:
        out = tmp_path / preset
        assert run("train", pairs, "--out", out, "--init", model_folder, "--preset", preset, *STILL).code == 0
        model = textsiam.PairModel.load(out)
        assert model.architecture == textsiam.PairModel.load(model_folder).architecture
        assert tomllib.loads((out / "train.toml").read_text("utf-8"))["dropout"] == PRESETS[preset]["dropout"]


def test_a_model_in_the_toml_file_and_another_head(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 96)
    (tmp_path / "c.toml").write_text(f'head = "cosine"\n[reading]\ninit = "{model_folder.as_posix()}"\n', "utf-8")
    result = run("train", pairs, "--out", tmp_path / "m", "--config", tmp_path / "c.toml", *STILL)
    assert result.code == 0
    assert "init: encoder taken over, the head starts anew" in result.err
    assert textsiam.PairModel.load(tmp_path / "m").architecture.head == "cosine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--init", "{model}", "--dim", 8), "dim is 8, but the model to go on from (--init) has 16"),
        (
            ("--init", "{model}", "--encoder", "lstm"),
            "encoder is 'lstm', but the model to go on from (--init) has 'bag'",
        ),
        (("--init", "{model}", "--vectors", "{vectors}"), "vectors (--vectors) and init (--init) are given"),
        (("--init", "{model}", "--vocab", "{model}/vocabulary.model"), "init (--init) brings its own"),
        (("--init", "{model}", "--vocabulary-type", "bpe"), "vocabulary_type is 'bpe', but that of init is given"),
        (("--init", "nowhere"), "nowhere"),
        (("--vectors", "{vectors}"), "dim is 128, but the vectors of"),
        (("--vectors", "none.vec"), "none.vec: does not exist"),
        (("--freeze-vectors",), "freeze_vectors is true, but there are no vectors (--vectors)"),
        (
            ("--encoder", "custom"),
            "encoder (--encoder) is 'custom', which is a module of your own, which only Python can",
        ),
    ],
)
def test_what_does_not_go_together_is_one_line(
    run: Run, tmp_path: Path, model_folder: Path, options: tuple[object, ...], message: str
) -> None:
    pairs, vectors = write_pairs(tmp_path / "pairs.csv", 64), tmp_path / "v.txt"
    vectors.write_text("apple 1 2 3\n", encoding="utf-8")
    filled = [str(option).format(model=model_folder, vectors=vectors) for option in options]
    result = run("train", pairs, "--out", tmp_path / "m", *filled)
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "m").exists()


def test_vectors_of_a_file(run: Run, tmp_path: Path) -> None:
    pairs, vectors = write_pairs(tmp_path / "pairs.csv", 128), tmp_path / "v.txt"
    lines = [f"{topic} {' '.join(str((n + k) % 5) for k in range(8))}\n" for n, topic in enumerate(TOPICS)]
    vectors.write_text("8 8\n" + "".join(lines), encoding="utf-8")
    result = run("train", pairs, "--out", tmp_path / "m", "--vectors", vectors, "--freeze-vectors", *SMALL)
    assert result.code == 0
    assert "word vectors: " in result.err
    assert "not trained" in result.out


def test_a_preset_leaves_out_what_does_not_go_with_vectors(run: Run, tmp_path: Path) -> None:
    pairs, vectors = write_pairs(tmp_path / "pairs.csv", 128), tmp_path / "v.txt"
    vectors.write_text("".join(f"{topic} 1 2 3 4 5 6 7 8\n" for topic in TOPICS), encoding="utf-8")
    start = ("train", pairs, "--out", tmp_path / "m", "--vectors", vectors, "--preset", "fast", *SMALL)
    result = run(*start)
    assert result.code == 0, result.err
    assert "word vectors: " in result.err
    result = run(*start, "--overwrite", "--char-ngrams", "3")
    assert result.code == 2
    assert "char_ngrams is '3', but what tokens start from is in the vectors" in result.err


def test_a_model_with_an_encoder_of_its_makers_own_is_for_python(run: Run, tmp_path: Path) -> None:
    config = textsiam.TrainConfig(epochs=1, batch_size=32, vocabulary_size=100, threads=1, head_units=8)
    out, pairs = tmp_path / "m", write_pairs(tmp_path / "pairs.csv", 64)
    textsiam.train(make_rows(128), dev=make_rows(64), config=config, encoder=WeightedMean, out=out)
    for command in (
        ("score", out, "a", "b"),
        ("shrink", out, "--out", tmp_path / "small"),
        ("evaluate", out, pairs),
        ("train", pairs, "--init", out, "--out", tmp_path / "n"),
    ):
        result = run(*command)
        assert result.code == 2
        assert "class WeightedMean; give what makes it, in Python" in result.err
    result = run("train", pairs, "--config", out / "train.toml", "--out", tmp_path / "n")
    assert result.code == 2
    assert "only Python can give" in result.err
