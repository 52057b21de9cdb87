from __future__ import annotations

import pytest

from textsiam.data.columns import Places, TextColumn, find_columns, is_text_name
from textsiam.errors import DataError, OptionError


@pytest.mark.parametrize(
    ("fieldnames", "places"),
    [
        (["id", "qid1", "qid2", "question1", "question2", "is_duplicate"], (3, 4, 5)),
        (["pair_ID", "sentence_A", "sentence_B", "relatedness_score", "entailment_judgment"], (1, 2, 3)),
        (["sentence1", "sentence2", "label"], (0, 1, 2)),
        (["Sentence 1", "SENTENCE-2", "similarity_score"], (0, 1, 2)),
        (["score", "text_b", "text_a"], (2, 1, 0)),
        (["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], (3, 4, 0)),
        (["text1", "text2", "isDuplicate"], (0, 1, 2)),
    ],
)
def test_usual_names_are_found(fieldnames: list[str], places: tuple[int, int, int]) -> None:
    assert find_columns(fieldnames, None, need_label=True) == places


def test_label_may_be_missing_or_unclear_only_where_it_is_not_needed() -> None:
    assert find_columns(["text_a", "text_b"], None, need_label=False) == (0, 1, None)
    assert find_columns(["text_a", "text_b", "label"], None, need_label=False) == (0, 1, None)
    assert find_columns(["text_a", "text_b", "label"], (1, 2, 3), need_label=False) == (0, 1, None)
    with pytest.raises(DataError, match="no column 4"):
        find_columns(["text_a", "text_b", "label"], (1, 2, 4), need_label=False)
    assert find_columns(["text_a", "text_b", "label", "score"], None, need_label=False) == (0, 1, None)
    with pytest.raises(DataError, match=r"no label column .*text_a, text_b; give columns \(--columns A,B,LABEL\)"):
        find_columns(["text_a", "text_b"], None, need_label=True)
    with pytest.raises(DataError, match=r"more than one label column .*text_a, text_b, label, score"):
        find_columns(["text_a", "text_b", "label", "score"], None, need_label=True)


@pytest.mark.parametrize(
    "fieldnames",
    [
        ["text1", "text2", "question1", "question2", "label"],
        ["text1", "text1", "text2", "label"],
    ],
)
def test_unclear_text_columns_are_refused_with_the_list(fieldnames: list[str]) -> None:
    with pytest.raises(DataError, match="more than one pair of text columns") as caught:
        find_columns(fieldnames, None, need_label=True, file="x.csv")
    assert ", ".join(fieldnames) in str(caught.value)
    assert str(caught.value).startswith("x.csv: ")


def test_columns_by_name_and_position() -> None:
    fieldnames = ["first", "Second", "is it", "5"]
    assert find_columns(fieldnames, ("first", "Second", "is it"), need_label=True) == (0, 1, 2)
    assert find_columns(fieldnames, ("FIRST", "second", "is_it"), need_label=True) == (0, 1, 2)
    assert find_columns(fieldnames, (2, "1", "4"), need_label=True) == (1, 0, 3)
    assert find_columns(fieldnames, (2, 1), need_label=False) == (1, 0, None)


def test_exact_name_goes_before_a_name_that_is_alike() -> None:
    assert find_columns(["Label", "label", "a", "b"], ("a", "b", "label"), need_label=True) == (2, 3, 1)


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (("first", "secnd", "label"), DataError, r"no column 'secnd' \(did you mean 'second'\?\)"),
        (("first", "second", 9), DataError, "no column 9; the columns are: first, second, label"),
        (("first", "second", 0), OptionError, "count from 1"),
        (("first", "second"), OptionError, "three columns"),
        (("first", "second", "label", "label"), OptionError, "three columns"),
        ("first", OptionError, "three columns"),
        (("first", "first", "label"), OptionError, "twice"),
        ((1.0, 2, 3), OptionError, r"a name or a position from 1 \(--columns A,B,LABEL\)"),
        ((1, 2, True), OptionError, "a name or a position"),
        (("first", "second", None), OptionError, "a name or a position"),
        (5, OptionError, "a name or a position"),
    ],
)
def test_wrong_columns_are_refused(columns: tuple[str | int, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        find_columns(["first", "second", "label"], columns, need_label=True)


def test_columns_are_named_without_label_where_none_is_needed() -> None:
    with pytest.raises(DataError, match=r"give columns \(--columns A,B\), by name"):
        find_columns(["first", "second"], None, need_label=False)


def test_name_without_letters_matches_only_exactly() -> None:
    assert find_columns(["--", "b", "c"], ("--", "b", "c"), need_label=True) == (0, 1, 2)
    with pytest.raises(DataError, match="no column"):
        find_columns(["--", "b", "c"], ("++", "b", "c"), need_label=True)


def test_text_names() -> None:
    assert is_text_name("Question 1")
    assert is_text_name("sentence_B")
    assert not is_text_name("How do I learn?")
    assert not is_text_name("")


@pytest.mark.parametrize(
    ("fieldnames", "column", "place"),
    [
        (["id", "Question", "x"], (), 1),
        (["anything"], (), 0),
        (["id", "text", "title"], ("title",), 2),
        (["id", "text"], (1,), 0),
        (["id", "text"], ("2",), 1),
    ],
)
def test_a_column_of_texts_is_both_text_a_and_text_b(
    fieldnames: list[str], column: tuple[str | int, ...], place: int
) -> None:
    assert find_columns(fieldnames, TextColumn(column), need_label=False) == Places(place, place, None)


@pytest.mark.parametrize("fieldnames", [["a", "b"], ["text", "title"]])
def test_a_column_of_texts_must_be_known_by_its_name(fieldnames: list[str]) -> None:
    with pytest.raises(DataError, match=r"column of texts is known by its name; .* \(--text-column NAME\)"):
        find_columns(fieldnames, TextColumn(), need_label=False)
