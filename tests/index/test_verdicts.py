from __future__ import annotations

import itertools
from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.index.conftest import MakeModel, Place
from textsiam.errors import DataError, OptionError
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.relations import Verdict, text_hash
from textsiam.index.verdicts import check_verdicts, checked_marks

KEYS = "abcdef"
PAIRS = list(itertools.combinations(KEYS, 2))
SAID = st.lists(st.tuples(st.sampled_from(PAIRS), st.booleans()), max_size=12)


def contradicts(said: list[tuple[tuple[str, str], bool]]) -> bool:
    """Try every way to part the texts into groups: whether none has what is said to be the same, and it alone."""
    for groups in itertools.product(range(len(KEYS)), repeat=len(KEYS)):
        group_of = dict(zip(KEYS, groups, strict=True))
        if all((group_of[a] == group_of[b]) == same for (a, b), same in said):
            return False
    return True


def with_hashes(verdicts: list[Verdict]) -> list[tuple[bytes, bytes, Verdict]]:
    return [(text_hash(verdict.text_a), text_hash(verdict.text_b), verdict) for verdict in verdicts]


@given(SAID, SAID)
def test_the_first_verdict_that_contradicts_is_told(
    old: list[tuple[tuple[str, str], bool]], new: list[tuple[tuple[str, str], bool]]
) -> None:
    if contradicts(kept := list(dict(old).items())):
        return  # what is there does not contradict itself
    kept = [one for one in kept if one[0] not in dict(new)]
    wrong = next((count for count in range(1, len(new) + 1) if contradicts([*kept, *new[:count]])), None)
    before = with_hashes([Verdict(a, b, int(same)) for (a, b), same in dict(old).items()])
    verdicts = [Verdict(b, a.upper(), int(same)) for (a, b), same in new]
    if wrong is None:
        check_verdicts(verdicts, before)
        return
    with pytest.raises(DataError, match=f"line {wrong}: "):
        check_verdicts(verdicts, before)


def test_older_verdicts_on_the_same_texts_do_not_count() -> None:
    old = with_hashes([Verdict("a", "b", 1), Verdict("b", "c", 1)])
    with pytest.raises(DataError, match="line 1: 'a' and 'c' cannot be different: with earlier verdicts 'a' and 'c'"):
        check_verdicts([Verdict("a", "c", 0)], old)
    check_verdicts([Verdict("a", "c", 0), Verdict("C", "b ", 0)], old)


ODD: list[object] = [("a", "b"), "ab1", ("a", "b", 0.5), None, ("a", "b", "1"), pd.Series([1, 2])]
ODD += [("a", "b", pd.NA), ("a", "b", np.zeros(2))]


@pytest.mark.parametrize("row", ODD, ids=str)
def test_what_is_no_mark_is_told_with_its_number(row: object) -> None:
    with pytest.raises(DataError, match=r"line 2: is .*, expected \(key a, key b, whether they are the same\)"):
        checked_marks([["a", "b", 1], row])


def test_many_marks_are_kept_together_or_not_at_all(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        index.add_many([(key, f"{key} {key}") for key in KEYS])
        with pytest.raises(DataError, match="line 3: 'a a' and 'c c' cannot be different"):
            index.mark_many([("a", "b", True), ("b", "c", True), ("a", "c", False), ("d", "e", True)])
        with pytest.raises(DataError, match="line 2: key 'z' is not in the index"):
            index.mark_many([("a", "b", True), ("a", "z", True)])
        assert index.verdicts() == []
        assert index.mark_many(iter([("a", "b", True), ("d", "e", False)])) == 2
        assert {(*sorted(verdict[:2]), verdict.label) for verdict in index.verdicts()} == {
            ("a a", "b b", 1),
            ("d d", "e e", 0),
        }
        assert index.mark_many([]) == 0
        with pytest.raises(OptionError, match=r"^key 'z' is not in the index"):
            index.mark("a", "z")
        with pytest.raises(OptionError, match=r"^duplicate is 'maybe', expected True or False"):
            index.mark("a", "b", "maybe")  # type: ignore[arg-type] # what is tested
        with pytest.raises(OptionError, match=r"^rows is None, expected a list of \(key a"):
            index.mark_many(None)  # type: ignore[arg-type] # what is tested
        with pytest.raises(DataError, match=r"^line 2: key is 1, expected a str"):
            index.mark_many([("a", "b", True), (1, "b", True)])  # type: ignore[list-item] # what is tested
        with pytest.raises(OptionError, match=r"^key is 1, expected a str"):
            index.mark(1, "b")  # type: ignore[arg-type] # what is tested
        index.mark_many([("a", "b", cast(bool, np.bool_(False)))])
        assert sorted(verdict.label for verdict in index.verdicts()) == [0, 0]


def test_a_long_chain_contradicts_its_ends(make_model: MakeModel, place: Place) -> None:
    count = 3_000
    chain = [(str(number), str(number + 1), True) for number in range(count - 1)]
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        index.add_many([(str(number), f"text number {number}") for number in range(count)])
        with pytest.raises(DataError, match=f"line {count}: .* cannot be different"):
            index.mark_many([*chain, ("0", str(count - 1), False)])
        assert index.mark_many(chain) == count - 1
