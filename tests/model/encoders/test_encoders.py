from __future__ import annotations

import dataclasses
import itertools
import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.model.making import random_tokens, random_weights, token_ids
from textsiam.arrays import Array
from textsiam.model.architecture import POOLINGS, Architecture
from textsiam.model.encoders import NUMPY_ENCODERS, bag, cnn

Vector = list[float]
VOCABULARY = 23
LENGTHS = [0, 1, 2, 3, 7, 12, 7, 0, 1]
LSTMS = [
    Architecture(encoder="lstm", dim=5, units=4, layers=layers, bidirectional=bidirectional, pooling=pooling)
    for layers in (1, 2, 3)
    for bidirectional in (False, True)
    for pooling in POOLINGS
]
GRUS = [dataclasses.replace(architecture, encoder="gru") for architecture in LSTMS]
BAG = Architecture(encoder="bag", dim=6)
BAGS = [
    BAG,
    Architecture(encoder="bag", dim=6, weighting="idf"),
    Architecture(encoder="bag", dim=6, ngrams=2, buckets=30),
    Architecture(encoder="bag", dim=6, weighting="sif", ngrams=4, buckets=200),
]
CNNS = [Architecture(encoder="cnn", dim=5, units=4, widths=widths) for widths in ("1", "2,3,4", "9,1,16")]
ALL = [*BAGS, *CNNS, *GRUS, *LSTMS]


def named(architecture: Architecture) -> str:
    ways = "both" if architecture.bidirectional else "one"
    parts = (architecture.encoder, architecture.layers, ways, architecture.pooling, architecture.widths)
    return "-".join(map(str, (*parts, architecture.weighting, architecture.ngrams)))


def in_float64(weights: dict[str, Array]) -> dict[str, Any]:
    return {name: value.astype(np.float64).tolist() for name, value in weights.items()}


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def dot(row: Vector, x: Vector) -> float:
    return sum(weight * value for weight, value in zip(row, x, strict=True))


def lstm_by_hand(weights: dict[str, Any], prefix: str, inputs: list[Vector], units: int) -> list[Vector]:
    """Run one LSTM layer in one direction, unit by unit; gates are stacked as input, forget, cell, output."""
    hidden, cell, states = [0.0] * units, [0.0] * units, []
    for x in inputs:
        gates = [
            dot(weights[f"{prefix}.weight_ih_l0"][row], x)
            + dot(weights[f"{prefix}.weight_hh_l0"][row], hidden)
            + weights[f"{prefix}.bias_ih_l0"][row]
            + weights[f"{prefix}.bias_hh_l0"][row]
            for row in range(4 * units)
        ]
        for unit in range(units):
            enter, forget, candidate, leave = (gates[gate * units + unit] for gate in range(4))
            cell[unit] = sigmoid(forget) * cell[unit] + sigmoid(enter) * math.tanh(candidate)
            hidden[unit] = sigmoid(leave) * math.tanh(cell[unit])
        states.append(list(hidden))
    return states


def gru_by_hand(weights: dict[str, Any], prefix: str, inputs: list[Vector], units: int) -> list[Vector]:
    """Run one GRU layer in one direction, unit by unit; gates are stacked as reset, update, candidate."""
    hidden, states = [0.0] * units, []
    for x in inputs:
        of_x, of_hidden = (
            [
                dot(row, vector) + bias
                for row, bias in zip(weights[f"{prefix}.weight_{of}"], weights[f"{prefix}.bias_{of}"], strict=True)
            ]
            for of, vector in (("ih_l0", x), ("hh_l0", hidden))
        )
        before = list(hidden)
        for unit in range(units):
            reset, update = (sigmoid(of_x[row] + of_hidden[row]) for row in (unit, units + unit))
            candidate = math.tanh(of_x[2 * units + unit] + reset * of_hidden[2 * units + unit])
            hidden[unit] = (1 - update) * candidate + update * before[unit]
        states.append(list(hidden))
    return states


