"""``textsiam index add``: texts of a file, or one text, into an index."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from textsiam.cli.index_open import load_model, open_index
from textsiam.cli.index_rows import Batch, EntryOptions, EntryRows
from textsiam.cli.index_settings import IndexSettings
from textsiam.cli.messages import say, tell_skipped
from textsiam.errors import DataError, OptionError
from textsiam.index.adding import NewEntry, is_same
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.store import Entry
from textsiam.progress import progress
from textsiam.text.normalization import normalize_text


def add(
    index: str,
    texts: Path | None = None,
    /,
    *,
    model: Path | None = None,
    key: str | None = None,
    text: str | None = None,
    replace: Annotated[bool, Parameter(negative=())] = False,
    device: str | None = None,
    settings: IndexSettings = IndexSettings(),  # noqa: B008 - frozen
    rows: EntryOptions = EntryOptions(),  # noqa: B008 - frozen
) -> None:
    """Add the texts of a file to an index, or one text; the index is made where there is none.

    Parameters
    ----------
    index
        Index file, or postgresql:// address.
    texts
        File of texts: a table with columns of keys and texts, or a .txt file with one text a line, whose keys are
        places such as faq.txt:12, without the folder, so that two such files need different names. What is in the
        index just so changes nothing, so that the same command goes on where it was stopped.
    model
        Model folder, needed to make an index; later on the index names it.
    key
        Key of the one text that is added, in place of a file.
    text
        That text.
    replace
        Replace the text of a key that is there with another one; else such a row is bad.
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    settings.check()
    file = _file(texts, key, text, rows, replace=replace)
    # read before the index is made, so that what cannot be read leaves none
    batches = iter(()) if file is None else file.batches()
    first = next(batches, None)
    if file is not None and first is None:
        raise DataError("has no text", file=file.path)
    if model is None and "://" not in index and not Path(index).exists():
        raise OptionError(f"{index} is not there; to make it, give --model DIR")
    with open_index(index, load_model(index, model, device), settings, create=True) as opened:
        if file is None or first is None:
            _add_one(opened, key or "", text or "", replace=replace)
        else:
            _add_file(opened, file, itertools.chain([first], batches))


class _Tally(NamedTuple):
    """What became of rows."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    blank: int = 0

    @property
    def rows(self) -> int:
        return self.new + self.replaced + self.unchanged

    def plus(self, other: _Tally) -> _Tally:
        return _Tally(*map(sum, zip(self, other, strict=True)))

    def __str__(self) -> str:
        counts = f"{self.new:,} new, {self.replaced:,} replaced, {self.unchanged:,} unchanged"
        return counts + f"; {self.blank:,} blank, which nothing is the same as" * bool(self.blank)


def _file(
    path: Path | None, key: str | None, text: str | None, rows: EntryOptions, *, replace: bool
) -> EntryRows | None:
    """Open the file; None where one text is given."""
    if path is not None:
        if key is not None or text is not None:
            raise OptionError(f"--key and --text add one text, but the file {path} is given too; give one of both")
        return EntryRows(path, rows, replace=replace)
    if key is None or text is None:
        raise OptionError("there is nothing to add: give a file of texts, or one text with --key KEY --text TEXT")
    if rows != EntryOptions():
        raise OptionError("the options that say how to read go with a file of texts, but one text was given")
    return None


def _add_one(index: DuplicateIndex, key: str, text: str, *, replace: bool) -> None:
    was = index.entries([key]).get(key)
    new = index.add(key, text, replace=replace)
    changed = was is not None and was != index[key]
    say(f"{index.name}: {_Tally(int(new), int(changed), int(not new and not changed), int(not normalize_text(text)))}")


def _add_file(index: DuplicateIndex, file: EntryRows, batches: Iterable[Batch]) -> None:
    tally = _Tally()
    try:
        with progress("adding", None, "rows") as bar:
            for batch in batches:
                tally = tally.plus(_added(index, file, batch))
                bar.advance(batch.rows)
    except BaseException as error:
        if tally.rows or isinstance(error, KeyboardInterrupt):
            say(f"{index.name}: {tally.rows:,} rows of {file.path} are in it, the same command goes on with the rest")
        raise
    tell_skipped(file.path, file.rows.kept + file.rows.skipped, file.rows.skipped, file.rows.problems)
    say(f"{index.name}: {tally}; it holds {len(index):,}")


def _added(index: DuplicateIndex, file: EntryRows, batch: Batch) -> _Tally:
    rest, rows = dict(batch.entries), batch.rows
    while True:
        known = index.entries(rest)
        for key, placed in list(rest.items()):
            if key in known and not _is_there(known[key], placed.entry) and not file.replace:
                file.rows.reject(file.clash(placed, known[key], "the index"))
                del rest[key]
                rows -= 1
        wanted = [placed.entry for placed in rest.values()]
        try:
            new = index.add_many(wanted, replace=file.replace)
            break
        except OptionError:
            if all(known.get(key) == entry for key, entry in index.entries(rest).items()):
                raise  # else another process has added some of the keys in between, which are told by their lines
    replaced = sum(entry.key in known and not _is_there(known[entry.key], entry) for entry in wanted)
    blank = sum(not normalize_text(entry.text) for entry in wanted)
    return _Tally(new, replaced, rows - new - replaced, blank)


def _is_there(was: Entry, wanted: NewEntry) -> bool:
    return is_same(was, wanted.over(was))
