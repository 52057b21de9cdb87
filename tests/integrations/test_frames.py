from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict, Value

from tests.training.conftest import make_rows
from textsiam.arrays import Array
from textsiam.errors import DataError, OptionError
from textsiam.index.duplicates import find_duplicates
from textsiam.model.pair_model import PairModel

ROWS = make_rows(50)
COLUMNS = {"text_a": [a for a, _, _ in ROWS], "text_b": [b for _, b, _ in ROWS], "id": list(range(50))}


@pytest.fixture(scope="module")
def expected(topic_model: PairModel) -> Array:
    return topic_model.score_pairs([row[:2] for row in ROWS])


def test_a_dataset_gets_a_column_of_probabilities(topic_model: PairModel, expected: Array) -> None:
    scored = Dataset.from_dict(COLUMNS).map(topic_model.score_batch, batched=True, batch_size=16)
    assert scored.column_names == ["text_a", "text_b", "id", "probability"]
    assert scored.features["probability"] == Value("float32")
    assert np.abs(np.array(scored["probability"], dtype=np.float32) - expected).max() < 1e-6


@pytest.mark.parametrize("kind", ["numpy", "pandas", "polars", "arrow"])
def test_a_dataset_in_any_format_is_scored(topic_model: PairModel, expected: Array, kind: str) -> None:
    dataset = Dataset.from_dict(COLUMNS).with_format(kind)
    assert np.abs(topic_model.score_batch(dataset[:])["probability"] - expected).max() < 1e-6
    scored = dataset.map(topic_model.score_batch, batched=True, batch_size=16).with_format(None)
    assert np.abs(np.array(scored["probability"]) - expected).max() < 1e-6


def test_columns_of_other_names_are_given(topic_model: PairModel, expected: Array) -> None:
    dataset = Dataset.from_dict(COLUMNS).rename_columns({"text_a": "question1", "text_b": "question2"})
    score = partial(topic_model.score_batch, text_a="question1", text_b="question2")
    assert score(dataset)["probability"].tobytes() == expected.tobytes()
    names = {"text_a": "question1", "text_b": "question2"}
    by_options = dataset.map(topic_model.score_batch, batched=True, fn_kwargs=names)
    by_partial = dataset.map(score, batched=True)
    assert by_options["probability"][:] == by_partial["probability"][:] == pytest.approx(expected, abs=1e-6)


def test_a_dict_of_datasets_and_a_stream_are_scored(topic_model: PairModel, expected: Array) -> None:
    both = DatasetDict({"train": Dataset.from_dict(COLUMNS), "test": Dataset.from_dict(COLUMNS)})
    scored = both.map(topic_model.score_batch, batched=True)
    assert scored["test"]["probability"][:] == pytest.approx(expected, abs=1e-6)
    stream = Dataset.from_dict(COLUMNS).to_iterable_dataset().map(topic_model.score_batch, batched=True, batch_size=7)
    assert [row["probability"] for row in stream] == pytest.approx(expected, abs=1e-6)


def test_processes_share_a_dataset(topic_model: PairModel, expected: Array) -> None:
    scored = Dataset.from_dict(COLUMNS).map(topic_model.score_batch, batched=True, num_proc=2)
    assert scored["probability"][:] == pytest.approx(expected, abs=1e-6)


def test_what_was_scored_is_found_again(topic_model: PairModel, tmp_path: Path) -> None:
    # datasets keeps results by a hash of the function: of the weights and the calibration, that is, and no more
    topic_model.save(tmp_path / "model")
    Dataset.from_dict(COLUMNS).to_parquet(tmp_path / "pairs.parquet")

    def scored(model: PairModel) -> Any:
        dataset = Dataset.from_parquet(str(tmp_path / "pairs.parquet"), cache_dir=str(tmp_path / "cache"))
        return dataset.map(model.score_batch, batched=True)

    first, again = scored(PairModel.load(tmp_path / "model")), scored(PairModel.load(tmp_path / "model"))
    assert first.cache_files == again.cache_files
    other = PairModel.load(tmp_path / "model")
    other.weights["encoder.embedding.weight"] = other.weights["encoder.embedding.weight"] + 1
    assert scored(other).cache_files != first.cache_files


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS, index=range(100, 150)).astype({"text_a": "string", "text_b": "category"}),
        pl.DataFrame(COLUMNS),
        pa.table(COLUMNS),
    ],
    ids=["pandas", "pandas-string", "polars", "pyarrow"],
)
def test_frames_are_scored(topic_model: PairModel, expected: Array, frame: Any) -> None:
    assert topic_model.score_batch(frame)["probability"].tobytes() == expected.tobytes()