def filters_by_hand(weights: dict[str, Any], width: int, inputs: list[Vector]) -> Vector:
    """Slide the filters of one width over a text, padded with zeros where it is shorter."""
    filled = inputs + [[0.0] * len(inputs[0])] * (width - len(inputs))
    windows = [list(itertools.chain(*filled[start : start + width])) for start in range(len(filled) - width + 1)]
    filters = zip(weights[f"encoder.filters.{width}.weight"], weights[f"encoder.filters.{width}.bias"], strict=True)
    return [max(max(dot(row, window) + bias, 0.0) for window in windows) for row, bias in filters]


def attended(states: list[Vector], vector: Vector) -> Vector:
    """Weigh the states by the softmax of their products with the vector."""
    shares = [math.exp(dot(vector, state)) for state in states]
    columns = zip(*states, strict=True)
    return [dot(shares, list(column)) / sum(shares) for column in columns]


def pooled(states: list[Vector], pooling: str) -> Vector:
    """Pool states in the order in which they were computed."""
    if pooling == "last":
        return states[-1]
    columns = list(zip(*states, strict=True))
    return [max(column) if pooling == "max" else sum(column) / len(column) for column in columns]


def bag_by_hand(architecture: Architecture, weights: dict[str, Any], ids: list[int]) -> Vector:
    """Take the weighted mean of the tokens, and that of the n-grams, hashed in Python's whole numbers."""
    share = [weights["encoder.token_weight"][token] if architecture.weighting != "mean" else 1.0 for token in ids]
    inputs = [weights["encoder.embedding.weight"][token] for token in ids]
    vector = [dot(share, list(column)) / sum(share) for column in zip(*inputs, strict=True)]
    rows = [
        row_by_hand(ids[start : start + length], architecture.buckets)
        for length in range(2, architecture.ngrams + 1)
        for start in range(len(ids) - length + 1)
    ]
    if not rows:
        return vector
    of_ngrams = pooled([weights["encoder.ngram_embedding.weight"][row] for row in rows], "mean")
    return [mine + added for mine, added in zip(vector, of_ngrams, strict=True)]


def row_by_hand(ngram: list[int], buckets: int) -> int:
    mixed = 0
    for token in ngram:
        mixed = (mixed ^ token) * 6364136223846793005 % 2**64
    return 1 + mixed // 2**33 % (buckets - 1)


def vector_by_hand(architecture: Architecture, weights: dict[str, Any], ids: list[int]) -> Vector:
    if not ids:
        return [0.0] * architecture.vector_size
    inputs = [weights["encoder.embedding.weight"][token] for token in ids]
    if architecture.encoder == "bag":
        return bag_by_hand(architecture, weights, ids)
    if architecture.encoder == "cnn":
        return [value for width in architecture.filter_widths for value in filters_by_hand(weights, width, inputs)]
    run = {"gru": gru_by_hand, "lstm": lstm_by_hand}[architecture.encoder]
    for layer in range(architecture.layers):
        prefix = f"encoder.layers.{layer}"
        forwards = run(weights, f"{prefix}.forwards", inputs, architecture.units)
        backwards: list[Vector] = []
        if architecture.bidirectional:
            backwards = run(weights, f"{prefix}.backwards", inputs[::-1], architecture.units)
            inputs = [ahead + back for ahead, back in zip(forwards, backwards[::-1], strict=True)]
        else:
            inputs = forwards
    if architecture.pooling == "attention":
        return attended(inputs, weights["encoder.attention.weight"][0])
    return pooled(forwards, architecture.pooling) + (pooled(backwards, architecture.pooling) if backwards else [])


@pytest.mark.parametrize("architecture", ALL, ids=named)
def test_an_encoder_gives_what_a_loop_in_float64_gives(architecture: Architecture) -> None:
    weights = random_weights(architecture, VOCABULARY, seed=3, scale=0.6)
    tokens = random_tokens(LENGTHS, VOCABULARY, seed=4)
    got = NUMPY_ENCODERS[architecture.encoder](architecture, weights)(tokens)
    assert got.dtype == np.float32
    assert got.shape == (len(LENGTHS), architecture.vector_size)
    by_hand = [vector_by_hand(architecture, in_float64(weights), tokens[text].tolist()) for text in range(len(tokens))]
    assert np.abs(got - np.array(by_hand)).max() < 1e-6


