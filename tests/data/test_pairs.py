from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys

import datasets
import numpy as np
import pyarrow
import pytest
from numpy.typing import ArrayLike

from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.errors import DataError, OptionError

ROWS = [("NA", "null", 1), ("", "nan", 0), ("\u00fc\u4f60", "b c", 0), ("d", "d", 1)]


@pytest.fixture
def pairs() -> Pairs:
    return Pairs.from_rows(ROWS)


def test_what_went_in_comes_out(pairs: Pairs) -> None:
    assert len(pairs) == 4
    assert list(pairs) == ROWS
    assert pairs.text_a == ["NA", "", "\u00fc\u4f60", "d"]
    assert pairs.text_b == ["null", "nan", "b c", "d"]
    assert pairs.labels.dtype == np.float32
    assert pairs.labels.tolist() == [1, 0, 0, 1]
    assert list(pairs.texts()) == [text for a, b, _ in ROWS for text in (a, b)]
    assert pairs.columns == ["text_a", "text_b", "label"]
    assert not pairs.graded
    assert pairs.label_range == (0, 1)


def test_indexing_and_selecting(pairs: Pairs) -> None:
    assert pairs[1] == ROWS[1]
    assert pairs[-1] == ROWS[-1]
    assert list(pairs[1:3]) == ROWS[1:3]
    assert list(pairs[::-1]) == ROWS[::-1]
    chosen = pairs.select([3, 0, 3])
    assert list(chosen) == [ROWS[3], ROWS[0], ROWS[3]]
    assert list(chosen.select(np.array([1]))) == [ROWS[0]]
    assert chosen.labels.tolist() == [1, 1, 1]
    assert len(pairs.select([])) == 0
    assert list(pairs.select([])) == []
    with pytest.raises(IndexError):
        pairs[4]
    for wrong in ([4], [-1], [0, 99]):
        with pytest.raises(OptionError, match="expected 0 to 3"):
            pairs.select(wrong)


def test_selecting_by_a_mask(pairs: Pairs) -> None:
    assert list(pairs.select(pairs.labels == 1)) == [ROWS[0], ROWS[3]]
    assert list(pairs.select([False, True, True, False])) == [ROWS[1], ROWS[2]]
    assert list(pairs.select([3, 1]).select([False, True])) == [ROWS[1]]
    assert len(pairs.select([False] * 4)) == 0
    for wrong in ([True], [True] * 5, [[True, False], [True, False]]):
        with pytest.raises(OptionError, match=r"indices is a mask of shape .*expected \(4,\)"):
            pairs.select(wrong)


@pytest.mark.parametrize("wrong", [[0.0], [1.7], ["1"], [None], np.array([1.0], dtype=np.float32)])
def test_selecting_by_what_is_no_index_is_refused(pairs: Pairs, wrong: ArrayLike) -> None:
    with pytest.raises(OptionError, match=r"indices are of type .*, expected integers or a mask"):
        pairs.select(wrong)


def test_dataset_holds_the_same(pairs: Pairs) -> None:
    assert pairs.dataset.to_dict() == {
        "text_a": pairs.text_a,
        "text_b": pairs.text_b,
        "label": [1.0, 0.0, 0.0, 1.0],
    }
    assert pairs.dataset.features["label"].dtype == "float32"
    assert pairs[2:].dataset["text_a"][:] == ["\u00fc\u4f60", "d"]
    again = Pairs(pairs[2:].dataset, graded=False)
    assert list(again) == ROWS[2:]


def test_extra_columns() -> None:
    records = [{"id": 7, "Topic": "x", "text_a": "a", "text_b": "b", "label": 1}]
    pairs = read_pairs(records, keep=["id", "topic"])
    assert pairs.columns == ["text_a", "text_b", "label", "id", "topic"]
    assert pairs.extra("id") == ["7"]
    assert pairs.extra("topic") == ["x"]
    for wrong in ("Topic", "text_a"):
        with pytest.raises(DataError, match=f"no extra column '{wrong}'; there are id, topic"):
            pairs.extra(wrong)
    with pytest.raises(DataError, match="there are none; read_pairs keeps them with keep"):
        Pairs.from_rows(ROWS).extra("id")


