from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import textsiam
from tests.model.making import fitting
from tests.training.conftest import TOPICS, make_rows
from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import DataError, ModelFolderError, OptionError, TrainingError
from textsiam.training.config import TrainConfig
from textsiam.training.distill_config import DistillConfig
from textsiam.training.loop import TrainingLoop

VECTOR_OF = dict(zip(TOPICS, np.random.default_rng(3).normal(size=(8, 12)), strict=True))


def knows_topics(pairs: list[tuple[str, str]]) -> list[float]:
    topics = [[next(word for word in TOPICS if word in text) for text in pair] for pair in pairs]
    return [4.0 if a == b else -4.0 for a, b in topics]


def topic_vectors(texts: list[str]) -> Array:
    return np.stack([sum(vector * (word in text) for word, vector in VECTOR_OF.items()) for text in texts])


@pytest.fixture
def config(toy_config: TrainConfig) -> DistillConfig:
    # a bag learns in a fraction of a second
    return _with(DistillConfig(**dataclasses.asdict(toy_config)), encoder="bag", learning_rate=0.03)


def _with(config: DistillConfig, **options: object) -> DistillConfig:
    return DistillConfig(**fitting({**dataclasses.asdict(config), **options}))


def _weights(model: textsiam.PairModel) -> dict[str, bytes]:
    return {name: value.tobytes() for name, value in model.weights.items()}


def _best(model: textsiam.PairModel) -> float:
    return float(max(record["roc_auc"] for record in model.details["history"]))


def _unlabelled(pairs: Pairs) -> list[tuple[str, str]]:
    return [(a, b) for a, b, _ in pairs]


def _fails(self: textsiam.PairModel, folder: object) -> None:
    raise ModelFolderError("no space left")


@pytest.mark.parametrize("head", ["cosine", "euclidean", "manhattan", "mlp", "squared_euclidean"])
def test_every_head_learns_from_logits_alone(
    toy_pairs: Pairs, toy_dev: Pairs, config: DistillConfig, head: str
) -> None:
    student = _with(config, head=head, epochs=10)
    model = textsiam.distill(_unlabelled(toy_pairs), knows_topics, dev=toy_dev, config=student)
    assert _best(model) > 0.95
    assert model.details["train"]["label_mean"] is None
    assert "no labels" in model.card
    assert "distilled from | tests.training.test_distill.knows_topics: logits, weight 1" in model.card
    assert model.details["distilled"]["teacher_sha256"] is None
    assert model.details["distilled"]["output"] == "logit"
    assert model.details["parameters"] == sum(value.size for value in model.weights.values())


@pytest.mark.parametrize("head", ["cosine", "euclidean", "manhattan"])
def test_texts_are_learned_from_vectors_of_another_dimension(
    toy_pairs: Pairs, toy_dev: Pairs, config: DistillConfig, head: str, tmp_path: Path
) -> None:
    texts = [*toy_pairs.text_a, *toy_pairs.text_b, toy_pairs.text_a[0]]
    student = _with(config, head=head, epochs=10)
    model = textsiam.distill(texts, topic_vectors, dev=toy_dev, config=student)
    assert _best(model) > 0.95
    np.save(tmp_path / "vectors.npy", topic_vectors(texts).astype(np.float32))
    from_file = textsiam.distill(texts, tmp_path / "vectors.npy", dev=toy_dev, config=student)
    assert _weights(from_file) == _weights(model)


def test_labels_that_are_wrong_are_mended_by_a_teacher(toy_pairs: Pairs, toy_dev: Pairs, config: DistillConfig) -> None:
    wrong = Pairs.from_rows((a, b, 1 - label) for a, b, label in toy_pairs)
    student = _with(config, epochs=10)
    taught = textsiam.distill(wrong, knows_topics, dev=toy_dev, config=_with(student, teacher_weight=0.95))
    assert _best(taught) > 0.95
    assert _best(textsiam.train(wrong, dev=toy_dev, config=student)) < 0.6


