"""Read labelled pairs from files, datasets, tables and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path

from textsiam.data.columns import find_name
from textsiam.data.dialect import refuse_dialect
from textsiam.data.labels import LabelError, LabelReader
from textsiam.data.pairs import COLUMNS, Pairs
from textsiam.data.report import EMPTY_KEPT, PROBLEMS_KEPT, ReadReport, RowProblem
from textsiam.data.row_source import Row, RowSource
from textsiam.data.rows import open_rows
from textsiam.data.store import PairWriter
from textsiam.data.tables import ArrowSource, DatasetSource, FrameSource, MemorySource, PolarsSource
from textsiam.errors import DataError, OptionError, check_choice
from textsiam.progress import Progress, progress

ROWS_SHOWN = 5_000  # rows between two moves of the progress bar


def read_pairs(
    source: object,
    *,
    columns: Sequence[str | int] | None = None,
    header: bool | None = None,
    quoting: str = "auto",
    delimiter: str | None = None,
    labels: Mapping[str, float] | None = None,
    label_range: tuple[float, float] | None = None,
    on_error: str = "raise",
    keep: Sequence[str] = (),
    show_progress: bool = False,
) -> Pairs:
    """Read labelled pairs from a file, a ``datasets.Dataset``, a data frame (pandas, polars, pyarrow), or rows.

    Texts are kept as they are, empty ones too. Files of many rows are held in a temporary file, not in memory.
    Raises DataError with file, line and column; OptionError for a bad option.

    Parameters
    ----------
    source
        Path of a CSV, TSV, JSON Lines or Parquet file (.txt: the delimiter is found), compressed or not (.gz, .bz2,
        .xz, .zst); or a dataset or data frame; or rows, each (text a, text b, label) or a mapping; or Pairs, which come
        back as they are and take no options but ``keep``, whose columns they must have, and ``on_error``.
    columns
        Text a, text b and label, by name or by position from 1; None finds them by the usual names.
    header
        None takes the first row for a row of data, not names, if ``columns`` gives positions and its label cell is
        itself a label, or blank. Only for CSV and the like, as are the next two.
    quoting
        "minimal", double quotes enclose fields as in RFC 4180; "none", they are ordinary characters; "auto", the first
        in a file with commas, and elsewhere if most of its first 100 fields that hold a quote are enclosed whole, else
        the second.
    delimiter
        One character; None finds a tab, comma, semicolon or bar.
    labels
        Marks and what they mean, such as {"ENTAILMENT": 1, "NEUTRAL": 0}; None: 0 and 1, true and false, yes and no in
        any case.
    label_range
        Lowest and highest grade, such as (0, 5): labels are grades, and are scaled to [0, 1].
    on_error
        "raise" a DataError at the first bad row, or "skip" bad rows and list them in ``pairs.report``.
    keep
        Names of further columns to keep, as texts (``pairs.extra(name)``).
    show_progress
        Show on stderr how many rows were read, and how fast.
    """
    check_choice("on_error (--on-error)", on_error, ("raise", "skip"))
    if isinstance(source, Pairs):
        refuse_dialect(header, quoting, delimiter)
        _check_as_read(source, columns, labels, label_range, keep)
        return source
    reader = LabelReader(labels, label_range)
    rows = _open(source, columns, header, quoting, delimiter, labels)
    collector = _Collector(rows, reader, keep, skip=on_error == "skip")
    with progress(f"reading {rows.file or 'pairs'}", None, "rows", show=show_progress) as bar:
        return collector.collect(label_range, bar)


def _check_as_read(
    pairs: Pairs,
    columns: Sequence[str | int] | None,
    labels: Mapping[str, float] | None,
    label_range: tuple[float, float] | None,
    keep: Sequence[str],
) -> None:
    """Raise unless Pairs, which were read before, are already what the options ask for."""
    for name, value in (("columns", columns), ("labels", labels), ("label_range", label_range)):
        if value is not None:
            raise OptionError(f"{name} is {value!r}, but Pairs are read already; give it when they are read")
    for name in keep:
        pairs.check_extra(name)


def _open(
    source: object,
    columns: Sequence[str | int] | None,
    header: bool | None,
    quoting: str,
    delimiter: str | None,
    labels: Mapping[str, float] | None,
) -> RowSource:
    if isinstance(source, str | PathLike):
        path = Path(source)
        return open_rows(path, columns=columns, header=header, quoting=quoting, delimiter=delimiter, labels=labels)
    refuse_dialect(header, quoting, delimiter)
    if isinstance(source, Mapping):
        names = ", ".join(map(str, source))
        raise DataError(
            f"cannot read pairs from a mapping of {names:.80}, expected one table, or rows; choose one of these, or "
            "make a data frame of columns"
        )
    for is_such, kind in _TABLES.items():
        if is_such(source):
            return kind(source, columns=columns, need_label=True)
    if type(source).__name__ == "LazyFrame":
        raise DataError("cannot read pairs from a LazyFrame, whose rows are not read yet; give .collect() of it")
    if isinstance(source, bytes) or not isinstance(source, Iterable):
        raise DataError(
            f"cannot read pairs from {type(source).__name__}, expected a path, a dataset, a data frame or rows"
        )
    return MemorySource(source, columns=columns, need_label=True)


def _has(*names: str) -> Callable[[object], bool]:
    return lambda source: not isinstance(source, type) and all(hasattr(source, name) for name in names)


# tables by what they have; a pandas DataFrame first, for others may be made of it, and its columns are attributes too
_TABLES: Mapping[Callable[[object], bool], Callable[..., RowSource]] = {
    _has("itertuples", "iloc", "columns"): FrameSource,
    _has("with_format", "column_names", "__len__"): DatasetSource,
    _has("to_pylist", "column_names"): ArrowSource,
    _has("to_arrow", "get_columns"): PolarsSource,
}


class _Collector:
    """Takes rows from a source into a store, keeping count of what is bad."""

    def __init__(self, rows: RowSource, reader: LabelReader, keep: Sequence[str], *, skip: bool) -> None:
        self._rows, self._reader, self._skip = rows, reader, skip
        if taken := [name for name in keep if name in COLUMNS]:
            raise OptionError(f"keep names {taken[0]!r}, but pairs have a column of that name already")
        if isinstance(keep, str) or len(set(keep)) < len(keep):
            raise OptionError(f"keep is {keep!r}, expected names of columns, each once")
        self._keep = [find_name(rows.fieldnames, name, rows.file) for name in keep]
        self._keep_names = list(keep)
        rows.narrow([rows.fieldnames[place] for place in self._keep])
        self._problems: list[RowProblem] = []
        self._problem_count = self._empty = 0
        self._empty_lines: list[int] = []

    def collect(self, label_range: tuple[float, float] | None, bar: Progress) -> Pairs:
        with PairWriter(self._keep_names) as writer:
            self._fill(writer, bar)
            if writer.count == 0:
                raise self._nothing_kept()
            store = writer.finish()
        report = ReadReport(
            rows=writer.count + self._problem_count,
            kept=writer.count,
            problem_count=self._problem_count,
            problems=tuple(self._problems),
            empty_texts=self._empty,
            empty_lines=tuple(self._empty_lines),
            notes=self._rows.notes,
        )
        graded = self._reader.graded
        return Pairs.from_store(store, graded=graded, label_range=label_range or (0, 1), report=report)

    def _fill(self, writer: PairWriter, bar: Progress) -> None:
        a, b, label_place = self._rows.places
        assert label_place is not None  # the source was opened with need_label
        keep, read_label = self._keep, self._reader
        for number, row in enumerate(self._rows, 1):
            if number % ROWS_SHOWN == 0:
                bar.advance(ROWS_SHOWN)
            if isinstance(row, DataError):
                self._note(row)
                continue
            cells = row.cells
            try:
                label = read_label(cells[label_place])
            except LabelError as error:
                self._note(self._rows.problem(str(error), row.line, label_place))
                continue
            text_a, text_b = cells[a], cells[b]
            if not text_a or not text_b or text_a.isspace() or text_b.isspace():
                self._note_empty(row.line, text_a, text_b)
            writer.add(text_a, text_b, label, *self._extras(row, keep) if keep else ())
        bar.advance(writer.count + self._problem_count - bar.done)

    def _extras(self, row: Row, keep: list[int]) -> list[str]:
        """Give the extra cells; a row without a header may be too short to have them."""
        return [row.cells[place] if place < len(row.cells) else "" for place in keep]

    def _note_empty(self, line: int, *texts: str) -> None:
        self._empty += sum(not text.strip() for text in texts)
        if len(self._empty_lines) < EMPTY_KEPT:
            self._empty_lines.append(line)

    def _note(self, problem: DataError) -> None:
        if not self._skip:
            raise problem
        self._problem_count += 1
        if len(self._problems) < PROBLEMS_KEPT:
            file = None if problem.file is None else str(problem.file)
            self._problems.append(RowProblem(file, problem.line, problem.column, str(problem.args[0])))

    def _nothing_kept(self) -> DataError:
        if not self._problems:
            return DataError(
                "there are no rows" if self._rows.file is None else "has a header but no rows", file=self._rows.file
            )
        first = self._problems[0]
        return DataError(
            f"none of {self._problem_count:,} rows could be read; the first: {first}", file=self._rows.file
        )