@pytest.mark.parametrize("architecture", ALL, ids=named)
def test_a_text_does_not_feel_its_batch_neighbours(architecture: Architecture) -> None:
    weights = random_weights(architecture, VOCABULARY, seed=5, scale=0.6)
    encoder = NUMPY_ENCODERS[architecture.encoder](architecture, weights)
    tokens = random_tokens([9, 0, 5, 9, 1, 40, 9, 5, 13, 9] * 5, VOCABULARY, seed=6)
    together = encoder(tokens)
    for text in range(len(tokens)):
        alone = encoder(token_ids([tokens[text]]))
        assert np.abs(alone[0] - together[text]).max() < 1e-6


@pytest.mark.parametrize(("architecture", "module"), [*((kind, bag) for kind in BAGS), (CNNS[1], cnn)])
def test_buckets_that_are_worked_on_in_parts_give_the_same(
    monkeypatch: pytest.MonkeyPatch, architecture: Architecture, module: ModuleType
) -> None:
    encoder = NUMPY_ENCODERS[architecture.encoder](architecture, random_weights(architecture, VOCABULARY, seed=7))
    tokens = random_tokens([6] * 20 + [3] * 11, VOCABULARY, seed=8)
    at_once = encoder(tokens)
    monkeypatch.setattr(module, "BUCKET_TOKENS", 13)
    assert np.abs(encoder(tokens) - at_once).max() < 1e-6


@pytest.mark.parametrize("architecture", [*BAGS, CNNS[1], GRUS[0], LSTMS[0]], ids=named)
def test_no_texts_and_empty_texts(architecture: Architecture) -> None:
    encoder = NUMPY_ENCODERS[architecture.encoder](architecture, random_weights(architecture, VOCABULARY))
    assert encoder(token_ids([])).shape == (0, architecture.vector_size)
    assert not encoder(random_tokens([0, 0, 0], VOCABULARY)).any()


def test_a_bag_without_n_grams_is_blind_to_order_and_the_others_are_not() -> None:
    ids = np.array([4, 9, 2], dtype=np.int32)
    both_orders = token_ids([ids, ids[::-1]])
    of_bag = NUMPY_ENCODERS["bag"](BAG, random_weights(BAG, VOCABULARY))(both_orders)
    assert np.abs(of_bag[0] - of_bag[1]).max() < 1e-6
    for architecture in (BAGS[2], CNNS[1], GRUS[0], LSTMS[0]):
        encoder = NUMPY_ENCODERS[architecture.encoder](architecture, random_weights(architecture, VOCABULARY))
        vectors = encoder(both_orders)
        assert np.abs(vectors[0] - vectors[1]).max() > 1e-3


@pytest.mark.parametrize("architecture", [*GRUS, *LSTMS], ids=named)
def test_huge_weights_saturate_without_a_warning(architecture: Architecture) -> None:
    weights = random_weights(architecture, VOCABULARY, scale=1e4)
    vectors = NUMPY_ENCODERS[architecture.encoder](architecture, weights)(random_tokens([30, 2], VOCABULARY))
    assert (np.abs(vectors) <= 1).all()


@pytest.mark.parametrize("architecture", [*BAGS, CNNS[1], GRUS[-1], *LSTMS[-4:]], ids=named)
def test_encoding_changes_neither_weights_nor_tokens(architecture: Architecture) -> None:
    weights = random_weights(architecture, VOCABULARY)
    tokens = random_tokens(LENGTHS, VOCABULARY)
    before = {name: value.copy() for name, value in weights.items()}, tokens.ids.copy()
    encoder = NUMPY_ENCODERS[architecture.encoder](architecture, weights)
    first, second = encoder(tokens), encoder(tokens)
    assert first.tobytes() == second.tobytes()
    assert all((weights[name] == value).all() for name, value in before[0].items())
    assert (tokens.ids == before[1]).all()
