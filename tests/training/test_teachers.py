from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.model.making import random_weights
from tests.training.conftest import make_rows
from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import DataError, OptionError
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import Vocabulary, build_vocabulary
from textsiam.training import teachers
from textsiam.training.corpus import TokenizedPairs, tokenize_pairs
from textsiam.training.distill_config import LOGITS, VECTORS, DistillConfig
from textsiam.training.teachers import Teacher, TextsByNumber, as_logits, open_teacher, pair_logits, text_vectors

CONFIG = DistillConfig()


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    rows = make_rows(40)
    return Pairs.from_rows([*rows, rows[3], (rows[3][1], rows[3][0], 0.0), ("", "", 0.0)])


@pytest.fixture(scope="module")
def vocabulary(pairs: Pairs) -> Vocabulary:
    return build_vocabulary(pairs.texts(), size=60)


@pytest.fixture(scope="module")
def tokenized(pairs: Pairs, vocabulary: Vocabulary) -> TokenizedPairs:
    return tokenize_pairs(pairs, Tokenizer(vocabulary.proto, max_tokens=128))


def _lengths(pairs: list[tuple[str, str]]) -> list[float]:
    return [len(a) - 0.5 * len(b) for a, b in pairs]


def _teacher(answer: Callable[[list[Any]], Any]) -> Teacher:
    return Teacher(name="mine", fingerprint="", answer=answer)


def test_each_distinct_pair_is_asked_once_in_its_order(
    pairs: Pairs, tokenized: TokenizedPairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teachers, "AT_ONCE", 7)
    asked: list[tuple[str, str]] = []

    def answer(block: list[tuple[str, str]]) -> list[float]:
        assert len(block) <= 7
        asked.extend(block)
        return _lengths(block)

    texts = TextsByNumber(pairs, tokenized)
    logits = pair_logits(_teacher(answer), tokenized, texts, "logit", show_progress=False)
    assert logits.dtype == np.float32
    assert logits.tolist() == _lengths(list(zip(pairs.text_a, pairs.text_b, strict=True)))
    assert len(asked) == len(set(asked)) == 42


