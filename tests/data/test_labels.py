from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.data.labels import LabelError, LabelReader, looks_like_label
from textsiam.errors import OptionError


@pytest.mark.parametrize("cell", ["1", "1.0", "1.", " 1 ", "+1", "1e0", "true", "TRUE", "Yes", "yes"])
def test_marks_of_one(cell: str) -> None:
    assert LabelReader(None, None)(cell) == 1.0


@pytest.mark.parametrize("cell", ["0", "0.0", "-0", ".0", "false", "False", "NO"])
def test_marks_of_zero(cell: str) -> None:
    assert LabelReader(None, None)(cell) == 0.0


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("0.5", "label_range"),
        ("2", r"label_range \(--label-range 0,5\), other marks need labels \(--labels 2=1\)"),
        ("maybe", r"0 or 1, true or false.*labels \(--labels SAME=1,OTHER=0\) says"),
        ("", "is empty"),
        ("nan", "not understood"),
        ("inf", "not understood"),
        ("1_0", "not understood"),
        ("\u0661", "not understood"),
    ],
)
def test_other_cells_are_refused_with_a_way_out(cell: str, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        LabelReader(None, None)(cell)


@settings(deadline=None)
@given(st.floats(-10, 10), st.floats(0.5, 20), st.floats(0, 1))
def test_grades_are_scaled(low: float, width: float, share: float) -> None:
    high = low + width
    grade = min(max(low + share * width, low), high)
    reader = LabelReader(None, (low, high))
    assert reader.graded
    assert reader(repr(grade)) == (grade - low) / (high - low)
    assert 0 <= reader(repr(grade)) <= 1


def test_grade_out_of_range() -> None:
    reader = LabelReader(None, (1, 5))
    assert [reader("1"), reader("3"), reader("5.000")] == [0.0, 0.5, 1.0]
    for cell in ("0.99", "5.01", "1e400"):
        with pytest.raises(LabelError, match=r"outside of label_range \(--label-range 1,5\)"):
            reader(cell)
    with pytest.raises(LabelError, match="expected a number"):
        reader("true")


def test_own_marks_replace_the_usual_ones() -> None:
    reader = LabelReader({"ENTAILMENT": 1, "NEUTRAL": 0, "1": 0}, None)
    assert [reader("ENTAILMENT"), reader(" NEUTRAL "), reader("1")] == [1.0, 0.0, 0.0]
    for cell in ("entailment", "0", "true"):
        with pytest.raises(LabelError, match=r"not one of labels \(--labels\): ENTAILMENT, NEUTRAL, 1"):
            reader(cell)


def test_own_marks_can_be_grades() -> None:
    reader = LabelReader({"no": 1, "partly": 2, "yes": 3}, (1, 3))
    assert [reader("no"), reader("partly"), reader("yes")] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("labels", "label_range", "message"),
    [
        ({"a": 2}, None, "expected 0 or 1"),
        ({"a": 7}, (0, 5), r"outside of label_range \(--label-range 0,5\)"),
        (None, (5, 0), "lower one first"),
        (None, (1, 1), "lower one first"),
        (None, (0, float("inf")), "finite"),
        (None, (float("nan"), 1), "finite"),
        (None, (0, 1, 2), "two finite numbers"),
    ],
)
def test_options_are_checked_at_once(labels: dict[str, float], label_range: tuple[float, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        LabelReader(labels, label_range)


def test_what_looks_like_a_label() -> None:
    assert all(map(looks_like_label, ["1", "3.25", "Yes", " 0 "]))
    assert not any(map(looks_like_label, ["is_duplicate", "", "NEUTRAL"]))
    assert looks_like_label("NEUTRAL", {"NEUTRAL": 0})


@pytest.mark.parametrize("label_range", ["05", 5, (0,), (0, "5"), (0, float("nan")), (5, 0), (1, 1), (0, float("inf"))])
def test_what_is_no_range_is_refused(label_range: object) -> None:
    with pytest.raises(OptionError, match=r"label_range is .*expected two finite numbers.*\(--label-range 0,5\)"):
        LabelReader(None, label_range)  # type: ignore[arg-type]  # what untyped callers pass


@pytest.mark.parametrize("labels", ["SAME=1", ["SAME"], {"SAME": "1"}, {"SAME": None}, {"SAME": float("nan")}])
def test_what_is_no_mapping_of_marks_is_refused(labels: object) -> None:
    with pytest.raises(OptionError, match=r"labels is .*expected a mapping of marks to numbers \(--labels SAME=1"):
        LabelReader(labels, None)  # type: ignore[arg-type]  # what untyped callers pass
