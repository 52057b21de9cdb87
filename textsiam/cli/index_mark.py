"""``textsiam index mark``: what people say of two entries of an index, or of the pairs of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.good_rows import GoodRows
from textsiam.cli.index_open import open_without_model
from textsiam.cli.messages import say, tell_skipped
from textsiam.cli.pair_options import LabelOptions
from textsiam.cli.row_options import RowOptions
from textsiam.data.labels import LabelError, LabelReader
from textsiam.data.rows import open_rows
from textsiam.errors import DataError, OptionError
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.relations import Verdict, text_hash


def mark(
    index: str,
    key_a: str | None = None,
    key_b: str | None = None,
    /,
    *,
    pairs: Path | None = None,
    same: Annotated[bool, Parameter(negative=())] = False,
    different: Annotated[bool, Parameter(negative=())] = False,
    forget: Annotated[bool, Parameter(negative=())] = False,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
    labels: LabelOptions = LabelOptions(),  # noqa: B008 - frozen
) -> None:
    """Keep that a person calls the texts of two entries the same, or different: it wins over the model.

    Parameters
    ----------
    index
        Index file, or postgresql:// address.
    key_a
        Key of one entry.
    key_b
        Key of the other one.
    pairs
        File of pairs instead, all or none of which are kept: key_a, key_b and label, 1 where they are the same, or the
        columns that --columns names.
    same
        They are the same.
    different
        They are not.
    forget
        Forget what was said of them; for texts whose entries are gone give the texts.
    """
    if pairs is not None:
        if key_a is not None or same + different + forget:
            raise OptionError("--pairs FILE says what is the same; leave out keys, --same, --different and --forget")
        _mark_file(index, pairs, rows, labels)
        return
    if (rows, labels) != (RowOptions(), LabelOptions()):
        raise OptionError("the options that say how to read go with --pairs FILE")
    if key_a is None or key_b is None:
        raise OptionError(f"{'KEY_A is' if key_a is None else 'KEY_B is'} missing: give two keys, or --pairs FILE")
    if same + different + forget != 1:
        raise OptionError("give one of --same, --different and --forget")
    with open_without_model(index) as opened:
        if forget:
            _forget(opened, key_a, key_b)
            return
        opened.mark(key_a, key_b, duplicate=same)
        say(f"{opened.name}: {key_a} and {key_b} are {'the same' if same else 'different'}")


def _forget(index: DuplicateIndex, key_a: str, key_b: str) -> None:
    entries = index.entries([key_a, key_b])
    both = [entries[key].text if key in entries else key for key in (key_a, key_b)]
    hashes = set(map(text_hash, both))
    said = any({text_hash(one.text_a), text_hash(one.text_b)} == hashes for one in index.verdicts())
    missing = [key for key in (key_a, key_b) if key not in entries]
    if missing and not said:
        raise OptionError(
            f"key {missing[0]!r:.60} is not in the index {index.name}, nor was anything said of such a text; of "
            "entries that are gone give the texts, as textsiam index export writes them"
        )
    index.forget(Verdict(both[0], both[1], 0))
    what = "what was said of" if said else "nothing was said of"
    say(f"{index.name}: {what} {key_a} and {key_b}{' is forgotten' if said else ''}")


def _mark_file(index: str, path: Path, rows: RowOptions, labels: LabelOptions) -> None:
    if labels.label_range is not None:
        raise OptionError("two entries are the same or not; --label-range is for grades")
    how = rows.how() | {"columns": rows.columns or ("key_a", "key_b", "label")}
    source, read_label = open_rows(path, **how, labels=labels.words()), LabelReader(labels.words(), None)
    source.of_keys = True
    place = source.places.label
    assert place is not None
    marks, lines = [], []
    good = GoodRows(source, (), skip=rows.skip, way_out="")
    for row in good:
        try:
            duplicate = bool(read_label(row.cells[place]))
        except LabelError:
            said = f"is {row.cells[place]!r:.60}, expected 1 where they are the same and 0 where not (see --labels)"
            good.reject(source.problem(said, row.line, place))
            continue
        marks.append((row.cells[source.places.a], row.cells[source.places.b], duplicate))
        lines.append(row.line)
    tell_skipped(path, good.kept + good.skipped, good.skipped, good.problems)
    if not marks:
        raise DataError("has no pair", file=path)
    with open_without_model(index) as opened:
        try:
            opened.mark_many(marks)
        except DataError as error:
            line = None if error.line is None else lines[error.line - 1]
            raise DataError(error.args[0], file=path, line=line) from error
        count = sum(duplicate for *_, duplicate in marks)
        pairs = "1 pair" if len(marks) == 1 else f"{len(marks):,} pairs"
        say(f"{opened.name}: {pairs}, {count:,} the same and {len(marks) - count:,} different")
