from __future__ import annotations

import math
from itertools import pairwise
from typing import cast

import numpy as np
import pytest

from tests.model.making import random_tokens, random_weights
from textsiam.arrays import Array
from textsiam.model import alignment
from textsiam.model.alignment import NumpyAlignment
from textsiam.model.architecture import Architecture
from textsiam.model.encoders import NUMPY_ENCODERS
from textsiam.model.encoders.encoder import TokenEncoder
from textsiam.model.heads import NumpyMLPHead
from textsiam.text.tokenizer import TokenIds

VOCABULARY, WIDTH = 23, 3
PARTS = Architecture(encoder="lstm", dim=4, units=5, head="alignment", alignment_units=WIDTH, head_units=6)
WEIGHTS = random_weights(PARTS, VOCABULARY, seed=3, scale=0.6)


def _encoder() -> TokenEncoder:
    return cast(TokenEncoder, NUMPY_ENCODERS["lstm"](PARTS, WEIGHTS))


def _linear(name: str, x: Array) -> list[float]:
    weight, bias = WEIGHTS[f"head.{name}.weight"], WEIGHTS.get(f"head.{name}.bias")
    return [
        sum(float(w) * float(v) for w, v in zip(row, x, strict=True)) + (0.0 if bias is None else float(bias[i]))
        for i, row in enumerate(weight)
    ]


def _one_side(mine: list[Array], theirs: list[Array]) -> list[float]:
    """Compare the tokens of one text with those of the other: the largest and the mean of each feature."""
    found = []
    x_of_mine = [[max(value, 0.0) for value in _linear("token", state)] for state in mine]
    x_of_theirs = [[max(value, 0.0) for value in _linear("token", state)] for state in theirs]
    sharpness = math.exp(float(WEIGHTS["head.sharpness"][0])) / math.sqrt(WIDTH)
    for x in x_of_mine:
        likeness = [math.exp(sharpness * sum(p * q for p, q in zip(x, y, strict=True))) for y in x_of_theirs]
        shares = [value / sum(likeness) for value in likeness]
        y = [sum(share * other[i] for share, other in zip(shares, x_of_theirs, strict=True)) for i in range(WIDTH)]
        apart = [abs(p - q) for p, q in zip(x, y, strict=True)] + [p * q for p, q in zip(x, y, strict=True)]
        sums = zip(_linear("own", np.array(x)), _linear("compared", np.array(apart)), strict=True)
        found.append([max(own + compared, 0.0) for own, compared in sums])
    largest = [max(token[i] for token in found) for i in range(WIDTH)]
    return largest + [sum(token[i] for token in found) / len(found) for i in range(WIDTH)]


@pytest.mark.parametrize("block", [2, 256])
def test_the_scores_by_hand(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "BLOCK_PAIRS", block)
    tokens = random_tokens([4, 0, 1, 7, 4], VOCABULARY, seed=1)
    index_a, index_b = np.array([0, 1, 2, 3, 4, 1, 0]), np.array([3, 2, 0, 3, 0, 1, 4])
    raw = NumpyAlignment(_encoder(), WEIGHTS)(tokens, index_a, index_b)
    vectors, states = _encoder().read(tokens)
    mlp = NumpyMLPHead({name.replace(".mlp", ""): value for name, value in WEIGHTS.items() if ".mlp." in name})
    # a text without tokens has one of which nothing is known
    rows = [list(states[start:end]) or [np.zeros(9)] for start, end in pairwise(tokens.offsets)]
    for place, (a, b) in enumerate(zip(index_a, index_b, strict=True)):
        of_a, of_b = _one_side(rows[a], rows[b]), _one_side(rows[b], rows[a])
        sums = [p + q for p, q in zip(of_a, of_b, strict=True)] + [abs(p - q) for p, q in zip(of_a, of_b, strict=True)]
        beside = np.array([sums], dtype=np.float32)
        assert raw[place] == pytest.approx(float(mlp(vectors[[a]], vectors[[b]], beside)[0]), abs=1e-5)


def test_sides_can_be_swapped_bit_for_bit() -> None:
    tokens = random_tokens([3, 5, 0, 5, 9, 1], VOCABULARY, seed=4)
    index_a, index_b = (index.ravel() for index in np.indices((6, 6)))
    score = NumpyAlignment(_encoder(), WEIGHTS)
    assert score(tokens, index_a, index_b).tobytes() == score(tokens, index_b, index_a).tobytes()


def test_blocks_of_long_texts_hold_fewer_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = random_tokens([3, 5, 0, 5, 9, 40], VOCABULARY, seed=4)
    index_a, index_b = (index.ravel() for index in np.indices((6, 6)))
    at_once = NumpyAlignment(_encoder(), WEIGHTS)(tokens, index_a, index_b)
    monkeypatch.setattr(alignment, "BLOCK_TOKENS", 30)
    blocks: list[tuple[int, int]] = []

    class Recorded(NumpyAlignment):
        def _score(self, tokens: TokenIds, sides_P: Array) -> Array:
            blocks.append((len(sides_P) // 2, int(tokens.lengths.max())))
            return super()._score(tokens, sides_P)

    in_blocks = Recorded(_encoder(), WEIGHTS)(tokens, index_a, index_b)
    assert all(pairs == 1 or pairs * longest <= 30 for pairs, longest in blocks)
    assert blocks[-1] == (1, 40)
    assert np.abs(in_blocks - at_once).max() < 1e-5


def test_no_pairs_have_no_scores() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert NumpyAlignment(_encoder(), WEIGHTS)(random_tokens([2], VOCABULARY), nothing, nothing).shape == (0,)
