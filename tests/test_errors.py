from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from textsiam import errors
from textsiam.errors import (
    DataError,
    MissingExtraError,
    OptionError,
    TextsiamError,
    TrainingInterrupted,
    check_choice,
    check_integer,
    import_extra,
    no_column,
)

_DRAWN = re.compile(
    r"^ {4}(?P<deep>│   )?(?P<branch>[├└]── )?(?P<name>[A-Z]\w+)(?: +\((?P<builtin>\w+)\))?", re.MULTILINE
)


def drawn_tree() -> dict[str, tuple[str, ...]]:
    """Class name -> names of its bases, as the module's docstring draws them."""
    tree: dict[str, tuple[str, ...]] = {}
    for match in _DRAWN.finditer(errors.__doc__ or ""):
        bases = [list(tree)[-1] if match["deep"] else "TextsiamError"] if match["branch"] else []
        if match["builtin"]:
            bases.append(match["builtin"])
        tree[match["name"]] = tuple(bases or ["Exception"])
    return tree


def test_the_tree_is_as_drawn() -> None:
    classes = {
        name: tuple(base.__name__ for base in value.__bases__)
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, BaseException)
    }
    assert drawn_tree() == classes
    assert len(classes) >= 8


def test_every_class_says_what_it_is_for() -> None:
    for name in drawn_tree():
        assert inspect.getdoc(getattr(errors, name))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({}, "label is 'x'"),
        ({"file": "a.csv"}, "a.csv: label is 'x'"),
        ({"file": Path("a.csv"), "line": 3}, "a.csv, line 3: label is 'x'"),
        ({"file": "a.csv", "line": 3, "column": "label"}, "a.csv, line 3, column label: label is 'x'"),
        ({"line": 3}, "line 3: label is 'x'"),
        ({"column": "label"}, "column label: label is 'x'"),
        ({"line": 0, "column": "c"}, "line 0, column c: label is 'x'"),
    ],
)
def test_a_data_error_names_its_place(place: dict[str, object], message: str) -> None:
    error = DataError("label is 'x'", **place)  # type: ignore[arg-type] # the values are of several types
    assert str(error) == message
    assert (error.file, error.line, error.column) == (place.get("file"), place.get("line"), place.get("column"))
    assert isinstance(error, ValueError)


def test_an_interrupted_training_is_a_ctrl_c() -> None:
    error = TrainingInterrupted(Path("run"))
    assert error.run_folder == Path("run")
    assert str(error) == "training was interrupted"
    assert isinstance(error, KeyboardInterrupt)
    assert not isinstance(error, (TextsiamError, Exception))  # no "except Exception" swallows it


def test_an_allowed_choice_passes() -> None:
    check_choice("loss", "bce", ["bce", "triplet"])
    check_choice("loss", "bce", iter(["bce"]))


@pytest.mark.parametrize(
    ("got", "hint"),
    [
        ("bec", "; did you mean 'bce'?"),
        ("BCE", "; did you mean 'bce'?"),
        ("Multiple-Negatives", "; did you mean 'multiple_negatives'?"),
        ("zzz", ""),
    ],
)
def test_a_wrong_choice_is_told_what_is_taken(got: str, hint: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_choice("loss", got, ["bce", "multiple_negatives"])
    assert str(caught.value) == f"loss is {got!r}, expected one of bce, multiple_negatives{hint}"


def test_a_column_that_is_missing_is_told_with_the_nearest() -> None:
    assert no_column("txt", ["id", "text"]) == "there is no column 'txt' (did you mean 'text'?)"
    assert no_column("txt", iter(["id", "key"])) == "there is no column 'txt'"
    assert no_column("txt", []) == "there is no column 'txt'"


@pytest.mark.parametrize("got", [None, 3, ["bce"]])
def test_a_choice_that_is_no_name_is_refused(got: object) -> None:
    with pytest.raises(OptionError, match=re.escape(f"loss is {got!r}, expected one of bce")):
        check_choice("loss", got, ["bce"])


def test_an_extra_that_is_there_is_imported() -> None:
    assert import_extra("json.decoder", "train", "reading").__name__ == "json.decoder"


def test_an_extra_that_is_missing_is_named() -> None:
    with pytest.raises(MissingExtraError) as caught:
        import_extra("no_such_package_of_ours.part", "train", "reading Parquet")
    assert str(caught.value) == (
        "reading Parquet needs the package no_such_package_of_ours; install it with: pip install 'textsiam[train]'"
    )
    assert isinstance(caught.value, ImportError)


def test_a_part_that_its_package_lacks_is_no_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_part_of_ours.py").write_text("from json import no_such_name\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="no_such_name") as caught:
        import_extra("broken_part_of_ours", "train", "reading")
    assert not isinstance(caught.value, MissingExtraError)


@pytest.mark.parametrize("good", [2, np.int64(5), 7])
def test_integers_in_range_pass(good: object) -> None:
    check_integer("folds", good, least=2)
    check_integer("folds", good, least=2, most=7)


@pytest.mark.parametrize("bad", [1, True, 2.0, "3", None])
def test_what_is_no_integer_in_range_is_named(bad: object) -> None:
    with pytest.raises(OptionError, match=rf"folds is {re.escape(repr(bad))}, expected an integer of at least 2$"):
        check_integer("folds", bad, least=2)


def test_the_most_is_named_too() -> None:
    with pytest.raises(OptionError, match=r"orders is 8, expected an integer from 2 to 7$"):
        check_integer("orders", 8, least=2, most=7)