def test_each_distinct_text_is_asked_once(
    pairs: Pairs, tokenized: TokenizedPairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teachers, "AT_ONCE", 7)
    texts = TextsByNumber(pairs, tokenized)
    vectors = text_vectors(
        _teacher(lambda block: [[len(text), 1] for text in block]), len(tokenized.tokens), texts, show_progress=False
    )
    assert vectors.dtype == np.float32
    for index, side in ((tokenized.index_a, pairs.text_a), (tokenized.index_b, pairs.text_b)):
        assert vectors[index].tolist() == [[len(text), 1] for text in side]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda block: [0.0] * (len(block) - 1), r"float64 of shape \(41,\), expected numbers of shape \(42\)"),
        (lambda block: [[0.0]] * len(block), r"of shape \(42, 1\), expected numbers of shape \(42\), one row for each"),
        (lambda block: [0.0, math.nan] + [0.0] * (len(block) - 2), "in row 1 .from 0. that is not finite"),
        (lambda block: [1e300] * len(block), "not finite"),
        (lambda block: ["same"] * len(block), "mine gives <U4"),
        (lambda block: [[1], [1, 2]], "mine gives list"),
        (lambda block: None, "mine gives NoneType"),
    ],
)
def test_answers_that_are_no_logits(
    pairs: Pairs, tokenized: TokenizedPairs, answer: Callable[[list[Any]], Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        pair_logits(_teacher(answer), tokenized, TextsByNumber(pairs, tokenized), "logit", show_progress=False)
    assert "\n" not in str(caught.value)


def test_vectors_of_changing_dimension(
    pairs: Pairs, tokenized: TokenizedPairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teachers, "AT_ONCE", 70)
    with pytest.raises(DataError, match=r"of shape \(12, 12\), expected numbers of shape \(12, 70\), one row for each"):
        text_vectors(
            _teacher(lambda block: np.zeros((len(block), len(block)))),
            82,
            TextsByNumber(Pairs.from_rows(make_rows(41)), _all_different(41)),
            show_progress=False,
        )


def _all_different(count: int) -> TokenizedPairs:
    numbers: Array = np.arange(count)
    tokens = tokenize_pairs(Pairs.from_rows(make_rows(2)), _tokenizer()).tokens
    return TokenizedPairs(tokens, numbers, numbers + count, np.zeros(count, np.float32))


def _tokenizer() -> Tokenizer:
    return Tokenizer(build_vocabulary([a for a, _, _ in make_rows(40)], size=50).proto, max_tokens=8)


def test_probabilities_become_logits() -> None:
    teacher = Teacher(name="mine", fingerprint="")
    logits = as_logits(np.array([0.5, 0.9, 0.0, 1.0], np.float32), "probability", teacher)
    assert logits[:2].tolist() == pytest.approx([0.0, math.log(9)], abs=1e-5)
    assert logits[2:].tolist() == pytest.approx([-math.log(1e6), math.log(1e6)], rel=1e-4)
    with pytest.raises(DataError, match=r"mine gives probabilities from -1 to 0\.5, expected 0 to 1; if they"):
        as_logits(np.array([0.5, -1.0], np.float32), "probability", teacher)


def _model(vocabulary: Vocabulary, seed: int = 0) -> PairModel:
    architecture = Architecture(encoder="bag", dim=4, head="cosine")
    size = Tokenizer(vocabulary.proto, max_tokens=8).size
    return PairModel(
        architecture=architecture,
        vocabulary=vocabulary.proto,
        weights=random_weights(architecture, size, seed=seed),
        calibration=Calibration(slope=3.0, intercept=-1.0, prior=0.5),
    )


def test_a_models_logits_are_calibrated_and_moved_to_the_share_of_the_labels(vocabulary: Vocabulary) -> None:
    model, asked = _model(vocabulary), [("what about the apple", "tell me of bread"), ("a", "a")]
    teacher = open_teacher(model, LOGITS, CONFIG, 0.2)
    assert teacher.answer is not None
    for got, raw, left in zip(
        teacher.answer(asked),
        model.score_details(asked).raw.tolist(),
        open_teacher(model, LOGITS, CONFIG, None).answer(asked),  # type: ignore[misc] # a model answers
        strict=True,
    ):
        assert left == pytest.approx(3 * raw - 1, abs=1e-6)
        # odds of 1 : 1 become odds of 1 : 4
        assert got == pytest.approx(left + math.log(0.2 / 0.8), abs=1e-6)


def test_a_model_is_known_by_its_weights_and_its_folder_is_the_same(vocabulary: Vocabulary, tmp_path: Path) -> None:
    model = _model(vocabulary)
    model.save(tmp_path / "m")
    one, same, other = (open_teacher(m, VECTORS, CONFIG, None) for m in (model, tmp_path / "m", _model(vocabulary, 1)))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert one.answer is not None
    assert one.answer(["apple"]).tobytes() == model.encode(["apple"]).tobytes()


def test_several_models_give_the_mean_of_their_logits(vocabulary: Vocabulary, tmp_path: Path) -> None:
    models, asked = [_model(vocabulary, seed) for seed in (0, 1, 2)], [("what about the apple", "tell me of bread")] * 3
    models[2].save(tmp_path / "m")
    several = open_teacher([*models[:2], tmp_path / "m"], LOGITS, CONFIG, 0.2)
    alone = [open_teacher(model, LOGITS, CONFIG, 0.2) for model in models]
    assert several.answer is not None
    logits = [teacher.answer(asked) for teacher in alone if teacher.answer is not None]
    for got, *each in zip(several.answer(asked), *logits, strict=True):
        assert len(set(each)) == 3
        assert got == pytest.approx(sum(each) / 3, abs=1e-6)
    assert several.fingerprint not in {teacher.fingerprint for teacher in alone}
    assert several.fingerprint == open_teacher(tuple(models), LOGITS, CONFIG, 0.2).fingerprint
    with pytest.raises(OptionError, match="there are 3 teachers, whose vectors have nothing in common; give one, or"):
        open_teacher(models, VECTORS, CONFIG, None)
    with pytest.raises(OptionError, match=r"must all be models or model folders, but .*nowhere is none; leave it out$"):
        open_teacher([models[0], tmp_path / "nowhere"], LOGITS, CONFIG, None)
    with pytest.raises(OptionError, match=r"teacher is \[\], expected a PairModel, a model folder, a file"):
        open_teacher([], LOGITS, CONFIG, None)


def test_what_is_no_teacher(vocabulary: Vocabulary, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="teacher is 3, expected a PairModel"):
        open_teacher(3, LOGITS, CONFIG, None)
    with pytest.raises(OptionError, match="a PairModel's logits are taken; leave it out"):
        open_teacher(_model(vocabulary), LOGITS, DistillConfig(teacher_output="probability"), None)
    with pytest.raises(DataError, match=r"nothing.npy"):
        open_teacher(tmp_path / "nothing.npy", LOGITS, CONFIG, None)
