"""Random weights and token ids, made without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import settings

from textsiam.arrays import Array
from textsiam.model.architecture import HEADS, TOKEN_ENCODERS, VECTOR_HEADS, WITHOUT, Architecture
from textsiam.model.weights import expected_shapes
from textsiam.text.tokenizer import PAD_ID, TokenIds

QUICK = settings(deadline=None, max_examples=40)  # for tests with hypothesis, on a machine that others use too


def fitting(options: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the options that the chosen encoder and head have no use for, and so refuse."""
    useless = [name for (part, value), names in WITHOUT.items() if options.get(part) == value for name in names]
    return {name: value for name, value in options.items() if name not in useless}


def heads_of(encoder: str) -> tuple[str, ...]:
    """Give the heads that go with an encoder."""
    return HEADS if encoder in TOKEN_ENCODERS else VECTOR_HEADS


def random_weights(
    architecture: Architecture, vocabulary_size: int, *, seed: int = 0, scale: float = 0.3
) -> dict[str, Array]:
    """Draw every weight that a model of this architecture has, float32, under the names of the torch modules."""
    rng = np.random.default_rng(seed)
    shapes = expected_shapes(architecture, vocabulary_size)
    weights = {name: rng.normal(0, scale, shape).astype(np.float32) for name, shape in shapes.items()}
    for name, weight in weights.items():
        if name == "encoder.token_weight":
            weight[:] = np.abs(weight) + 0.1
        if "embedding" in name or name == "encoder.token_weight":
            weight[PAD_ID] = 0  # as torch keeps it
    return weights


def random_tokens(lengths: Sequence[int], vocabulary_size: int, *, seed: int = 0) -> TokenIds:
    """Draw texts of these lengths; ids from 1, for 0 is padding."""
    ids = np.random.default_rng(seed).integers(1, vocabulary_size, size=sum(lengths), dtype=np.int32)
    return token_ids(np.split(ids, np.cumsum(lengths)[:-1])) if lengths else token_ids([])


def token_ids(rows: Sequence[Array]) -> TokenIds:
    """Lay rows of ids end to end."""
    return TokenIds(
        ids=np.concatenate([np.zeros(0, np.int32), *rows]).astype(np.int32),
        offsets=np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
        unknown_tokens=0,
        unknown_texts=0,
        empty_texts=sum(not len(row) for row in rows),
        cut_texts=0,
    )
