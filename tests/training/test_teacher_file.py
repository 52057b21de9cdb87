from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from textsiam.errors import DataError
from textsiam.training.teacher_file import read_outputs


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.txt", "1.5\n-2\n3e1\n"),
        ("t.tsv", "logit\n1.5\n-2\n30\n"),
        ("t.tsv", "text_a\tlogit\nx\t1.5\ny\t-2\nz\t30\n"),
        ("t.csv", '\ufefftext_a,logit\n"a, ""b""\nc",1.5\ny,-2\nz,30\n'),
        ("t.csv", "anything\n1.5\n-2\n30\n"),
    ],
)
def test_numbers_of_a_text_file(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read_outputs(tmp_path / name, "logit").tolist() == [1.5, -2, 30]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.tsv", b"a\tb\n1\t2\n", "has no column 'logit' among"),
        ("t.tsv", b"probability\n0.5\n", r"'probability' and none 'logit'; set teacher_output \(--teacher-output\)"),
        ("t.tsv", b"a\tprobability\nx\t1\n", "to probability"),
        ("t.tsv", b"a\tlogit\nx\t1\ny\n", r"line 3, column logit: is 'missing', expected a number"),
        ("t.txt", b"1\nhalf\n", r"line 2, column logit: is 'half', expected a number"),
        ("t.txt", b"1\n\xff\n", "is not valid UTF-8"),
        ("t.npy", b"1\n2\n", "is no .npy file of numbers"),
        ("t.npy", b"", "is empty"),
        ("t.xlsx", b"PK", "ends in '.xlsx', expected .npy"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_outputs(tmp_path / name, "logit")
    assert "\n" not in str(caught.value)


def test_pickles_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"is no \.npy file of numbers"):
        read_outputs(tmp_path / "t.npy", "logit")
