"""Labelled pairs of texts, kept in Arrow so that millions of them need little memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from textsiam.data.columns import check_distinct
from textsiam.data.report import ReadReport
from textsiam.errors import DataError, OptionError

if TYPE_CHECKING:
    from datasets import Dataset

    from textsiam.data.store import ArrowStore

COLUMNS = ("text_a", "text_b", "label")


class Pairs:
    """Labelled pairs: columns ``text_a`` str, ``text_b`` str, ``label`` float32 in [0, 1], and extra text columns.

    ``graded``: labels are grades, not 0 or 1. ``label_range``: the range that grades had in the file, before they
    were scaled to [0, 1]. ``report``: what reading found, if they were read. Get pairs from ``read_pairs`` or
    ``Pairs.from_rows``; the constructor takes a ``datasets.Dataset`` (or pyarrow Table) that has these columns
    already, and raises DataError if it has not.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        graded: bool,
        label_range: tuple[float, float] = (0, 1),
        report: ReadReport | None = None,
    ) -> None:
        self._setup(_store_of(dataset), None, graded, label_range, report)
        _check_labels(self.labels, graded)

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[Sequence[object] | Mapping[str, object]],
        *,
        labels: Mapping[str, float] | None = None,
        label_range: tuple[float, float] | None = None,
    ) -> Pairs:
        """Make pairs of (text a, text b, label) or of mappings; options and errors as for ``read_pairs``."""
        from textsiam.data.read import read_pairs

        return read_pairs(rows, labels=labels, label_range=label_range)

    @classmethod
    def from_store(
        cls, store: ArrowStore, *, graded: bool, label_range: tuple[float, float], report: ReadReport | None
    ) -> Pairs:
        """Make pairs of a store whose labels are known to be right, without looking at them again."""
        pairs = cls.__new__(cls)
        pairs._setup(store, None, graded, label_range, report)
        return pairs

    def _setup(
        self,
        store: ArrowStore,
        rows: NDArray[np.int64] | None,
        graded: bool,
        label_range: tuple[float, float],
        report: ReadReport | None,
    ) -> None:
        self._store, self._rows = store, rows
        self.graded, self.label_range, self.report = graded, label_range, report
        self._dataset: Dataset | None = None
        self._fingerprint = ""

    @property
    def dataset(self) -> Dataset:
        """These pairs as a ``datasets.Dataset``, where they are many mapped from a file that stays until the end."""
        if self._dataset is None:
            dataset = self._store.dataset()
            self._dataset = dataset if self._rows is None else dataset.select(self._rows)
        return self._dataset

    @property
    def columns(self) -> list[str]:
        """Names of all columns."""
        return list(self._store.table.column_names)

    @property
    def text_a(self) -> list[str]:
        """All first texts."""
        return self._strings("text_a")

    @property
    def text_b(self) -> list[str]:
        """All second texts."""
        return self._strings("text_b")

    @property
    def labels(self) -> NDArray[np.float32]:
        """Labels, float32 (n,): 0 or 1, or grades in [0, 1]."""
        return self._store.labels(self._rows)

    def extra(self, name: str) -> list[str]:
        """Give an extra column; raises DataError naming the extra columns there are."""
        self.check_extra(name)
        return self._strings(name)

    def check_extra(self, name: str) -> None:
        """Raise DataError, naming the extra columns there are, unless ``name`` is one of them."""
        names = self.columns[len(COLUMNS) :]
        if name not in names:
            there = f"there are {', '.join(names)}" if names else "there are none; read_pairs keeps them with keep"
            raise DataError(f"there is no extra column {name!r}; {there}")

    def select(self, indices: ArrayLike) -> Pairs:
        """Give the pairs at ``indices``, int (m,) in [0, n), in their order, or where they are True, bool (n,).

        Nothing is copied. Raises OptionError for an index out of range, a mask of another length, and other values.
        """
        chosen = self._positions(indices)
        if chosen.size and (chosen.min() < 0 or chosen.max() >= len(self)):
            raise OptionError(f"indices reach from {chosen.min()} to {chosen.max()}, expected 0 to {len(self) - 1}")
        pairs = Pairs.__new__(Pairs)
        rows = chosen if self._rows is None else self._rows[chosen]
        pairs._setup(self._store, rows, self.graded, self.label_range, self.report)
        return pairs

    def _positions(self, indices: ArrayLike) -> NDArray[np.int64]:
        given = np.asarray(indices)
        if given.dtype == bool:
            if given.shape != (len(self),):
                raise OptionError(
                    f"indices is a mask of shape {given.shape}, expected ({len(self)},), one for each pair"
                )
            return np.flatnonzero(given)
        if given.size and not np.issubdtype(given.dtype, np.integer):
            raise OptionError(f"indices are of type {given.dtype}, expected integers or a mask of True and False")
        return given.astype(np.int64).reshape(-1)

    def texts(self) -> Iterator[str]:
        """Give all texts, a and b in turn, without holding them all in memory."""
        for text_a, text_b, _ in self:
            yield text_a
            yield text_b

    def fingerprint(self) -> str:
        """Give a sha256 (hex) of the texts and labels in their order, equal on every machine."""
        if not self._fingerprint:  # they never change
            self._fingerprint = self._sha256()
        return self._fingerprint

    def _sha256(self) -> str:
        digest = hashlib.sha256()
        for batch_a, batch_b, labels in self._batches():
            for texts in (batch_a, batch_b):
                encoded = [text.encode("utf-8") for text in texts]
                digest.update(np.array([len(text) for text in encoded], dtype="<i8").tobytes())
                digest.update(b"".join(encoded))
            digest.update(labels.astype("<f4").tobytes())
        return digest.hexdigest()

    def __len__(self) -> int:
        return int(self._store.table.num_rows) if self._rows is None else len(self._rows)

    def __iter__(self) -> Iterator[tuple[str, str, float]]:
        for batch_a, batch_b, labels in self._batches():
            yield from zip(batch_a, batch_b, labels.tolist(), strict=True)

    @overload
    def __getitem__(self, item: int) -> tuple[str, str, float]: ...
    @overload
    def __getitem__(self, item: slice) -> Pairs: ...
    def __getitem__(self, item: int | slice) -> tuple[str, str, float] | Pairs:
        if isinstance(item, slice):
            return self.select(np.arange(len(self))[item])
        return next(iter(self.select([range(len(self))[item]])))

    def __repr__(self) -> str:
        mean = float(self.labels.mean()) if len(self) else 0.0
        if self.graded:
            low, high = self.label_range
            return f"Pairs({len(self):,} graded pairs, mean {low + mean * (high - low):.3g} of {low:g} to {high:g})"
        return f"Pairs({len(self):,} pairs, {mean:.1%} duplicates)"

    def _strings(self, name: str) -> list[str]:
        return [text for batch in self._store.strings(name, self._rows) for text in batch]

    def _batches(self) -> Iterator[tuple[list[str], list[str], NDArray[np.float32]]]:
        labels, start = self.labels, 0
        columns = (self._store.strings(name, self._rows) for name in ("text_a", "text_b"))
        for batch_a, batch_b in zip(*columns, strict=True):
            yield batch_a, batch_b, labels[start : start + len(batch_a)]
            start += len(batch_a)


