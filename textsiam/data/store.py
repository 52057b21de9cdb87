"""Pairs as Arrow tables: written in batches, kept in a memory-mapped temporary file once there are many."""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from textsiam.errors import DataError, import_extra

BATCH_ROWS = 10_000
ROWS_IN_MEMORY = 50_000  # more go to a file
_PURPOSE = "reading pairs"
_folders: dict[int, Path] = {}  # process id -> its temporary folder; a forked child must not remove its parent's


class PairWriter:
    """Collects rows of text a, text b, label and extra columns; use it in a ``with`` block."""

    def __init__(self, extra_names: Sequence[str] = ()) -> None:
        self._pyarrow = import_extra("pyarrow", "train", _PURPOSE)
        string = self._pyarrow.string()
        self._schema = self._pyarrow.schema(
            [("text_a", string), ("text_b", string), ("label", self._pyarrow.float32())]
            + [(name, string) for name in extra_names]
        )
        self._columns: list[list[object]] = [[] for _ in self._schema]
        self._appends = [column.append for column in self._columns]
        self._batches: list[Any] = []
        self._file: Path | None = None
        self._sink: Any = None
        self._stream: Any = None
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self._file is not None:
            with suppress(OSError):  # a full disk has been told of already
                self._sink.close()  # Windows does not remove an open file
            self._file.unlink(missing_ok=True)

    def add(self, *cells: object) -> None:
        """Add one row: text a, text b, label in [0, 1], and the extra columns as texts."""
        for append, cell in zip(self._appends, cells, strict=True):
            append(cell)
        self.count += 1
        if self.count % BATCH_ROWS == 0:
            self._flush()

    def finish(self) -> ArrowStore:
        """Write what is left and open the whole for reading."""
        self._flush()
        if self._file is None:
            return ArrowStore(self._pyarrow.Table.from_batches(self._batches, schema=self._schema), None)
        self._guarded(self._stream.close)
        self._guarded(self._sink.close)
        mapped = self._pyarrow.memory_map(str(self._file))
        return ArrowStore(self._pyarrow.ipc.open_stream(mapped).read_all(), self._file)

    def _flush(self) -> None:
        if not self._columns[0]:
            return
        arrays = [self._pyarrow.array(c, type=t) for c, t in zip(self._columns, self._schema.types, strict=True)]
        self._batches.append(self._pyarrow.record_batch(arrays, schema=self._schema))
        for column in self._columns:
            column.clear()
        if self._file is None and self.count > ROWS_IN_MEMORY:
            self._guarded(self._open_file)
        if self._file is not None:
            for batch in self._batches:
                self._guarded(self._stream.write_batch, batch)
            self._batches.clear()

    def _open_file(self) -> None:
        handle, name = tempfile.mkstemp(dir=_temporary_folder(), suffix=".arrow")
        os.close(handle)
        self._file = Path(name)
        self._sink = self._pyarrow.OSFile(name, "wb")
        self._stream = self._pyarrow.ipc.new_stream(self._sink, self._schema)

    def _guarded(self, step: Callable[..., object], *arguments: object) -> None:
        try:
            step(*arguments)
        except OSError as error:
            folder = tempfile.gettempdir()
            full = error.errno == errno.ENOSPC or "No space left" in str(error)
            what = "is full" if full else f"cannot be written to ({error.strerror or error})"
            raise DataError(
                f"the disk of the temporary folder {what} after {self.count:,} pairs; "
                "free some space or set TMPDIR to a folder on another disk",
                file=folder,
            ) from error


class ArrowStore:
    """A table of pairs, memory-mapped from ``file`` or (None) in memory, read in batches or by row.

    The file goes with the store, or where that cannot be when the process ends.
    """

    def __init__(self, table: Any, file: Path | None) -> None:
        self._pyarrow = import_extra("pyarrow", "train", _PURPOSE)
        self.table = table
        self.file = file
        if file is not None:
            self._removal = weakref.finalize(self, _remove_file, os.getpid(), file)
            self._removal.atexit = False  # the folder goes then

    def dataset(self) -> Any:
        """Give the table as a ``datasets.Dataset``, whose file stays until the process ends."""
        dataset = import_extra("datasets", "train", "giving pairs as a datasets.Dataset").Dataset
        if self.file is None:
            return dataset(self.table)
        self._removal.detach()  # datasets made of it, and copies in other processes, open the file by its name
        return dataset.from_file(str(self.file))

    def labels(self, rows: NDArray[np.int64] | None) -> NDArray[np.float32]:
        """Give the labels of the ``rows`` (None: all), float32 (n,)."""
        labels: NDArray[np.float32] = self.table["label"].to_numpy().astype(np.float32)
        return labels if rows is None else labels[rows]

    def strings(self, name: str, rows: NDArray[np.int64] | None) -> Iterator[list[str]]:
        """Give a text column at the ``rows`` (None: all), in their order, in lists of up to 10,000."""
        column = self.table[name]
        if rows is None:
            for start in range(0, len(column), BATCH_ROWS):
                yield column.slice(start, BATCH_ROWS).to_pylist()
            return
        ends = np.cumsum([len(chunk) for chunk in column.chunks])
        for start in range(0, len(rows), BATCH_ROWS):
            yield self._take(column, ends, rows[start : start + BATCH_ROWS])

    def _take(self, column: Any, ends: NDArray[np.int64], rows: NDArray[np.int64]) -> list[str]:
        """Take rows chunk by chunk: Arrow's own take joins all chunks first, which fills memory on a large file."""
        order = np.argsort(rows, kind="stable")
        ascending = rows[order]
        texts: list[str] = [""] * len(rows)
        done = 0
        for chunk, end in zip(column.chunks, ends, strict=True):
            until = int(np.searchsorted(ascending, end))
            if until > done:
                local = ascending[done:until] - (end - len(chunk))
                taken = chunk.take(self._pyarrow.array(local)).to_pylist()
                for place, text in zip(order[done:until].tolist(), taken, strict=True):
                    texts[place] = text
            done = until
        return texts


def _temporary_folder() -> Path:
    """Give this process's temporary folder, which goes when the process ends."""
    if os.getpid() not in _folders:
        folder = _folders[os.getpid()] = Path(tempfile.mkdtemp(prefix="textsiam-"))
        atexit.register(_remove_folder, os.getpid(), folder)
    return _folders[os.getpid()]


def _remove_file(process: int, file: Path) -> None:
    if process == os.getpid():
        with suppress(OSError):  # Windows keeps a file that is still mapped
            file.unlink()


def _remove_folder(process: int, folder: Path) -> None:
    if process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)  # Windows keeps a file that is still mapped, and its folder
