from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.making import QUICK
from textsiam.errors import OptionError
from textsiam.model.architecture import Architecture
from textsiam.model.options import check_options, known_options, option


def check_even(number: int) -> None:
    if number % 2:
        raise OptionError(f"even is {number!r}, expected an even number")


@dataclass(frozen=True, kw_only=True)
class Settings:
    kind: str = option("lstm", choices=("bag", "lstm", "bi_lstm"))
    name: str = option("x")
    steps: int = option(4, low=1, high=10)
    rate: float = option(0.5, low=0, high=1)
    least: int = option(0, low=0)
    most: float = option(0.0, high=2.5)
    fast: bool = option(False)
    even: int = option(0, low=-4, check=check_even)
    plain: object = None  # not declared with option: never checked

    def __post_init__(self) -> None:
        check_options(self)


def problems(**values: Any) -> list[str]:
    """Make Settings and give the mistakes that it lists."""
    with pytest.raises(OptionError) as caught:
        Settings(**values)
    assert "\n" not in str(caught.value)
    return str(caught.value).split("; ")


def test_defaults_and_values_at_the_bounds_pass() -> None:
    Settings()
    Settings(kind="bi_lstm", steps=1, rate=0.0, least=10**400, most=-1e308, fast=True, plain=object())
    Settings(kind="bag", steps=10, rate=1, least=0, most=2.5, fast=False)


def test_a_whole_number_does_for_a_number() -> None:
    assert Settings(rate=1).rate == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 0}, "steps is 0, expected a whole number, 1 to 10"),
        ({"steps": 11}, "steps is 11, expected a whole number, 1 to 10"),
        ({"least": -1}, "least is -1, expected a whole number, at least 0"),
        ({"most": 2.6}, "most is 2.6, expected a number, at most 2.5"),
        ({"rate": -1e-9}, "rate is -1e-09, expected a number, 0 to 1"),
        ({"rate": 10**400}, f"rate is {10**400}, expected a number, 0 to 1"),
        ({"steps": 2.0}, "steps is 2.0, expected a whole number, 1 to 10"),
        ({"steps": "2"}, "steps is '2', expected a whole number, 1 to 10"),
        ({"steps": None}, "steps is None, expected a whole number, 1 to 10"),
        ({"rate": "0.5"}, "rate is '0.5', expected a number, 0 to 1"),
        ({"rate": math.nan}, "rate is nan, expected a number, 0 to 1"),
        ({"rate": math.inf}, "rate is inf, expected a number, 0 to 1"),
        ({"most": -math.inf}, "most is -inf, expected a number, at most 2.5"),
        ({"rate": 1j}, "rate is 1j, expected a number, 0 to 1"),
        ({"steps": True}, "steps is True, expected a whole number, 1 to 10"),
        ({"rate": False}, "rate is False, expected a number, 0 to 1"),
        ({"name": True}, "name is True, expected a text"),
        ({"name": 3}, "name is 3, expected a text"),
        ({"name": b"x"}, "name is b'x', expected a text"),
        ({"fast": 1}, "fast is 1, expected true or false"),
        ({"fast": "true"}, "fast is 'true', expected true or false"),
        ({"fast": None}, "fast is None, expected true or false"),
        ({"even": 3}, "even is 3, expected an even number"),
        ({"even": -6}, "even is -6, expected a whole number, at least -4"),
        ({"even": "2"}, "even is '2', expected a whole number, at least -4"),
        ({"kind": "gru"}, "kind is 'gru', expected one of bag, lstm, bi_lstm"),
        ({"kind": None}, "kind is None, expected one of bag, lstm, bi_lstm"),
        ({"kind": ["a"]}, "kind is ['a'], expected one of bag, lstm, bi_lstm"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(values: dict[str, Any], message: str) -> None:
    assert problems(**values) == [message]


@pytest.mark.parametrize(
    ("got", "meant"), [("LSTM", "lstm"), ("bi-lstm", "bi_lstm"), ("lsmt", "lstm"), ("bags", "bag")]
)
def test_a_near_miss_says_did_you_mean(got: str, meant: str) -> None:
    assert problems(kind=got)[-1] == f"did you mean {meant!r}?"


def test_every_mistake_is_listed_at_once_in_the_order_of_the_fields() -> None:
    found = problems(kind="gru", name=1, steps=0, rate="a", least=-1, most=9, fast=0)
    assert [problem.split(" is ")[0] for problem in found] == ["kind", "name", "steps", "rate", "least", "most", "fast"]


@QUICK
@given(st.integers() | st.floats() | st.booleans() | st.text() | st.none() | st.binary())
def test_a_bounded_whole_number_takes_nothing_else(value: Any) -> None:
    if type(value) is int and 1 <= value <= 10:
        assert Settings(steps=value).steps == value
    else:
        assert problems(steps=value)[0].startswith("steps is ")


@QUICK
@given(st.integers() | st.floats() | st.booleans() | st.text() | st.none())
def test_a_bounded_number_takes_nothing_else(value: Any) -> None:
    if type(value) in {int, float} and 0 <= value <= 1:
        assert Settings(rate=value).rate == value
    else:
        assert problems(rate=value)[0].startswith("rate is ")


def test_known_options_gives_back_what_it_got() -> None:
    values = {"steps": 99, "kind": "whatever"}
    assert known_options(Settings, values, "train.toml") is values
    assert known_options(Settings, {}, "train.toml") == {}


def test_an_unknown_option_names_its_origin_and_what_was_meant() -> None:
    with pytest.raises(OptionError) as caught:
        known_options(Settings, {"steps": 3, "rates": 1}, "train.toml")
    assert str(caught.value) == (
        "an option of train.toml is 'rates', expected one of kind, name, steps, rate, least, most, fast, even, plain; "
        "did you mean 'rate'?"
    )


def test_numbers_of_numpy_become_pythons_own() -> None:
    architecture = Architecture(units=np.int64(64), bidirectional=np.bool_(True))  # type: ignore[arg-type] # as given
    assert type(architecture.units) is int
    assert architecture.bidirectional is True
    assert architecture == Architecture(units=64, bidirectional=True)