def _store_of(dataset: Any) -> ArrowStore:
    """Check the columns of a Dataset or Table and wrap it."""
    from textsiam.data.store import ArrowStore

    names = list(dataset.column_names)
    check_distinct(names)
    if any(name not in names for name in COLUMNS):
        raise DataError(
            f"the dataset has the columns {', '.join(names)}, expected text_a, text_b and label; "
            "textsiam.read_pairs(dataset, columns=...) takes any names"
        )
    table = dataset.with_format("arrow")[:] if hasattr(dataset, "with_format") else dataset
    table = table.select([*COLUMNS, *(name for name in names if name not in COLUMNS)])
    for name in COLUMNS:
        if table[name].null_count:
            raise DataError(f"{table[name].null_count:,} rows have no value", column=name)
    return ArrowStore(table, None)


def _check_labels(labels: NDArray[np.float32], graded: bool) -> None:
    fits = (labels >= 0) & (labels <= 1) if graded else (labels == 0) | (labels == 1)
    if not fits.all():
        row = int(np.argmin(fits))
        expected = "a grade in [0, 1]" if graded else "0 or 1"
        raise DataError(
            f"the label is {labels[row]:g}, expected {expected}; textsiam.read_pairs(dataset, label_range=...) scales",
            line=row + 1,
            column="label",
        )