def test_a_pandas_frame_takes_the_column(topic_model: PairModel, expected: Array) -> None:
    frame = pd.DataFrame(COLUMNS, index=range(100, 150))
    for scored in (
        frame.assign(**topic_model.score_batch(frame)),
        frame.assign(probability=topic_model.score_pairs(frame[["text_a", "text_b"]].to_numpy())),
    ):
        assert scored["probability"].dtype == np.float32
        assert scored["probability"].to_numpy().tobytes() == expected.tobytes()
        assert scored.index.tolist() == frame.index.tolist()


def test_a_polars_frame_takes_the_column(topic_model: PairModel, expected: Array) -> None:
    frame = pl.DataFrame(COLUMNS)
    for scored in (
        frame.with_columns(**{name: pl.Series(values) for name, values in topic_model.score_batch(frame).items()}),
        frame.with_columns(probability=pl.Series(topic_model.score_pairs(frame.select("text_a", "text_b").rows()))),
    ):
        assert scored["probability"].dtype == pl.Float32
        assert scored["probability"].to_numpy().tobytes() == expected.tobytes()


def test_columns_that_are_called_by_numbers_are_found(topic_model: PairModel, expected: Array) -> None:
    frame = pd.DataFrame(list(zip(*COLUMNS.values(), strict=True)))
    assert frame.columns.tolist() == list(range(len(COLUMNS)))
    a, b = (str(list(COLUMNS).index(name)) for name in ("text_a", "text_b"))
    assert topic_model.score_batch(frame, text_a=a, text_b=b)["probability"].tobytes() == expected.tobytes()
    with pytest.raises(OptionError, match="text_a is 0, expected the name of a column as a str, such as '0'"):
        topic_model.score_batch(frame, text_a=0, text_b=1)  # type: ignore[arg-type] # the mistake


def test_a_frame_that_is_not_read_yet_is_refused(topic_model: PairModel) -> None:
    with pytest.raises(OptionError, match=r"batch is a LazyFrame, whose rows are not read yet; give batch\.collect"):
        topic_model.score_batch(pl.LazyFrame(COLUMNS))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"text_a": ["x", "y"], "text_b": ["x", None]}), "column 'text_b' has (nan|None) in row 1"),
        (pd.DataFrame({"text_a": ["x", pd.NA], "text_b": ["x", "y"]}, dtype="string"), "'text_a' has <NA> in row 1"),
        (pl.DataFrame({"text_a": ["x", "y"], "text_b": [None, "x"]}), "column 'text_b' has None in row 0"),
        (pa.table({"text_a": ["x", "y"], "text_b": ["x", None]}), "column 'text_b' has None in row 1"),
        (pa.table({"text_a": [1, 2], "text_b": ["x", "y"]}), "column 'text_a' has 1 in row 0"),
        (pd.DataFrame([["x", "y"]], columns=["text_a", "text_a"]), "more than one column is called 'text_a'"),
        (pd.DataFrame({"q1": ["x"], "q2": ["y"]}), "the columns are: q1, q2"),
        (pd.DataFrame([["x", "y"]]), "the columns are: 0, 1"),
        (pl.DataFrame({"q1": ["x"], "q2": ["y"]}), "the columns are: q1, q2"),
        (pa.table({"q1": ["x"], "q2": ["y"]}), "the columns are: q1, q2"),
    ],
)
def test_bad_frames_are_refused_with_their_place(topic_model: PairModel, frame: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        topic_model.score_batch(frame)


def test_a_bad_dataset_is_refused_with_its_place(topic_model: PairModel) -> None:
    dataset = Dataset.from_dict({"text_a": ["x", "y"], "text_b": ["x", None]})
    with pytest.raises(DataError, match="column 'text_b' has None in row 1"):
        dataset.map(topic_model.score_batch, batched=True)
    with pytest.raises(DataError, match="there is no column 'text_a'; the columns are: q1, q2"):
        Dataset.from_dict({"q1": ["x"], "q2": ["y"]}).map(topic_model.score_batch, batched=True)
    with pytest.raises(OptionError, match="batched=True"):
        dataset.map(topic_model.score_batch)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_a_frame_is_no_list_of_texts_and_no_list_of_pairs(topic_model: PairModel, kind: Any) -> None:
    frame = kind({"text_a": ["x", "y"], "text_b": ["x", "z"]})
    for call in (topic_model.encode, topic_model.inspect, partial(find_duplicates, model=topic_model, threshold=0.9)):
        with pytest.raises(OptionError, match=r"^texts is a table \(DataFrame\)"):
            call(frame)
    with pytest.raises(OptionError, match=r"pairs is a table \(DataFrame\); score its columns with score_batch"):
        topic_model.score_pairs(frame)
