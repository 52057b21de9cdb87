from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from textsiam.data.texts import is_plain_text, iter_texts
from textsiam.errors import DataError, OptionError


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8", newline="")
    return path


def test_texts_of_all_kinds_of_files_in_turn(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "a.csv", "text_a,text_b,label\na1,a2,1\n,a4,0\n"),
        write(tmp_path / "b.tsv", "question1\tquestion2\nb1\tb2\n"),
        write(tmp_path / "c.jsonl", '{"q1": "c1", "q2": "c2"}\n'),
        write(tmp_path / "d.txt", "\ufeffd1, d1\r\n\r\n  \nd2\td2\nd3"),
        write(tmp_path / "e.txt", "sentence_A\tsentence_B\tscore\ne1\te2\t4.5\n"),
    ]
    packed = tmp_path / "f.txt.gz"
    packed.write_bytes(gzip.compress("f1 \u4f60\nf2".encode()))
    assert list(iter_texts([*files, str(packed)])) == [
        *["a1", "a2", "a4", "b1", "b2", "c1", "c2", "d1, d1", "d2\td2", "d3", "e1", "e2", "f1 \u4f60", "f2"]
    ]


def test_txt_is_pairs_only_by_its_header_or_by_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "1\tx\ty\n0\tz\tw\n")
    assert is_plain_text(path)
    assert list(iter_texts([path])) == ["1\tx\ty", "0\tz\tw"]
    assert list(iter_texts([path], columns=(2, 3))) == ["x", "y", "z", "w"]
    assert list(iter_texts([path], columns=(2, 3, 1))) == ["x", "y", "z", "w"]
    assert is_plain_text(write(path, "text_a is my favourite\nx\n"))
    assert not is_plain_text(write(path, "text_a;text_b\nx;y\n"))
    assert not is_plain_text(write(path, "sep=;\ntext_a;text_b\nx;y\n"))
    assert is_plain_text(write(path, "sep=;\n"))
    assert not is_plain_text(write(tmp_path / "a.csv", "x\n"))


def test_files_are_looked_for_before_anything_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "x\n")
    with pytest.raises(DataError, match="does not exist"):
        iter_texts([path, tmp_path / "b.txt"])
    with pytest.raises(DataError, match="has the ending"):
        iter_texts([path, write(tmp_path / "c.docx", "x")])
    with pytest.raises(OptionError, match="on_error"):
        iter_texts([path], on_error="ignore")


def test_bad_lines_are_raised_or_passed_over(tmp_path: Path) -> None:
    plain = tmp_path / "a.txt"
    plain.write_bytes(b"one\ncaf\xe9\nthr\0ee\nfour\n")
    pairs = write(tmp_path / "b.csv", "text_a,text_b\na,b\nc\nd,e\n")
    with pytest.raises(DataError, match=r"a\.txt, line 2: is not valid UTF-8; save the file as UTF-8"):
        list(iter_texts([plain]))
    with pytest.raises(DataError, match=r"b\.csv, line 3, column text_b: the row has 1 field, the header has 2"):
        list(iter_texts([pairs]))
    assert list(iter_texts([plain, pairs], on_error="skip")) == ["one", "four", "a", "b", "d", "e"]


def test_options_of_delimited_files_are_for_those_among_others(tmp_path: Path) -> None:
    lines = write(tmp_path / "a.jsonl", '{"q1": "c1", "q2": "c2"}\n')
    table = write(tmp_path / "a.csv", "q1!q2\nx!y\n")
    assert list(iter_texts([lines, table], delimiter="!")) == ["c1", "c2", "x", "y"]
    with pytest.raises(OptionError, match=r"delimiter \(--delimiter\) is '!', but only a CSV or TSV file"):
        iter_texts([lines], delimiter="!")
    with pytest.raises(OptionError, match=r"quoting \(--quoting\) is 'bogus'"):
        iter_texts([write(tmp_path / "a.txt", "x\n")], quoting="bogus")
