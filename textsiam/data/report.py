"""What reading a pair file found: how many rows, which were left out and why."""

from __future__ import annotations

from dataclasses import dataclass

from textsiam.errors import DataError

PROBLEMS_KEPT = 1000
EMPTY_KEPT = 20


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One row that was left out; ``line`` counts from 1, and is the row's number where there are no lines."""

    file: str | None
    line: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        return str(DataError(self.message, file=self.file, line=self.line, column=self.column))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """What ``read_pairs`` found.

    ``rows`` counts the rows read, ``kept`` those that became pairs, ``problem_count`` those left out; ``problems``
    holds the first 1,000 of these. ``empty_texts`` counts kept texts that are empty or white space, ``empty_lines``
    holds the first 20 lines (rows, where there are no lines) that have them. ``notes`` says how the file was read
    (delimiter, quotes, compression, byte order mark).
    """

    rows: int
    kept: int
    problem_count: int
    problems: tuple[RowProblem, ...]
    empty_texts: int
    empty_lines: tuple[int, ...]
    notes: tuple[str, ...]

    def empty_summary(self) -> str:
        """Say in one line how many texts are empty, and where."""
        texts = "1 text is" if self.empty_texts == 1 else f"{self.empty_texts:,} texts are"
        places = ", ".join(map(str, self.empty_lines))
        first = "first " if len(self.empty_lines) == EMPTY_KEPT else ""
        return f"{texts} empty ({first}line{'s'[: len(self.empty_lines) != 1]} {places})"

    def __str__(self) -> str:
        lines = [f"{self.kept:,} of {self.rows:,} rows kept", *self.notes]
        if self.empty_texts:
            lines.append(self.empty_summary())
        lines += [str(problem) for problem in self.problems[:10]]
        if self.problem_count > 10:
            lines.append(f"... {self.problem_count - 10:,} more rows left out")
        return "\n".join(lines)
