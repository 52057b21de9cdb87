from __future__ import annotations

from pathlib import Path

import pytest

from textsiam.data.dialect import Dialect, find_dialect
from textsiam.errors import DataError, OptionError


def dialect_of(folder: Path, content: str | bytes, name: str = "pairs.csv") -> Dialect:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return find_dialect(path, None, "auto")


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("text_a,text_b,label\nx,y,1\n", ","),
        ("text_a;text_b;label\nx, or,y;b;1\n", ";"),
        ("text_a|text_b|label\nx|y|1\n", "|"),
        ("text_a\ttext_b\tlabel\nx,y\tb\t1\n", "\t"),
        ("a, b\tc\t1\n", "\t"),
        ('"a;b;c",d,1\n"a;b",c,1\n"a",c,0\n', ","),
        ("Hello, you;there;1\nOne, two, three;four;0\nx;y;1\n", ";"),
        ('text_a,text_b,p\n";","\r;","\r;",0.5\n', ","),
        ("texts\nx;y;1\nz;y;0\n", ";"),
        ("no mark at all\n", ","),
        ("\r\n\r\na\tb\n", "\t"),
    ],
)
def test_delimiter_is_found(tmp_path: Path, content: str, delimiter: str) -> None:
    assert dialect_of(tmp_path, content)[0] == delimiter


def test_a_tsv_file_has_tabs(tmp_path: Path) -> None:
    assert dialect_of(tmp_path, "a,b,c\n", "pairs.tsv")[0] == "\t"


@pytest.mark.parametrize(
    ("content", "quoting"),
    [
        ('a\t"b"\t1\n', "minimal"),
        ('a\t"he said ""no"""\t1\n', "minimal"),
        ('a\t"over\ntwo lines"\t1\n', "minimal"),
        ("a\tb\t1\n", "minimal"),
        ('"Then he was gone.\tThen he left.\t1\n', "none"),
        ('"Yes," he said.\tHe said "yes".\t1\n"No"\tNo.\t0\n', "none"),
        ('"Yes"\the said "yes" twice\t1\nb "c" d\te\t1\n', "none"),
        ('say "a, b"\t"c\t1\n' + '"d"\t"e"\t1\n' * 10, "minimal"),
    ],
)
def test_quoting_of_files_with_tabs_goes_by_the_fields_with_quotes(tmp_path: Path, content: str, quoting: str) -> None:
    assert dialect_of(tmp_path, content)[1] == quoting


def test_comma_files_have_csv_quotes_whatever_they_look_like(tmp_path: Path) -> None:
    assert dialect_of(tmp_path, '"a b" c,d "e",1\n')[1] == "minimal"


def test_quotes_far_into_the_file_count(tmp_path: Path) -> None:
    assert dialect_of(tmp_path, "a\tb\t1\n" * 400_000 + '"c\t"d" e\t1\n')[1] == "none"


def test_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    assert dialect_of(tmp_path, b"a,b,1\rc,d,0\r")[2:4] == ("\r", False)
    assert dialect_of(tmp_path, b"a,b,1\r\nc,d\re,0\r\n")[2:4] == ("\r\n", False)
    assert dialect_of(tmp_path, b"a,b\r,1\r\nc,d,0\n")[2:4] == ("\r\n", False)
    assert dialect_of(tmp_path, b"a,b,1\nc,d,0\r\n")[2:4] == ("\n", False)
    assert dialect_of(tmp_path, b"\xef\xbb\xbfa,b,1\n")[2:4] == ("\n", True)


def test_what_is_given_wins(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text('"a\tb|"c\n', encoding="utf-8")
    assert find_dialect(path, "|", "minimal")[:2] == ("|", "minimal")
    assert find_dialect(path, "\t", "none")[:2] == ("\t", "none")


def test_bad_options_and_files(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("a\tb\n", encoding="utf-8")
    with pytest.raises(OptionError, match=r"delimiter \(--delimiter\) is '::'"):
        find_dialect(path, "::", "auto")
    with pytest.raises(OptionError, match=r"quoting \(--quoting\) is 'minimum'.*did you mean 'minimal'"):
        find_dialect(path, None, "minimum")
    with pytest.raises(DataError, match="UTF-16"):
        dialect_of(tmp_path, "a,b,1\n".encode("utf-16"))
    with pytest.raises(DataError, match="is empty"):
        dialect_of(tmp_path, b"\xef\xbb\xbf\n\n")