def test_fingerprint_is_of_texts_and_labels_in_order(pairs: Pairs) -> None:
    digest = hashlib.sha256()
    for side in (0, 1):
        encoded = [str(row[side]).encode() for row in ROWS]
        digest.update(b"".join(len(text).to_bytes(8, "little") for text in encoded) + b"".join(encoded))
    digest.update(np.array([1, 0, 0, 1], dtype="<f4").tobytes())
    assert pairs.fingerprint() == digest.hexdigest()
    others = [
        ROWS[::-1],
        ROWS[:3],
        [*ROWS[:3], ("d", "d", 0)],
        [("NAn", "ull", 1), *ROWS[1:]],
        [(b, a, label) for a, b, label in ROWS],
    ]
    prints = [Pairs.from_rows(rows).fingerprint() for rows in (ROWS, *others)]
    assert all(a != b for a, b in itertools.combinations(prints, 2))


def test_fingerprint_does_not_depend_on_how_pairs_are_held() -> None:
    rows = [(f"a{i}", f"b{i}", i % 2) for i in range(60_500)]
    stored = Pairs.from_rows(rows)
    assert stored.select(np.arange(60_500)).fingerprint() == stored.fingerprint()
    frame = {"text_a": [a for a, _, _ in rows], "text_b": [b for _, b, _ in rows], "label": [x for _, _, x in rows]}
    assert Pairs(datasets.Dataset.from_dict(frame), graded=False).fingerprint() == stored.fingerprint()
    assert stored[12_345] == ("a12345", "b12345", 1)


def test_repr_is_short_and_useful(pairs: Pairs) -> None:
    assert repr(pairs) == "Pairs(4 pairs, 50.0% duplicates)"
    assert repr(pairs.select([])) == "Pairs(0 pairs, 0.0% duplicates)"
    graded = Pairs.from_rows([("a", "b", 2), ("c", "d", 3)], label_range=(1, 5))
    assert repr(graded) == "Pairs(2 graded pairs, mean 2.5 of 1 to 5)"
    assert graded.labels.tolist() == [0.25, 0.5]
    assert graded.graded
    assert graded[:1].label_range == (1, 5)


@pytest.mark.parametrize(
    ("frame", "graded", "message"),
    [
        ({"text_a": ["a"], "question2": ["b"], "label": [1]}, False, "expected text_a, text_b and label; .*read_pairs"),
        ({"text_a": ["a", None], "text_b": ["b", "c"], "label": [1, 0]}, False, "column text_a: 1 rows have no value"),
        ({"text_a": ["a", "b"], "text_b": ["b", "c"], "label": [1, 0.5]}, False, "line 2, column label: .*0 or 1"),
        ({"text_a": ["a", "b"], "text_b": ["b", "c"], "label": [1, 5]}, True, "the label is 5, expected a grade"),
    ],
)
def test_dataset_that_does_not_fit_is_refused(frame: dict[str, list[object]], graded: bool, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Pairs(datasets.Dataset.from_dict(frame), graded=graded)


def test_table_with_two_columns_of_one_name_is_refused() -> None:
    table = pyarrow.table([["a"], ["b"], [1], ["x"], ["y"]], names=["text_a", "text_b", "label", "note", "note"])
    with pytest.raises(DataError, match="more than one column is called 'note'"):
        Pairs(table, graded=False)


def test_reading_does_not_load_datasets() -> None:
    program = (
        "import sys\n"
        "import textsiam.data.pairs, textsiam.data.read\n"
        "assert not {'datasets', 'pyarrow', 'scipy', 'torch'} & set(sys.modules)\n"
        "pairs = textsiam.data.pairs.Pairs.from_rows([('a', 'b', 1)])\n"
        "assert list(pairs[:1]) == [('a', 'b', 1.0)] and pairs.fingerprint()\n"
        "assert 'datasets' not in sys.modules and 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
