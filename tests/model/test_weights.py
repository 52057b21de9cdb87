from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.model.making import fitting, heads_of
from textsiam.errors import OptionError
from textsiam.model.architecture import Architecture
from textsiam.model.weights import check_weights, expected_shapes
from textsiam.training.network import SiameseNetwork

KINDS: list[tuple[str, dict[str, Any]]] = [
    ("bag", {}),
    ("bag", {"weighting": "idf"}),
    ("bag", {"weighting": "sif", "ngrams": 3, "buckets": 7}),
    ("cnn", {"units": 4, "widths": "1,3"}),
    ("transformer", {"layers": 2, "attention_heads": 3}),
    ("transformer", {"pooling": "attention", "attention_heads": 1}),
    ("gru", {"units": 4, "layers": 2, "bidirectional": True, "pooling": "attention"}),
    *(
        (encoder, {"units": 4, "layers": layers, "bidirectional": both})
        for encoder in ("gru", "lstm")
        for layers in (1, 3)
        for both in (False, True)
    ),
]
ARCHITECTURES = [
    Architecture(
        **fitting({"encoder": encoder, "head": head, "dim": 6, "head_units": 3, "alignment_units": 7, **options})
    )
    for encoder, options in KINDS
    for head in heads_of(encoder)
]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_names_and_shapes_are_those_of_the_torch_modules(architecture: Architecture) -> None:
    weights = SiameseNetwork(architecture, 11).numpy_weights()
    assert expected_shapes(architecture, 11) == {name: weight.shape for name, weight in weights.items()}
    check_weights(weights, architecture, 11)


def test_what_does_not_fit_is_named() -> None:
    architecture = Architecture(encoder="bag", head="mlp", dim=5, head_units=3)
    good = SiameseNetwork(architecture, 11).numpy_weights()
    name = "head.hidden.bias"
    for change, message in (
        ({name: None}, "'head.hidden.bias' is missing"),
        ({"other": good[name]}, "'other' is none of this architecture's"),
        ({name: good[name][:2]}, r"float32 \(2,\), expected float32 \(3,\)"),
        ({name: good[name].astype(np.float64)}, "is float64"),
        ({name: good[name] * np.float32(np.nan)}, "not finite"),
    ):
        weights = {key: value for key, value in {**good, **change}.items() if value is not None}
        with pytest.raises(OptionError, match=message):
            check_weights(weights, architecture, 11)
    with pytest.raises(OptionError, match=r"embedding.*expected float32 \(12, 5\)"):
        check_weights(good, architecture, 12)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_token_that_counts_nothing_is_refused(value: float) -> None:
    architecture = Architecture(encoder="bag", head="cosine", dim=5, weighting="idf")
    weights = SiameseNetwork(architecture, 11).numpy_weights()
    assert weights["encoder.token_weight"][0] == 0  # padding
    weights["encoder.token_weight"][3] = value  # a text of this token alone would be divided by it
    with pytest.raises(OptionError, match=r"'encoder\.token_weight' holds a number that is not above 0"):
        check_weights(weights, architecture, 11)
