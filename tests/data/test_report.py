from __future__ import annotations

from textsiam.data.report import ReadReport, RowProblem


def test_report_names_the_first_problems_and_counts_the_rest() -> None:
    problems = tuple(RowProblem("a.csv", line, "label", "the label is empty") for line in range(2, 14))
    report = ReadReport(
        rows=1234,
        kept=1200,
        problem_count=34,
        problems=problems,
        empty_texts=3,
        empty_lines=(7, 9),
        notes=("delimiter tab",),
    )
    lines = str(report).splitlines()
    assert lines[:3] == ["1,200 of 1,234 rows kept", "delimiter tab", "3 texts are empty (lines 7, 9)"]
    assert lines[3] == "a.csv, line 2, column label: the label is empty"
    assert len(lines) == 3 + 10 + 1
    assert lines[-1] == "... 24 more rows left out"


def test_clean_report_is_short() -> None:
    report = ReadReport(rows=2, kept=2, problem_count=0, problems=(), empty_texts=0, empty_lines=(), notes=())
    assert str(report) == "2 of 2 rows kept"
