"""Which weights an architecture has: checked before a model is made of them, so that none fails when it scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from textsiam.errors import OptionError
from textsiam.model.architecture import Architecture


def expected_shapes(architecture: Architecture, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
    """Name every weight of a model with its shape, as the torch modules do."""
    shapes: dict[str, tuple[int, ...]] = {"encoder.embedding.weight": (vocabulary_size, architecture.dim)}
    if architecture.encoder == "lstm":
        gates = 4 * architecture.units
        for layer in range(architecture.layers):
            inputs = architecture.vector_size if layer else architecture.dim
            for way in ("forwards", "backwards") if architecture.bidirectional else ("forwards",):
                prefix = f"encoder.layers.{layer}.{way}"
                shapes |= {f"{prefix}.weight_ih_l0": (gates, inputs), f"{prefix}.bias_ih_l0": (gates,)}
                shapes |= {f"{prefix}.weight_hh_l0": (gates, architecture.units), f"{prefix}.bias_hh_l0": (gates,)}
    if architecture.head == "mlp":
        hidden = architecture.head_units
        shapes |= {"head.hidden.weight": (hidden, 3 * architecture.vector_size), "head.hidden.bias": (hidden,)}
        shapes |= {"head.output.weight": (1, hidden), "head.output.bias": (1,)}
    if architecture.head == "squared_euclidean":
        shapes |= {"head.output.weight": (1, architecture.vector_size), "head.output.bias": (1,)}
    return shapes


def check_weights(weights: Mapping[str, npt.NDArray[Any]], architecture: Architecture, vocabulary_size: int) -> None:
    """Raise OptionError unless ``weights`` have the architecture's names and shapes, are float32 and finite."""
    shapes = expected_shapes(architecture, vocabulary_size)
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
