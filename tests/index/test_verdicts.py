from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.index.conftest import MakeModel
from textsiam.errors import DataError, OptionError
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.relations import Verdict, text_hash
from textsiam.index.verdicts import check_verdicts, checked_marks

KEYS = "abcdef"
PAIRS = list(itertools.combinations(KEYS, 2))
SAID = st.lists(st.tuples(st.sampled_from(PAIRS), st.booleans()), unique_by=lambda one: one[0], max_size=len(PAIRS))


def contradicts(said: list[tuple[tuple[str, str], bool]]) -> bool:
    """Try every way to part the texts into groups: whether none has what is said to be the same, and it alone."""
    for groups in itertools.product(range(len(KEYS)), repeat=len(KEYS)):
        group_of = dict(zip(KEYS, groups, strict=True))
        if all((group_of[a] == group_of[b]) == same for (a, b), same in said):
            return False
    return True


def with_hashes(verdicts: list[Verdict]) -> list[tuple[bytes, bytes, Verdict]]:
    return [(text_hash(verdict.text_a), text_hash(verdict.text_b), verdict) for verdict in verdicts]


@given(SAID, st.integers(0, 15))
def test_the_first_verdict_that_contradicts_is_told(said: list[tuple[tuple[str, str], bool]], cut: int) -> None:
    verdicts = [Verdict(a, b, int(same)) for (a, b), same in said]
    wrong = next((count for count in range(1, len(said) + 1) if contradicts(said[:count])), None)
    old, new = verdicts[:cut], verdicts[cut:]
    if wrong is not None and wrong <= cut:
        return  # what is old does not contradict itself
    if wrong is None:
        check_verdicts(new, with_hashes(old))
        return
    with pytest.raises(DataError, match=f"line {wrong - cut}: "):
        check_verdicts(new, with_hashes(old))


def test_older_verdicts_on_the_same_texts_do_not_count() -> None:
    old = with_hashes([Verdict("a", "b", 1), Verdict("b", "c", 1)])
    with pytest.raises(DataError, match="line 1: 'a' and 'c' cannot be different: with earlier verdicts 'a' and 'c'"):
        check_verdicts([Verdict("a", "c", 0)], old)
    check_verdicts([Verdict("a", "c", 0), Verdict("C", "b ", 0)], old)


@pytest.mark.parametrize("row", [("a", "b"), "ab1", ("a", "b", 0.5), None, ("a", "b", "1")])
def test_what_is_no_mark_is_told_with_its_number(row: object) -> None:
    with pytest.raises(DataError, match=r"line 2: is .*, expected \(key a, key b, whether they are the same\)"):
        checked_marks([["a", "b", 1], row])


def test_many_marks_are_kept_together_or_not_at_all(make_model: MakeModel, tmp_path: Path) -> None:
    with DuplicateIndex.open(tmp_path / "index.db", make_model("cosine")) as index:
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


def test_a_long_chain_contradicts_its_ends(make_model: MakeModel, tmp_path: Path) -> None:
    count = 3_000
    chain = [(str(number), str(number + 1), True) for number in range(count - 1)]
    with DuplicateIndex.open(tmp_path / "index.db", make_model("cosine")) as index:
        index.add_many([(str(number), f"text number {number}") for number in range(count)])
        with pytest.raises(DataError, match=f"line {count}: .* cannot be different"):
            index.mark_many([*chain, ("0", str(count - 1), False)])
        assert index.mark_many(chain) == count - 1
