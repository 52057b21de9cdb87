from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.data.row_source import Row
from textsiam.data.rows import open_rows
from textsiam.errors import DataError, OptionError

TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


def rows_of(path: Path, **options: object) -> list[Row | DataError]:
    return list(open_rows(path, **options))  # type: ignore[arg-type]  # options of many types


def write(folder: Path, content: str | bytes, name: str = "pairs.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8), st.sampled_from([",", "\t", ";"]))
def test_what_the_csv_writer_writes_comes_back_with_its_lines(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]], delimiter: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "pairs.csv"
    lines = [1]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        for row in [("text_a", "text_b", "label"), *((a, b, "1") for a, b in pairs)]:
            writer.writerow(row)
            lines.append(lines[-1] + 1 + sum(cell.count("\n") for cell in row))
    found = rows_of(path, delimiter=delimiter, quoting="minimal")
    assert found == [Row(line, [a, b, "1"]) for line, (a, b) in zip(lines[1:], pairs, strict=False)]


@settings(deadline=None)
@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\t\n"), min_size=1).filter(
            lambda text: not text.endswith("\r")
        ),
        min_size=2,
    )
)
def test_without_quotes_every_other_character_stays(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("tsv") / "pairs.tsv"
    path.write_bytes("".join(f"1\t{text}\t{text}\n" for text in texts).encode())
    found = rows_of(path, quoting="none", columns=(2, 3, 1))
    assert found == [Row(line, ["1", text, text]) for line, text in enumerate(texts, 1)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_last_line_and_byte_order_mark(tmp_path: Path, end: str, last: bool, mark: bytes) -> None:
    content = end.join(["text_a,text_b,label", "a,b,1", '"c, c",d,0']) + (end if last else "")
    path = write(tmp_path, mark + content.encode())
    source = open_rows(path)
    assert source.fieldnames == ["text_a", "text_b", "label"]
    assert list(source) == [Row(2, ["a", "b", "1"]), Row(3, ["c, c", "d", "0"])]
    assert list(source) == list(source)


def test_byte_order_mark_before_a_quoted_header(tmp_path: Path) -> None:
    path = write(tmp_path, b'\xef\xbb\xbf"text_a","text_b","label"\n"a","b","1"\n')
    assert open_rows(path).fieldnames == ["text_a", "text_b", "label"]


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "\ntext_a,text_b,label\n\n\na,b,1\r\n\r\n,,0\n")
    assert rows_of(path) == [Row(5, ["a", "b", "1"]), Row(7, ["", "", "0"])]


def test_broken_rows_are_named_and_the_next_ones_read(tmp_path: Path) -> None:
    content = (
        b"text_a,text_b,label\n"
        b'"one\nstill one",b,1\n'  # lines 2 and 3
        b"a,b\n"  # 4: too few
        b"a,b,c,1\n"  # 5: too many
        b'"never closed,b,1\n'  # 6
        b'"x" y,b,1\n'  # 7
        b"caf\xe9,b,1\n"  # 8: Latin-1
        b"a,b\0b,1\n"  # 9
        b'a,"over\ntwo caf\xe9",0\n'  # 10 and 11
        b"a,b,1\n"  # 12
    )
    found = rows_of(write(tmp_path, content))
    assert [row for row in found if isinstance(row, Row)] == [
        Row(2, ["one\nstill one", "b", "1"]),
        Row(12, ["a", "b", "1"]),
    ]
    problems = [(row.line, row.column, str(row.args[0])) for row in found if isinstance(row, DataError)]
    assert [(line, column) for line, column, _ in problems] == [
        (4, "label"),
        (5, None),
        (6, None),
        (7, None),
        (8, "text_a"),
        (9, "text_b"),
        (10, "text_b"),
    ]
    messages = [message for _, _, message in problems]
    assert messages[0] == "the row has 2 fields, the header has 3"
    assert messages[1].startswith("the row has 4 fields, the header has 3; ")
    assert "goes on after its closing quote" in messages[2]
    assert messages[3].endswith("give quoting (--quoting none)")
    assert messages[4] == "is not valid UTF-8; save the file as UTF-8"
    assert "NUL" in messages[5]
    assert all(row.file == tmp_path / "pairs.csv" for row in found if isinstance(row, DataError))


def test_one_stray_quote_does_not_swallow_the_rest(tmp_path: Path) -> None:
    rows = [f"{'a' * 60}\tb\t1\n"] * 30_000  # more than a row of several lines may hold
    rows[7] = '"a\tb\t1\n'
    path = write(tmp_path, "".join(rows), "pairs.tsv")
    found = rows_of(path, columns=(1, 2, 3), quoting="minimal")
    assert len(found) == 30_000
    assert [row.line for row in found if isinstance(row, DataError)] == [8]


@pytest.mark.parametrize(
    ("content", "columns", "header", "labels"),
    [
        ("1\tx\ty\n", (2, 3, 1), False, None),
        ("Label\tx\ty\n", (2, 3, 1), True, None),
        ("label\tquestion1\tquestion2\n", (2, 3), True, None),
        ("7\tx\ty\n", (2, 3), False, None),
        ("SAME\tx\ty\n", (2, 3, 1), True, None),
        (" \tx\ty\n", (2, 3, 1), False, None),
        ("SAME\tx\ty\n", (2, 3, 1), False, {"SAME": 1}),
        ("yes\tx\ty\n", (2, 3, "yes"), True, None),
    ],
)
def test_header_is_told_from_a_row(
    tmp_path: Path, content: str, columns: tuple[str | int, ...], header: bool, labels: dict[str, float] | None
) -> None:
    path = write(tmp_path, content, "pairs.tsv")
    source = open_rows(path, columns=columns, labels=labels, need_label=False)
    assert source.header is header
    assert len(list(source)) == (0 if header else 1)
    assert source.fieldnames == (content.rstrip("\n").split("\t") if header else ["1", "2", "3"])


def test_given_header_wins(tmp_path: Path) -> None:
    path = write(tmp_path, "1\tx\ty\n0\ta\tb\n", "pairs.tsv")
    assert len(rows_of(path, columns=(2, 3, 1), header=True)) == 1
    assert len(rows_of(path, columns=(2, 3, 1), header=False)) == 2
    with pytest.raises(OptionError, match=r"by position: columns \(--columns 1,2,3\)"):
        open_rows(path, header=False)
    with pytest.raises(OptionError, match="by position"):
        open_rows(path, header=False, columns=("a", "b", "c"))


def test_rows_without_header_may_be_longer_only_without_commas(tmp_path: Path) -> None:
    tabs = rows_of(write(tmp_path, "1\ta\tb\n0\tc\td\tmore\n1\te\n", "pairs.tsv"), columns=(2, 3, 1))
    assert tabs[:2] == [Row(1, ["1", "a", "b"]), Row(2, ["0", "c", "d", "more"])]
    assert str(tabs[2]).endswith("line 3, column 3: the row has 2 fields, expected at least 3")
    commas = rows_of(write(tmp_path, "1,a,b\n0,c, or so,d\n"), columns=(2, 3, 1))
    assert isinstance(commas[1], DataError)
    assert "the row has 4 fields, the first row has 3; a delimiter within a text must be quoted" in str(commas[1])


def test_dialect_is_told_for_writing_the_like(tmp_path: Path) -> None:
    source = open_rows(write(tmp_path, 'text_a;text_b\n"a";b\n'), need_label=False)
    assert (source.format, source.delimiter, source.quoting, source.header) == ("delimited", ";", "minimal", True)
    assert source.places == (0, 1, None)
    assert (source.newline, source.byte_order_mark) == ("\n", False)
    assert source.notes == ("delimiter ';', double quotes are CSV quotes, a header",)
    source = open_rows(write(tmp_path, b"\xef\xbb\xbftext_a,text_b\r\na,b\r\n"), need_label=False)
    assert (source.newline, source.byte_order_mark) == ("\r\n", True)
    assert open_rows(write(tmp_path, b"text_a,text_b\ra,b\r"), need_label=False).newline == "\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("first", "delimiter"), [("sep=;", ";"), ("SEP=,", ","), ("sep=\t", "\t"), ("sep=^", "^")])
def test_line_that_names_the_delimiter_is_passed_over(
    tmp_path: Path, mark: str, end: str, first: str, delimiter: str
) -> None:
    rows = [delimiter.join(cells) for cells in (("text_a", "text_b", "label"), ("a, b; c", "d", "1"))]
    if delimiter in ",;":
        rows[1] = f'"a, b; c"{delimiter}d{delimiter}1'
    source = open_rows(write(tmp_path, mark + end.join([first, *rows, ""])))
    assert (source.delimiter, source.fieldnames) == (delimiter, ["text_a", "text_b", "label"])
    assert list(source) == [Row(3, ["a, b; c", "d", "1"])]
    assert "first line names the delimiter" in source.notes


@pytest.mark.parametrize("first", ["sep=;text_a", "sep=", "sep=;;", "a sep=;"])
def test_other_first_lines_are_no_such_line(tmp_path: Path, first: str) -> None:
    source = open_rows(write(tmp_path, f"{first},text_b\nx,y\n"), columns=(1, 2), header=True, need_label=False)
    assert source.fieldnames == [first, "text_b"]


def test_given_delimiter_goes_before_the_line_that_names_one(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=;\ntext_a|text_b|label\nx;|y|1\n")
    assert rows_of(path, delimiter="|") == [Row(3, ["x;", "y", "1"])]


def test_file_of_that_line_alone_is_empty(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is empty"):
        open_rows(write(tmp_path, "sep=;\n"))


def test_broken_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1, column 2: is not valid UTF-8; save the file as UTF-8"):
        open_rows(write(tmp_path, b"text_a,caf\xe9,label\na,b,1\n"))
