from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import get_tags

from tests.training.conftest import TOPICS
from textsiam.errors import ModelFolderError, OptionError
from textsiam.integrations.text_encoder import TextEncoder
from textsiam.model.pair_model import PairModel

TEXTS = [f"what about the {topic} number {number}" for number in range(4) for topic in TOPICS]
ABOUT = [topic for _ in range(4) for topic in TOPICS]


@pytest.fixture
def folder(topic_model: PairModel, tmp_path: Path) -> Path:
    topic_model.save(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize(
    "of_texts",
    [
        list,
        tuple,
        np.array,
        lambda texts: np.array(texts, dtype=object),
        lambda texts: np.array(texts, dtype=object)[:, None],
        lambda texts: [[text] for text in texts],
        pd.Series,
        lambda texts: pd.Series(texts, dtype="string", index=range(5, 5 + len(texts))),
        pl.Series,
        lambda texts: pd.DataFrame({"text": texts}),
        lambda texts: pl.DataFrame({"text": texts}),
    ],
    ids=[
        *("list", "tuple", "texts", "objects", "table", "rows", "Series", "string-Series", "polars-Series"),
        *("DataFrame", "polars"),
    ],
)
def test_texts_come_in_many_kinds(topic_model: PairModel, of_texts: Any) -> None:
    encoder = TextEncoder(topic_model)
    vectors = encoder.fit_transform(of_texts(TEXTS))
    assert vectors.dtype == np.float32
    assert vectors.tobytes() == topic_model.encode(TEXTS).tobytes()
    assert encoder.n_features_in_ == 1


def test_a_folder_is_loaded_by_fit(topic_model: PairModel, folder: Path) -> None:
    encoder = TextEncoder(str(folder))
    assert clone(encoder).fit(TEXTS).transform(TEXTS).tobytes() == topic_model.encode(TEXTS).tobytes()
    assert not hasattr(encoder, "model_")
    assert TextEncoder(folder, device="cpu").fit(TEXTS).model_.device == "cpu"
    assert pickle.loads(pickle.dumps(encoder.fit(TEXTS))).transform(TEXTS).shape == (32, 16)


def test_vectors_can_have_length_one(topic_model: PairModel) -> None:
    vectors = TextEncoder(topic_model, normalize=True).fit(TEXTS).transform([*TEXTS, ""])
    lengths = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1))
    assert lengths[:-1] == pytest.approx(np.ones(32), abs=1e-6)
    assert lengths[-1] == 0
    plain = topic_model.encode(TEXTS[:2])
    cosine = float(plain[0] @ plain[1] / np.linalg.norm(plain[0]) / np.linalg.norm(plain[1]))
    assert float(vectors[0] @ vectors[1]) == pytest.approx(cosine, abs=1e-6)


@pytest.mark.parametrize(("kind", "module"), [("pandas", pd), ("polars", pl)])
def test_frames_come_out_where_they_are_asked_for(topic_model: PairModel, kind: str, module: Any) -> None:
    encoder = TextEncoder(topic_model).set_output(transform=kind).fit(TEXTS)
    frame = encoder.transform(TEXTS)
    assert isinstance(frame, module.DataFrame)
    assert list(frame.columns) == encoder.get_feature_names_out().tolist() == [f"textencoder{n}" for n in range(16)]
    assert frame.to_numpy() == pytest.approx(topic_model.encode(TEXTS))


def test_it_is_a_step_before_other_estimators(topic_model: PairModel) -> None:
    pipeline = make_pipeline(TextEncoder(topic_model), LogisticRegression(C=100))
    assert cross_val_score(pipeline, TEXTS, ABOUT, cv=2).mean() > 0.9
    search = GridSearchCV(pipeline, {"textencoder__normalize": [False, True]}, cv=2).fit(TEXTS, ABOUT)
    assert search.score(TEXTS, ABOUT) > 0.9


@pytest.mark.parametrize("column", ["text", ["text"]])
def test_it_takes_a_column_of_a_frame(topic_model: PairModel, column: Any) -> None:
    frame = pd.DataFrame({"lang": ["en", "de"] * 16, "text": TEXTS})
    columns = ColumnTransformer(
        [("language", OneHotEncoder(), ["lang"]), ("vectors", TextEncoder(topic_model), column)]
    )
    table = columns.fit_transform(frame)
    assert table[:, 2:] == pytest.approx(topic_model.encode(TEXTS))
    assert columns.get_feature_names_out()[[0, 2]].tolist() == ["language__lang_de", "vectors__textencoder0"]


def test_it_says_that_it_takes_texts(topic_model: PairModel) -> None:
    tags = get_tags(TextEncoder(topic_model))
    assert (tags.input_tags.string, tags.input_tags.one_d_array, tags.input_tags.two_d_array) == (True, True, False)
    assert tags.transformer_tags.preserves_dtype == []


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("one text", "X is one str, expected many str; put it into a list"),
        (np.array("abc"), r"X is array\('abc', dtype='<U3'\), an array of no dimension, expected many texts"),
        ({"text": TEXTS}, "X is a dict, expected a list or a table; make a DataFrame of it"),
        ({"a", "b"}, "X is a set, which has no order; make a list of it"),
        (["a", None], "X has None of type NoneType in row 1, column 0"),
        (pd.Series(["a", None]), "in row 1"),
        (pd.DataFrame({"text": ["a", "b"], "more": ["c", "d"]}), r"X has 2 columns \('text', 'more'\), expected one"),
        (pd.DataFrame({"text": ["a", 3]}), "X has 3 of type int in row 1, column 'text'"),
        ([], "0 sample"),
    ],
)
def test_bad_texts_are_refused_with_their_place(topic_model: PairModel, X: Any, message: str) -> None:
    for call in (TextEncoder(topic_model).fit, TextEncoder(topic_model).fit_transform):
        with pytest.raises(ValueError, match=message):
            call(X)


def test_bad_models_are_refused(topic_model: PairModel, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="model is None, expected a PairModel or the folder of one"):
        TextEncoder(None).fit(TEXTS)  # type: ignore[arg-type]
    with pytest.raises(ModelFolderError, match="nowhere"):
        TextEncoder(tmp_path / "nowhere").fit(TEXTS)
    with pytest.raises(OptionError, match="device is 'cpu', but model is loaded already"):
        TextEncoder(topic_model, device="cpu").fit(TEXTS)
    with pytest.raises(NotFittedError):
        TextEncoder(topic_model).transform(TEXTS)
