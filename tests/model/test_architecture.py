from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from textsiam.errors import OptionError
from textsiam.model.architecture import ENCODERS, HEADS, POOLINGS, VECTOR_HEADS, Architecture
from textsiam.model.encoders import NUMPY_ENCODERS
from textsiam.model.heads import NUMPY_HEADS


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"encoder": "bag", "dim": 5}, 5),
        ({"encoder": "bag", "dim": 5, "ngrams": 3}, 5),
        ({"encoder": "lstm", "dim": 3, "units": 5, "bidirectional": True, "ngrams": 2}, 13),
        ({"encoder": "lstm", "dim": 5, "units": 7}, 7),
        ({"encoder": "lstm", "dim": 5, "units": 7, "layers": 3}, 7),
        ({"encoder": "lstm", "dim": 5, "units": 7, "bidirectional": True}, 14),
        ({"encoder": "lstm", "dim": 5, "units": 7, "bidirectional": True, "pooling": "attention"}, 14),
        ({"encoder": "gru", "dim": 5, "units": 7, "layers": 2, "bidirectional": True}, 14),
        ({"encoder": "cnn", "dim": 5, "units": 7}, 21),
        ({"encoder": "cnn", "dim": 5, "units": 7, "widths": "3"}, 7),
        ({"encoder": "transformer", "dim": 12, "layers": 2}, 12),
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
        ({"encoder": "bag", "widths": "2"}, "widths is '2', but encoder 'bag' has no widths"),
        ({"encoder": "cnn", "weighting": "idf"}, "weighting is 'idf', but encoder 'cnn' has no weighting"),
        ({"encoder": "transformer", "ngrams": 2}, "ngrams is 2, but encoder 'transformer' has no ngrams"),
        ({"encoder": "gru", "buckets": 9}, "buckets is 9, but ngrams 1 has no buckets; leave it out"),
        ({"encoder": "bag", "buckets": 9}, "buckets is 9, but ngrams 1 has no buckets; leave it out"),
        ({"encoder": "cnn", "layers": 2}, "layers is 2, but encoder 'cnn' has no layers"),
        ({"encoder": "cnn", "pooling": "attention"}, "pooling is 'attention', but encoder 'cnn' has no pooling"),
        ({"encoder": "cnn", "bidirectional": True}, "encoder 'cnn' has no bidirectional"),
        ({"encoder": "gru", "widths": "2"}, "encoder 'gru' has no widths"),
        ({"encoder": "lstm", "attention_heads": 2}, "attention_heads is 2, but encoder 'lstm' has no attention_heads"),
        ({"encoder": "transformer", "units": 64}, "units is 64, but encoder 'transformer' has no units"),
        ({"head": "cosine", "head_units": 16}, "head_units is 16, but head 'cosine' has no head_units"),
    ],
)
def test_an_option_without_use_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Architecture(**options)


def test_every_name_of_an_encoder_and_a_head_has_its_numpy_twin_but_the_transformer() -> None:
    assert set(ENCODERS) == set(NUMPY_ENCODERS) | {"transformer"}
    assert set(VECTOR_HEADS) == set(NUMPY_HEADS) == set(HEADS) - {"alignment"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"encoder": "ltsm"},
            "encoder is 'ltsm', expected one of bag, cnn, gru, lstm, transformer, custom; did you mean 'lstm'?",
        ),
        ({"pooling": "avg"}, f"pooling is 'avg', expected one of {', '.join(POOLINGS)}"),
        ({"head": "Cosine"}, f"head is 'Cosine', expected one of {', '.join(HEADS)}; did you mean 'cosine'?"),
        ({"dim": 0}, "dim is 0, expected a whole number, 1 to 4096"),
        ({"units": 4097}, "units is 4097, expected a whole number, 1 to 4096"),
        (
            {"encoder": "bag", "weighting": "tfidf"},
            "weighting is 'tfidf', expected one of mean, idf, sif; did you mean 'idf'?",
        ),
        ({"encoder": "bag", "ngrams": 6}, "ngrams is 6, expected a whole number, 1 to 5"),
        ({"encoder": "bag", "ngrams": 2, "buckets": 1}, "buckets is 1, expected a whole number, 2 to 10000000"),
        ({"layers": 9}, "layers is 9, expected a whole number, 1 to 8"),
        *(
            (
                {"encoder": "cnn", "widths": widths},
                f"widths is {widths!r}, expected up to 8 different numbers, 1 to 16, such as '2,3,4'",
            )
            for widths in ("", "2,", "2 3", "2, 3", "0", "17", "2.5", "-1", "3,3", "02", "\u0663", "1,2,3,4,5,6,7,8,9")
        ),
        ({"encoder": "cnn", "widths": 3}, "widths is 3, expected a text"),
        ({"encoder": "transformer", "attention_heads": 0}, "attention_heads is 0, expected a whole number, 1 to 64"),
        (
            {"encoder": "transformer", "dim": 100, "attention_heads": 8},
            "attention_heads is 8, which does not divide dim, 100",
        ),
        ({"bidirectional": "yes"}, "bidirectional is 'yes', expected true or false"),
        ({"head_units": 2.5}, "head_units is 2.5, expected a whole number, 1 to 8192"),
        ({"max_tokens": 0}, "max_tokens is 0, expected a whole number, 1 to 100000"),
        (
            {"dim": 0, "layers": True},
            "dim is 0, expected a whole number, 1 to 4096; layers is True, expected a whole number, 1 to 8",
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
