"""OnnxPairModel in a model's place: vectors, searches and indexes."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, cast

import datasets
import numpy as np
import pytest

import textsiam
from tests.integrations.onnx_cases import model_of
from textsiam.data.sample import sample_rows
from textsiam.errors import DataError, OptionError
from textsiam.integrations.onnx import OnnxPairModel, export_onnx
from textsiam.model.architecture import VECTOR_HEADS
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel

HEADS = [*VECTOR_HEADS, "alignment"]
TEXTS = sorted({text for row in sample_rows(220) for text in row[:2]})[:150]


def texts_for(head: str) -> list[str]:
    """Give texts of which pairs are missed if neighbours are approximate, which up to 101 look at one another."""
    assert len(TEXTS) == 150
    return TEXTS[::3] if head == "alignment" else TEXTS  # comparing tokens takes long


def both(folder: Path, options: dict[str, Any]) -> tuple[PairModel, OnnxPairModel]:
    """Give a model and its export."""
    model = model_of(options, calibration=Calibration(slope=4.0))
    return model, OnnxPairModel.load(export_onnx(model, folder / "onnx").folder, threads=1)


def threshold_of(model: PairModel, pairs: list[tuple[str, str]], count: int) -> float:
    """Give a threshold that so many pairs reach, where rounding decides nothing."""
    probabilities = np.sort(model.score_pairs(pairs))[::-1]
    gaps = probabilities[count - 5 : count + 5] - probabilities[count - 4 : count + 6]
    place = count - 5 + int(gaps.argmax())
    return float(probabilities[place] + probabilities[place + 1]) / 2


@pytest.mark.parametrize("head", HEADS)
def test_duplicates_are_found_as_the_model_finds_them(tmp_path: Path, head: str) -> None:
    model, loaded = both(tmp_path, {"encoder": "gru", "head": head})
    texts = texts_for(head)
    pairs = list(itertools.combinations(texts, 2))
    threshold = threshold_of(model, pairs, len(pairs) // 2)
    mine, expected = (textsiam.find_duplicates(texts, one, threshold=threshold) for one in (loaded, model))
    assert {(pair.text_a, pair.text_b) for pair in mine.pairs} == {
        (pair.text_a, pair.text_b) for pair in expected.pairs
    }
    assert mine.recall == expected.recall
    assert len(mine.pairs) >= len(pairs) // (20 if head in ("mlp", "alignment") else 2) - 5


def test_columns_are_scored_as_pairs_are(tmp_path: Path) -> None:
    model, loaded = both(tmp_path, {"encoder": "bag", "head": "mlp"})
    pairs = list(itertools.pairwise(TEXTS[:10]))
    dataset = datasets.Dataset.from_dict({"q1": TEXTS[:9], "q2": TEXTS[1:10]})
    columns = {"text_a": "q1", "text_b": "q2"}
    scored = dataset.map(loaded.score_batch, batched=True, fn_kwargs=columns)
    np.testing.assert_array_equal(np.float32(scored["probability"]), loaded.score_pairs(pairs))
    np.testing.assert_allclose(scored["probability"], model.score_pairs(pairs), atol=1e-6)
    with pytest.raises(DataError, match="no column 'text_a'"):
        loaded.score_batch(dataset)


def test_what_needs_the_model_itself_says_so(tmp_path: Path) -> None:
    _, loaded = both(tmp_path, {"encoder": "bag", "head": "cosine"})
    assert repr(loaded).startswith("OnnxPairModel(bag + cosine, D=")
    pairs, wrong = [("a", "b", 1), ("c", "d", 0)], cast(PairModel, loaded)
    for call in (
        lambda: textsiam.evaluate(wrong, pairs),
        lambda: textsiam.explain(wrong, "a", "b"),
        lambda: textsiam.export_onnx(wrong, tmp_path / "x"),
        lambda: textsiam.export_sentence_transformers(wrong, tmp_path / "x"),
        lambda: textsiam.export_word_vectors(wrong, tmp_path / "x"),
    ):
        with pytest.raises(OptionError, match=r"model is of type OnnxPairModel, expected a textsiam\.PairModel"):
            call()


@pytest.mark.parametrize("head", HEADS)
def test_matches_are_found_as_the_model_finds_them(tmp_path: Path, head: str) -> None:
    model, loaded = both(tmp_path, {"encoder": "gru", "head": head})
    left, right = texts_for(head)[::2], texts_for(head)[1::2]
    threshold = threshold_of(model, list(itertools.product(left, right)), len(left) * len(right) // 2)
    mine, expected = (textsiam.find_matches(left, right, one, threshold=threshold) for one in (loaded, model))
    found, known = ({(pair.text_a, pair.text_b) for pair in matches.pairs} for matches in (mine, expected))
    assert found == known
    assert len(found) >= 100


@pytest.mark.parametrize("head", HEADS)
def test_an_index_of_the_model_goes_on_with_its_export(tmp_path: Path, head: str) -> None:
    model, loaded = both(tmp_path, {"encoder": "gru", "head": head})
    with textsiam.DuplicateIndex.open(tmp_path / "index.db", model) as index:
        for number, text in enumerate(TEXTS[:60]):
            index.add(f"m{number}", text)
        expected = index.find(TEXTS[-1], limit=3)
    with textsiam.DuplicateIndex.open(tmp_path / "index.db", loaded) as index:
        found = index.find(TEXTS[-1], limit=3)
        assert [match.key for match in found] == [match.key for match in expected]
        for match, other in zip(found, expected, strict=True):
            assert match.probability == pytest.approx(other.probability, abs=1e-5)
        index.add("own", TEXTS[-1])
        assert "own" in [match.key for match in index.find(TEXTS[-1], limit=60)]


@pytest.mark.parametrize("weights", ["fp32", "int8"])
def test_the_frame_is_that_of_the_stored_weights(tmp_path: Path, weights: str) -> None:
    options = {"encoder": "cnn", "head": "squared_euclidean"}
    model = model_of(options, stored=weights)
    loaded = OnnxPairModel.load(export_onnx(model_of(options), tmp_path / "onnx", weights=weights).folder)
    vectors = model.encode(TEXTS[:20])
    mine, expected = loaded.frame(vectors), model.frame(vectors)
    assert mine is not None
    assert expected is not None
    for side, other in zip(mine.sides(vectors), expected.sides(vectors), strict=True):
        np.testing.assert_array_equal(side, other)
    assert mine.at_least(0.3) == expected.at_least(0.3)


def test_vectors_of_other_types_and_one_against_many_are_compared(tmp_path: Path) -> None:
    model, loaded = both(tmp_path, {"encoder": "bag", "head": "mlp"})
    vectors = model.encode(TEXTS[:7])
    for u, v in [(vectors[:1], vectors), (vectors, vectors[:1]), (vectors.astype(np.float64), vectors[::-1])]:
        np.testing.assert_allclose(loaded.compare_vectors(u, v), model.compare_vectors(u, v), atol=1e-6)
    assert loaded.compare_vectors(vectors[:0], vectors[:1]).shape == (0,)
    for u, v, problem in [
        (vectors[0], vectors, r"u has the shape \(12,\), expected \(n, 12\)"),
        (vectors, vectors[:, :3], r"v has the shape \(7, 3\), expected \(n, 12\)"),
        (vectors[:2], vectors[:3], "u has 2 rows and v has 3"),
    ]:
        with pytest.raises(OptionError, match=problem):
            loaded.compare_vectors(u, v)


def test_tokens_cannot_be_compared_as_vectors(tmp_path: Path) -> None:
    _, loaded = both(tmp_path, {"encoder": "gru", "head": "alignment"})
    with pytest.raises(OptionError, match="use score_pairs"):
        loaded.compare_vectors(np.zeros((1, 3)), np.zeros((1, 3)))


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    _, loaded = both(tmp_path, {"encoder": "bag", "head": "cosine"})
    graph = (tmp_path / "onnx" / "encoder.onnx").read_bytes()
    with pytest.raises(OptionError, match=r"the graphs are \['encoder'\], head 'cosine' has others"):
        OnnxPairModel({"encoder": graph}, loaded.tokenizer.proto, loaded.config)
    graphs = {"encoder": graph, "head": (tmp_path / "onnx" / "head.onnx").read_bytes()}
    other = {**loaded.config, "architecture": {**loaded.config["architecture"], "dim": 13}}
    with pytest.raises(OptionError, match="the graph's vectors have 12 numbers, expected 13"):
        OnnxPairModel(graphs, loaded.tokenizer.proto, other)
