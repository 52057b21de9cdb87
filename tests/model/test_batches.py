from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.model.conftest import MakeModel
from textsiam.errors import DataError, OptionError
from textsiam.model.architecture import Architecture
from textsiam.model.batches import pairs_of_columns
from textsiam.model.pair_model import PairModel

A, B = ["how can i learn", "why is the sky blue", ""], ["learn python", "rain", "where"]


@pytest.fixture
def model(make_model: MakeModel) -> PairModel:
    return make_model(Architecture(encoder="bag", dim=8, head="mlp", head_units=6))


def test_a_column_of_probabilities_comes_of_two_of_texts(model: PairModel) -> None:
    scored = model.score_batch({"text_a": A, "text_b": B, "id": [1, 2, 3]})
    assert list(scored) == ["probability"]
    assert scored["probability"].dtype == np.float32
    assert scored["probability"].tobytes() == model.score_pairs(zip(A, B, strict=True)).tobytes()
    named = model.score_batch({"question1": A, "text_a": B, "question2": B}, text_a="question1", text_b="question2")
    assert named["probability"].tobytes() == scored["probability"].tobytes()
    moved = model.score_batch({"text_a": A, "text_b": B}, prior=0.01)["probability"]
    assert moved.tobytes() == model.score_pairs(zip(A, B, strict=True), prior=0.01).tobytes()
    assert model.score_batch({"text_a": [], "text_b": []})["probability"].shape == (0,)


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda texts: np.array(texts, dtype=object), iter])
def test_columns_are_lists_or_arrays(kind: Any) -> None:
    assert pairs_of_columns({"text_a": kind(A), "text_b": kind(B)}, "text_a", "text_b") == list(zip(A, B, strict=True))


def test_columns_may_be_called_by_numbers() -> None:
    assert pairs_of_columns({0: A, "b": B}, "0", "b") == list(zip(A, B, strict=True))
    with pytest.raises(DataError, match="more than one column is called '0'"):
        pairs_of_columns({0: A, "0": A, "b": B}, "0", "b")
    wrong: list[Any] = [0, None, ["text_a"]]
    for name in wrong:
        with pytest.raises(OptionError, match=rf"text_a is {re.escape(repr(name))}, expected the name of a column"):
            pairs_of_columns({0: A, 1: B}, name, "1")
    with pytest.raises(OptionError, match="text_b is 1, expected the name of a column as a str, such as '1'"):
        pairs_of_columns({0: A, 1: B}, "0", 1)  # type: ignore[arg-type] # the mistake


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (
            {"question1": A, "question2": B},
            "there is no column 'text_a'; the columns are: question1, question2; name the one that holds the texts "
            r"with text_a=",
        ),
        # the column that is in use already is not meant, though its name is as near
        ({"text_a": A, "text_0": B}, r"there is no column 'text_b' \(did you mean 'text_0'\?\); the columns are"),
        ({"text_b": A, "text_0": B}, r"there is no column 'text_a' \(did you mean 'text_0'\?\); the columns are"),
        ({"text_a": A, 5: B}, r"there is no column 'text_b'; the columns are: text_a, 5; name"),
        ({"text_a": A}, "there is no column 'text_b'; the columns are: text_a; name"),
        ({}, "there is no column 'text_a'; the columns are: none"),
        ({"text_a": A, "text_b": ["x", None, "y"]}, r"column 'text_b' has None in row 1 \(of this batch, from 0\)"),
        ({"text_a": [1, 2, 3], "text_b": B}, r"column 'text_a' has 1 in row 0 .* expected a text \(str\)"),
        ({"text_a": np.array([1.5, np.nan, 2]), "text_b": B}, "column 'text_a' has 1.5 in row 0"),
        ({"text_a": A, "text_b": B[:2]}, "columns 'text_a' and 'text_b' have 3 and 2 rows, expected as many"),
    ],
)
def test_bad_columns_are_refused_with_their_place(model: PairModel, batch: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        model.score_batch(batch)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"text_a": "one", "text_b": "two"}, r"column 'text_a' is 'one', expected many texts; .*batched=True"),
        ({"text_a": 3, "text_b": B}, "column 'text_a' is 3, expected many texts"),
        (list(zip(A, B, strict=True)), "batch is .* of type list, expected columns.*; score_pairs takes rows"),
        ("text", "batch is 'text' of type str, expected columns"),
        (None, "batch is None of type NoneType, expected columns"),
    ],
)
def test_what_has_no_columns_is_refused(model: PairModel, batch: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        model.score_batch(batch)


def test_raw_scores_of_vectors_are_those_before_calibration(model: PairModel, make_model: MakeModel) -> None:
    u, v = model.encode(A), model.encode(B)
    raw = model.compare_raw(u, v)
    assert raw == pytest.approx(model.score_details(zip(A, B, strict=True)).raw, abs=1e-6)
    assert model.compare_vectors(u, v).tobytes() == model.calibration.probability(raw).tobytes()
    alignment = make_model(Architecture(encoder="bag", dim=4, head="alignment", head_units=7, alignment_units=5))
    with pytest.raises(OptionError, match="compares the tokens of texts, not vectors"):
        alignment.compare_raw(u, v)
