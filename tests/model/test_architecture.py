from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from textsiam.errors import OptionError
from textsiam.model.architecture import ENCODERS, HEADS, POOLINGS, Architecture
from textsiam.model.encoders import NUMPY_ENCODERS
from textsiam.model.heads import NUMPY_HEADS


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"encoder": "bag", "dim": 5}, 5),
        ({"encoder": "lstm", "dim": 5, "units": 7}, 7),
        ({"encoder": "lstm", "dim": 5, "units": 7, "layers": 3}, 7),
        ({"encoder": "lstm", "dim": 5, "units": 7, "bidirectional": True}, 14),
    ],
)
def test_vector_size(options: dict[str, Any], size: int) -> None:
    assert Architecture(**options).vector_size == size


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder": "bag", "units": 64}, "units is 64, but encoder 'bag' has no units; leave it out"),
        ({"encoder": "bag", "pooling": "mean"}, "pooling is 'mean', but encoder 'bag' has no pooling"),
        ({"encoder": "bag", "bidirectional": True}, "encoder 'bag' has no bidirectional"),
        ({"head": "cosine", "head_units": 16}, "head_units is 16, but head 'cosine' has no head_units"),
    ],
)
def test_an_option_without_use_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Architecture(**options)


def test_every_name_of_an_encoder_and_a_head_has_its_numpy_twin() -> None:
    assert set(ENCODERS) == set(NUMPY_ENCODERS)
    assert set(HEADS) == set(NUMPY_HEADS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder": "ltsm"}, "encoder is 'ltsm', expected one of bag, lstm; did you mean 'lstm'?"),
        ({"pooling": "avg"}, f"pooling is 'avg', expected one of {', '.join(POOLINGS)}"),
        ({"head": "Cosine"}, f"head is 'Cosine', expected one of {', '.join(HEADS)}; did you mean 'cosine'?"),
        ({"dim": 0}, "dim is 0, expected a whole number, 1 to 4096"),
        ({"units": 4097}, "units is 4097, expected a whole number, 1 to 4096"),
        ({"layers": 9}, "layers is 9, expected a whole number, 1 to 8"),
        ({"bidirectional": "yes"}, "bidirectional is 'yes', expected true or false"),
        ({"head_units": 2.5}, "head_units is 2.5, expected a whole number"),
        ({"max_tokens": 0}, "max_tokens is 0, expected a whole number, 1 to 100000"),
        (
            {"dim": 0, "layers": True},
            "dim is 0, expected a whole number, 1 to 4096; layers is True, expected a whole number",
        ),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        Architecture(**options)
    assert str(caught.value) == message


def test_it_is_frozen_and_takes_keywords_only() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Architecture().dim = 3  # type: ignore[misc]  # the mistake is the test
    with pytest.raises(TypeError, match="positional"):
        Architecture("lstm")  # type: ignore[call-arg]  # the mistake is the test


def test_every_option_is_described() -> None:
    described = [line.strip() for line in (Architecture.__doc__ or "").splitlines()]
    assert [field.name for field in dataclasses.fields(Architecture) if field.name not in described] == []
