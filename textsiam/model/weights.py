"""Which weights an architecture has: checked before a model is made of them, so that none fails when it scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from textsiam.errors import OptionError
from textsiam.model.architecture import CUSTOM, Architecture
from textsiam.text.tokenizer import PAD_ID

Shapes = dict[str, tuple[int, ...]]
EMBEDDING, TOKEN_WEIGHT = "encoder.embedding.weight", "encoder.token_weight"


def expected_shapes(architecture: Architecture, vocabulary_size: int) -> Shapes:
    """Name every weight of a model with its shape, as the torch modules do; of a custom encoder those of the head."""
    shapes: Shapes = {}
    if architecture.encoder != CUSTOM:
        shapes = {EMBEDDING: (vocabulary_size, architecture.dim)}
        shapes |= _LAYER_SHAPES[architecture.encoder](architecture)
    if architecture.is_weighted:
        shapes[TOKEN_WEIGHT] = (vocabulary_size,)
    if architecture.ngrams > 1:
        shapes["encoder.ngram_embedding.weight"] = (architecture.buckets, architecture.dim)
    if architecture.pooling == "attention":
        pooled = architecture.dim if architecture.encoder == "transformer" else architecture.pooled_size
        shapes["encoder.attention.weight"] = (1, pooled)
    if architecture.head == "mlp":
        shapes |= _mlp_shapes("head", 3 * architecture.vector_size, architecture.head_units)
    if architecture.head == "alignment":
        shapes |= _alignment_shapes(architecture)
    if architecture.head == "squared_euclidean":
        shapes |= {"head.output.weight": (1, architecture.vector_size), "head.output.bias": (1,)}
    return shapes


def _mlp_shapes(prefix: str, features: int, hidden: int) -> Shapes:
    shapes: Shapes = {f"{prefix}.hidden.weight": (hidden, features), f"{prefix}.hidden.bias": (hidden,)}
    return shapes | {f"{prefix}.output.weight": (1, hidden), f"{prefix}.output.bias": (1,)}


def _alignment_shapes(architecture: Architecture) -> Shapes:
    width = architecture.alignment_units
    shapes: Shapes = {"head.token.weight": (width, architecture.state_size), "head.token.bias": (width,)}
    shapes |= {"head.own.weight": (width, width), "head.own.bias": (width,)}
    shapes |= {"head.compared.weight": (width, 2 * width), "head.sharpness": (1,)}
    features = 3 * architecture.vector_size + 4 * width
    return shapes | _mlp_shapes("head.mlp", features, architecture.head_units)


def _recurrent_shapes(architecture: Architecture, gates: int) -> Shapes:
    shapes: Shapes = {}
    for layer in range(architecture.layers):
        inputs = architecture.pooled_size if layer else architecture.dim
        for way in ("forwards", "backwards") if architecture.bidirectional else ("forwards",):
            prefix = f"encoder.layers.{layer}.{way}"
            shapes |= {f"{prefix}.weight_ih_l0": (gates, inputs), f"{prefix}.bias_ih_l0": (gates,)}
            shapes |= {f"{prefix}.weight_hh_l0": (gates, architecture.units), f"{prefix}.bias_hh_l0": (gates,)}
    return shapes


def _filter_shapes(architecture: Architecture) -> Shapes:
    shapes: Shapes = {}
    for width in architecture.filter_widths:
        shapes[f"encoder.filters.{width}.weight"] = (architecture.units, width * architecture.dim)
        shapes[f"encoder.filters.{width}.bias"] = (architecture.units,)
    return shapes


def _transformer_shapes(architecture: Architecture) -> Shapes:
    dim = architecture.dim
    shapes: Shapes = {"encoder.norm.weight": (dim,), "encoder.norm.bias": (dim,)}
    products = {"attend": (3 * dim, dim), "attended": (dim, dim), "hidden": (4 * dim, dim), "output": (dim, 4 * dim)}
    for layer in range(architecture.layers):
        prefix = f"encoder.layers.{layer}"
        for name, (rows, columns) in products.items():
            shapes |= {f"{prefix}.{name}.weight": (rows, columns), f"{prefix}.{name}.bias": (rows,)}
        for name in ("attend_norm", "hidden_norm"):
            shapes |= {f"{prefix}.{name}.weight": (dim,), f"{prefix}.{name}.bias": (dim,)}
    return shapes


# what each encoder has besides the embedding
_LAYER_SHAPES: dict[str, Callable[[Architecture], Shapes]] = {
    "bag": lambda _architecture: {},
    "cnn": _filter_shapes,
    "gru": lambda architecture: _recurrent_shapes(architecture, gates=3 * architecture.units),
    "lstm": lambda architecture: _recurrent_shapes(architecture, gates=4 * architecture.units),
    "transformer": _transformer_shapes,
}


def check_weights(weights: Mapping[str, npt.NDArray[Any]], architecture: Architecture, vocabulary_size: int) -> None:
    """Raise OptionError unless ``weights`` have the architecture's names and shapes, are float32 and finite.

    Those of a custom encoder, all below "encoder.", may have any other name and shape: its module alone knows them.
    What tokens count in a weighted mean must be above 0, too, padding apart.
    """
    shapes = expected_shapes(architecture, vocabulary_size)
    if architecture.encoder == CUSTOM:
        shapes |= {name: weight.shape for name, weight in weights.items() if name.startswith("encoder.")}
    if missing := sorted(shapes.keys() - weights.keys()):
        raise OptionError(f"the weight {missing[0]!r} is missing")
    if extra := sorted(weights.keys() - shapes.keys()):
        raise OptionError(f"the weight {extra[0]!r} is none of this architecture's")
    for name, shape in shapes.items():
        weight = weights[name]
        if weight.shape != shape or weight.dtype != np.float32:
            raise OptionError(f"the weight {name!r} is {weight.dtype} {weight.shape}, expected float32 {shape}")
        if not np.isfinite(weight).all():
            raise OptionError(f"the weight {name!r} holds a number that is not finite")
    if architecture.is_weighted and (np.delete(weights[TOKEN_WEIGHT], PAD_ID) <= 0).any():
        raise OptionError(f"the weight {TOKEN_WEIGHT!r} holds a number that is not above 0, by which none can divide")
