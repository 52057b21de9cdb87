"""Every encoder as a graph gives the vectors of NumPy and torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integrations.onnx_cases import ENCODERS, VOCABULARY, Graphs, in_torch, model_of, name_of
from tests.model.making import QUICK, random_tokens
from textsiam.model.architecture import ENCODERS as ALL_ENCODERS
from textsiam.model.architecture import POOLINGS, TOKEN_ENCODERS

LENGTHS = list(range(61))
BY_TOKENS = [options for options in ENCODERS if options["encoder"] in TOKEN_ENCODERS]


def test_every_encoder_and_pooling_is_tried() -> None:
    assert {options["encoder"] for options in ENCODERS} == set(ALL_ENCODERS)
    for encoder in ("gru", "lstm", "transformer"):
        assert {options.get("pooling") for options in ENCODERS if options["encoder"] == encoder} >= set(POOLINGS)


@pytest.mark.parametrize("options", ENCODERS, ids=name_of)
def test_vectors_are_those_of_numpy_and_torch(options: dict[str, Any]) -> None:
    model = model_of({**options, "head": "cosine"})
    tokens = random_tokens(LENGTHS, VOCABULARY, seed=2)
    vectors = Graphs(model).vectors(tokens)
    assert vectors.shape == (len(LENGTHS), model.architecture.vector_size)
    assert vectors.dtype == np.float32
    largest = np.abs(vectors).max()  # of a CNN there is no bound
    assert np.abs(vectors - model.encode_tokens(tokens)).max() < 1e-6 * max(1, largest)
    assert np.abs(vectors - in_torch(model).encode_tokens(tokens)).max() < 1e-6 * max(1, largest)
    assert largest > 0.01


@pytest.mark.parametrize("options", ENCODERS, ids=name_of)
def test_a_vector_does_not_depend_on_its_neighbours_nor_on_padding(options: dict[str, Any]) -> None:
    graphs = Graphs(model_of({**options, "head": "cosine"}))
    tokens = random_tokens([7, 0, 60, 1, 16], VOCABULARY, seed=3)
    together = graphs.vectors(tokens)
    for row in range(len(tokens)):
        alone = graphs.vectors(tokens.take(np.array([row])))
        assert alone.shape == (1, together.shape[1])
        assert np.abs(alone[0] - together[row]).max() < 1e-6


@pytest.mark.parametrize("options", ENCODERS, ids=name_of)
def test_texts_without_tokens_have_the_zero_vector(options: dict[str, Any]) -> None:
    model = model_of({**options, "head": "cosine"})
    graphs = Graphs(model)
    for lengths in ([0], [0, 0, 0], [0, 3]):
        vectors = graphs.vectors(random_tokens(lengths, VOCABULARY))
        assert not vectors[np.array(lengths) == 0].any()
        assert vectors[np.array(lengths) > 0].any() == (max(lengths) > 0)


@pytest.mark.parametrize("options", ENCODERS, ids=name_of)
def test_int8_is_what_a_model_folder_of_int8_gives(options: dict[str, Any]) -> None:
    tokens = random_tokens(range(0, 61, 4), VOCABULARY, seed=4)
    vectors = Graphs(model_of({**options, "head": "cosine"}), "int8").vectors(tokens)
    rounded = model_of({**options, "head": "cosine"}, stored="int8").encode_tokens(tokens)
    assert np.abs(vectors - rounded).max() < 1e-6 * max(1, np.abs(vectors).max())
    assert np.abs(vectors - model_of({**options, "head": "cosine"}).encode_tokens(tokens)).max() > 1e-6


@pytest.mark.parametrize("weights", ["fp32", "int8"])
@pytest.mark.parametrize("options", BY_TOKENS, ids=name_of)
def test_the_alignment_of_tokens_is_that_of_numpy_and_torch(options: dict[str, Any], weights: str) -> None:
    model = model_of({**options, "head": "alignment"}, scale=0.2)
    tokens = random_tokens(LENGTHS[::3], VOCABULARY, seed=5)
    places = np.arange(len(tokens))
    # every text beside its neighbour, itself, the empty text and one far off
    index_a = np.concatenate([places] * 4)
    index_b = np.concatenate([np.roll(places, 1), places, np.zeros_like(places), places[::-1]])
    raw, probability = Graphs(model, weights).pairs(tokens, index_a, index_b)
    same = model if weights == "fp32" else model_of({**options, "head": "alignment"}, scale=0.2, stored="int8")
    expected = same._runtime.compare(tokens, index_a, index_b)
    assert np.abs(raw - expected).max() < 1e-5
    assert np.abs(raw - in_torch(same)._runtime.compare(tokens, index_a, index_b)).max() < 1e-5
    assert np.abs(probability - model.calibration.probability(expected)).max() < 1e-6


def test_pairs_of_texts_without_tokens_are_aligned() -> None:
    model = model_of({"encoder": "lstm", "head": "alignment"})
    tokens, index = random_tokens([0], VOCABULARY), np.zeros(2, np.int64)
    raw, _ = Graphs(model).pairs(tokens, index, index)
    assert np.abs(raw - model._runtime.compare(tokens, index, index)).max() < 1e-6


RAGGED = {
    name_of(options): (model, Graphs(model))
    for options in (
        {"encoder": "bag", "weighting": "sif", "ngrams": 3, "buckets": 1_000},
        {"encoder": "cnn", "widths": "2,5"},
        {"encoder": "gru", "layers": 2, "bidirectional": True, "pooling": "attention"},
        {"encoder": "lstm", "layers": 2, "bidirectional": True, "pooling": "last", "ngrams": 2, "buckets": 9},
        {"encoder": "transformer", "layers": 2, "pooling": "mean"},
    )
    for model in [model_of({**options, "head": "cosine"})]
}


@pytest.mark.parametrize("name", RAGGED)
@settings(QUICK, max_examples=25)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=9), st.integers(0, 2**31))
def test_ragged_batches(name: str, lengths: list[int], seed: int) -> None:
    model, graphs = RAGGED[name]
    tokens = random_tokens(lengths, VOCABULARY, seed=seed)
    vectors = graphs.vectors(tokens)
    assert np.abs(vectors - model.encode_tokens(tokens)).max() < 1e-6 * max(1, np.abs(vectors).max())