def test_a_model_teaches_and_so_does_its_folder(
    toy_pairs: Pairs, toy_dev: Pairs, config: DistillConfig, tmp_path: Path
) -> None:
    teacher = textsiam.train(toy_pairs, dev=toy_dev, config=_with(config, epochs=6), out=tmp_path / "teacher")
    short = _with(config, epochs=1, extra_pairs=0.5, implied=0.1)
    model = textsiam.distill(toy_pairs, teacher, dev=toy_dev, config=short, out=tmp_path / "student")
    again = textsiam.distill(toy_pairs, tmp_path / "teacher", dev=toy_dev, config=short)
    assert _weights(model) == _weights(again)
    told = model.details["distilled"]
    assert told == again.details["distilled"]
    assert told["teacher"] == repr(teacher)
    assert told["extra_pairs"] == 128
    assert "and 128 pairs without a label" in model.card
    assert model.details["steps"] == -(-(256 + 128 + model.details["implied"]["pairs"]) // short.batch_size)
    assert DistillConfig.from_toml(tmp_path / "student" / "train.toml") == short
    assert sorted(path.name for path in (tmp_path / "student.run").iterdir()) == ["log.jsonl"]
    loaded = textsiam.PairModel.load(tmp_path / "student")
    assert loaded.score_pairs([("a b", "c")]).tobytes() == model.score_pairs([("a b", "c")]).tobytes()


def test_logits_of_a_file_are_those_of_the_function(
    toy_pairs: Pairs, toy_dev: Pairs, config: DistillConfig, tmp_path: Path
) -> None:
    short = _with(config, epochs=1)
    logits = knows_topics(_unlabelled(toy_pairs))
    np.save(tmp_path / "logits.npy", np.array(logits))
    (tmp_path / "logits.txt").write_text("".join(f"{x}\n" for x in logits), encoding="utf-8")
    whole = _weights(textsiam.distill(toy_pairs, knows_topics, dev=toy_dev, config=short))
    for name in ("logits.npy", "logits.txt"):
        assert _weights(textsiam.distill(toy_pairs, tmp_path / name, dev=toy_dev, config=short)) == whole


def test_the_card_tells_that_a_file_gave_probabilities(
    toy_pairs: Pairs, toy_dev: Pairs, config: DistillConfig, tmp_path: Path
) -> None:
    probabilities = 1 / (1 + np.exp(-np.array(knows_topics(_unlabelled(toy_pairs)))))
    np.save(tmp_path / "p.npy", probabilities)
    short = _with(config, epochs=1, teacher_output="probability")
    model = textsiam.distill(toy_pairs, tmp_path / "p.npy", dev=toy_dev, config=short)
    assert "logits of given probability values, weight 0.7" in model.card


def test_implied_pairs_of_which_a_file_says_nothing_have_their_labels_alone(
    toy_dev: Pairs, config: DistillConfig, tmp_path: Path
) -> None:
    rows = [(f"the {topic} {n}", f"the {topic} {n + 1}", 1.0) for topic in TOPICS for n in range(6)]
    rows += [(f"the {TOPICS[n % 8]} 0", f"the {TOPICS[(n + 1) % 8]} 0", 0.0) for n in range(20)]
    np.save(tmp_path / "logits.npy", np.zeros(len(rows)))
    short = _with(config, epochs=1, implied=0.3)
    model = textsiam.distill(rows, tmp_path / "logits.npy", dev=toy_dev, config=short)
    assert model.details["implied"]["pairs"] > 0
    assert all(np.isfinite(value).all() for value in model.weights.values())


def test_a_stopped_run_goes_on_to_the_same_weights_and_asks_nothing_again(
    toy_pairs: Pairs, toy_dev: Pairs, config: DistillConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def teacher(pairs: list[tuple[str, str]]) -> list[float]:
        asked.append(len(pairs))
        return knows_topics(pairs)

    student = _with(config, head="cosine", extra_pairs=0.2, epochs=2)
    whole = textsiam.distill(toy_pairs, teacher, dev=toy_dev, config=student)
    asked.clear()

    def stop_midway(loop: Any, log: Any) -> None:
        if loop.state.step == 12:
            raise KeyboardInterrupt
        original(loop, log)

    original = TrainingLoop._checkpoint
    with monkeypatch.context() as patched:
        patched.setattr("textsiam.training.loop.CHECKPOINT_SECONDS", -1.0)
        patched.setattr(TrainingLoop, "_checkpoint", stop_midway)
        with pytest.raises(textsiam.TrainingInterrupted):
            textsiam.distill(toy_pairs, teacher, dev=toy_dev, config=student, out=tmp_path / "m")
    assert len(asked) == 1
    assert (tmp_path / "m.run" / "teacher" / "outputs.npy").is_file()
    other = _with(student, teacher_weight=0.5)
    with pytest.raises(TrainingError, match="belongs to a run with other options or data"):
        textsiam.distill(toy_pairs, teacher, dev=toy_dev, config=other, out=tmp_path / "m", resume=True)
    model = textsiam.distill(toy_pairs, teacher, dev=toy_dev, config=student, out=tmp_path / "m", resume=True)
    assert _weights(model) == _weights(whole)
    assert len(asked) == 1


def test_another_teacher_does_not_go_on_with_a_stopped_run(
    toy_pairs: Pairs, toy_dev: Pairs, config: DistillConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = _with(config, epochs=1)
    with monkeypatch.context() as patched:
        patched.setattr(textsiam.PairModel, "save", _fails)
        with pytest.raises(ModelFolderError, match="no space left"):
            textsiam.distill(toy_pairs, knows_topics, dev=toy_dev, config=short, out=tmp_path / "m")

    def other(pairs: list[tuple[str, str]]) -> list[float]:
        return [0.0] * len(pairs)

    with pytest.raises(TrainingError, match="belongs to a run with other options or data"):
        textsiam.distill(toy_pairs, other, dev=toy_dev, config=short, out=tmp_path / "m", resume=True)


@pytest.mark.parametrize("head", ["euclidean", "mlp"])
def test_graded_dev_judges_what_is_learned_without_labels(toy_pairs: Pairs, config: DistillConfig, head: str) -> None:
    dev = Pairs.from_rows(((a, b, 5 * label) for a, b, label in make_rows(64, start=1000)), label_range=(0, 5))
    model = textsiam.distill(_unlabelled(toy_pairs), knows_topics, dev=dev, config=_with(config, head=head, epochs=4))
    assert "spearman" in model.details["history"][0]


def test_a_plain_config_takes_the_defaults(toy_pairs: Pairs, toy_dev: Pairs, toy_config: TrainConfig) -> None:
    plain = dataclasses.replace(toy_config, epochs=1)
    models = [
        textsiam.distill(toy_pairs, knows_topics, dev=toy_dev, config=config)
        for config in (plain, DistillConfig(**dataclasses.asdict(plain)))
    ]
    assert _weights(models[0]) == _weights(models[1])
    assert models[0].details["distilled"]["weight"] == 0.7


PAIRS, TEXTS = [("a b", "c"), ("d", "e")] * 20, ["a", "b c"] * 20


@pytest.mark.parametrize(
    ("items", "options", "message"),
    [
        (PAIRS, {"loss": "bce"}, "loss is 'bce', but has no use where the items have no labels; leave it out"),
        (PAIRS, {"teacher_weight": 0.5}, "teacher_weight is 0.5, but has no use where the items have no labels"),
        (PAIRS, {"implied": 0.5}, "implied is 0.5, but has no use where the items have no labels; leave it out"),
        (PAIRS, {"label_smoothing": 0.1}, "label_smoothing is 0.1, but has no use where the items have no labels"),
        (
            make_rows(64),
            {"target": "vectors", "teacher_weight": 1.0},
            "head 'mlp' has weights, which vectors alone do not train; .* or bring labels, with teacher_weight below 1",
        ),
        (TEXTS, {"target": "logits"}, "target is 'logits', which are of pairs, but the items are texts"),
        (TEXTS, {"head": "cosine", "extra_pairs": 0.5}, "extra_pairs is 0.5, but has no use where vectors are learned"),
        (TEXTS, {}, "head 'mlp' has weights, which vectors alone do not train; choose one of cosine, dot"),
        ([*PAIRS, ("a", "b", 1)], {}, r"pairs\[40\] has 3 parts, but the first has no label; label all or none"),
        ([*PAIRS, ("a", 3)], {}, r"pairs\[40\] is .* expected .text a, text b., both str"),
        ([*TEXTS, 3], {}, r"texts\[40\] is 3, expected a str"),
    ],
)
def test_items_and_options_that_do_not_go_together(
    toy_dev: Pairs, config: DistillConfig, items: list[Any], options: dict[str, object], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        textsiam.distill(items, knows_topics, dev=toy_dev, config=_with(config, **options))


def test_without_labels_dev_must_be_given(config: DistillConfig) -> None:
    with pytest.raises(OptionError, match=r"no labels to calibrate on; give dev \(--dev\), labelled pairs"):
        textsiam.distill(PAIRS, knows_topics, config=config)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.zeros(255), {}, r"float64 of shape \(255,\), expected numbers of shape \(256\), one row for each pair"),
        (np.zeros((256, 1)), {}, r"of shape \(256, 1\), expected numbers of shape \(256\)"),
        (np.array([*np.zeros(255), np.nan]), {}, r"row 255 \(from 0\) that is not finite"),
        (np.zeros(256), {"extra_pairs": 0.5}, "extra_pairs is 0.5, but has no use where the teacher is a file"),
        (np.zeros(256), {"implied": 0.5, "teacher_weight": 1}, "implied is 0.5, but has no use where the teacher is a"),
        (np.zeros((512, 3)), {"target": "vectors"}, "a file of vectors, which go with texts"),
    ],
)
def test_files_that_do_not_fit(
    toy_pairs: Pairs,
    toy_dev: Pairs,
    config: DistillConfig,
    tmp_path: Path,
    values: Array,
    options: dict[str, object],
    message: str,
) -> None:
    np.save(tmp_path / "t.npy", values)
    with pytest.raises((DataError, OptionError), match=message):
        textsiam.distill(toy_pairs, tmp_path / "t.npy", dev=toy_dev, config=_with(config, **options))


def test_a_file_does_not_go_with_pairs_of_which_some_are_set_aside(
    toy_pairs: Pairs, config: DistillConfig, tmp_path: Path
) -> None:
    np.save(tmp_path / "t.npy", np.zeros(256))
    with pytest.raises(OptionError, match=r"row i for pair i.* give dev \(--dev\)"):
        textsiam.distill(toy_pairs, tmp_path / "t.npy", config=config)
