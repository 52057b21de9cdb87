"""``textsiam duplicates``: which texts of a file are the same, or the same as texts of another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from textsiam.cli.found_pairs import tell_recall, write_pairs
from textsiam.cli.good_rows import GoodRows
from textsiam.cli.messages import say, tell_large_group, tell_skipped, tell_texts
from textsiam.cli.outputs import check_free, check_new
from textsiam.cli.scored_file import Added, Values, check_out
from textsiam.cli.scoring_model import load_scoring
from textsiam.cli.search_options import GroupOptions, SearchOptions
from textsiam.cli.stopped_search import run_folder_of
from textsiam.cli.text_file import TextFile, check_added, read_texts, write_texts
from textsiam.cli.text_options import TextOptions
from textsiam.data.columns import find_key
from textsiam.data.files import inner_suffix
from textsiam.errors import DataError, OptionError
from textsiam.index.duplicates import Duplicates, find_duplicates
from textsiam.index.found import FoundPair
from textsiam.index.matches import Matches, find_matches
from textsiam.model.folder import check_no_file
from textsiam.model.pair_model import PairModel

GROUPS = (Added("group", "text"), Added("kept", "flag"))
MATCHED = (Added("match_text", "text"), Added("probability", "float"))
MATCHES, KEY_MATCHES = (Added("match", "number"), *MATCHED), (Added("match", "text"), *MATCHED)


def duplicates(
    model: Path,
    texts: Path,
    /,
    *,
    out: Path,
    pairs: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    groups: GroupOptions = GroupOptions(),  # noqa: B008 - frozen
    search: SearchOptions = SearchOptions(),  # noqa: B008 - frozen
    device: str | None = None,
    rows: TextOptions = TextOptions(),  # noqa: B008 - frozen
) -> None:
    """Find which texts of a file are the same, or the same as texts of another.

    Parameters
    ----------
    model
        Model folder.
    texts
        File of texts: a table with a column of texts, or a .txt file with one text a line.
    out
        File to write: the input's rows but blank ones, the group of each, and whether it is kept; format by its ending.
    pairs
        CSV file for the pairs, the most probable first; their rows count from 1, without bad and blank ones. Of copies
        the first alone stands in pairs with others; with --against, of those in its file.
    overwrite
        Replace these files if they are there.
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    check_no_file(model)
    _check_files(out, pairs, [texts] if groups.against is None else [texts, groups.against], overwrite=overwrite)
    search.check()
    groups.check()
    matches = MATCHES if groups.against_key is None else KEY_MATCHES
    added = GROUPS if groups.against is None else matches
    source = rows.open(texts)
    check_added(source, added, out)
    file = read_texts(texts, source, skip=rows.skip, added=added)
    against = None if groups.against is None else _read_against(groups.against, groups, rows)
    loaded = load_scoring(model, device)
    outputs = _Outputs(out, pairs)
    if against is None:
        _group(file, loaded, search, groups, outputs)
    else:
        _match(file, against, loaded, search, outputs)


class _Outputs(NamedTuple):
    """The files that are written: the rows with what was found of them, and all pairs."""

    out: Path
    pairs: Path | None

    def write(self, file: TextFile, columns: Callable[[range], Values], pairs: Iterable[FoundPair]) -> None:
        write_texts(file, columns, self.out)
        if self.pairs is not None:
            write_pairs(pairs, self.pairs)


def _group(file: TextFile, model: PairModel, search: SearchOptions, groups: GroupOptions, outputs: _Outputs) -> None:
    linkage, keep = groups.rules()
    with run_folder_of(outputs.out) as folder:
        found = find_duplicates(
            file.texts,
            model,
            threshold=search.threshold_of(model),
            linkage=linkage,
            keep=keep,
            neighbours=search.neighbours,
            show_progress=True,
            approximate=search.approximate,
            run_folder=folder,
            resume=search.resume,
        )
        tell_texts(model.inspect(file.texts))
        outputs.write(file, _group_columns(found), found.each_pair())
    _tell_groups(found, outputs.out)
    tell_recall(found.recall)


def _match(file: TextFile, against: _Against, model: PairModel, search: SearchOptions, outputs: _Outputs) -> None:
    with run_folder_of(outputs.out) as folder:
        found = find_matches(
            file.texts,
            against.texts,
            model,
            threshold=search.threshold_of(model),
            neighbours=search.neighbours,
            show_progress=True,
            approximate=search.approximate,
            run_folder=folder,
            resume=search.resume,
        )
        tell_texts(model.inspect([*file.texts, *against.texts]))
        outputs.write(file, _match_columns(found, against.keys), found.each_pair())
    _tell_matches(found, outputs.out)
    tell_recall(found.recall)


def _check_files(out: Path, pairs: Path | None, inputs: list[Path], *, overwrite: bool) -> None:
    check_out(out, inputs[0], overwrite=overwrite)
    check_free(out, "--out", overwrite=overwrite, inputs=inputs)
    if inner_suffix(out) == ".txt":
        raise OptionError(f"--out is {out}, which stands for plain text; give a name such as {out.stem}.csv")
    if pairs is None:
        return
    check_new(pairs, "--pairs", overwrite=overwrite, inputs=inputs)
    if pairs.suffix.lower() != ".csv":
        raise OptionError(f"--pairs is {pairs}, expected a name that ends in .csv")
    if pairs.resolve() == out.resolve():
        raise OptionError(f"--pairs and --out are both {out}; give two files")


class _Against(NamedTuple):
    """The texts of the second file, and their keys, where a column of keys was given."""

    texts: list[str]
    keys: list[str] | None


def _read_against(path: Path, groups: GroupOptions, rows: TextOptions) -> _Against:
    source = rows.open_against(path, groups.against_column)
    if groups.against_key is None:
        return _Against(read_texts(path, source, skip=rows.skip).texts, None)
    place = find_key(source.fieldnames, groups.against_key, "--against-key", path)
    texts: dict[str, str] = {}  # by key
    good = GoodRows(source, (), skip=rows.skip, way_out="")
    for row in good:
        key = row.cells[place]
        if not key.strip():
            good.reject(
                source.problem("is empty, expected a key; leave out --against-key for row numbers", row.line, place)
            )
        elif key in texts:
            good.reject(source.problem(f"the key {key!r:.80} stands in an earlier line already", row.line, place))
        else:
            texts[key] = row.cells[source.places.a]
    tell_skipped(path, good.kept + good.skipped, good.skipped, good.problems)
    if not texts:
        raise DataError("has no text", file=path)
    return _Against(list(texts.values()), list(texts))


def _group_columns(found: Duplicates) -> Callable[[range], Values]:
    """Give the group of rows, nothing for those in none, and whether they are kept."""
    group = {row: group.id for group in found.groups for row in group.rows}
    kept = set(found.kept)
    return lambda rows: [[group.get(row) for row in rows], [row in kept for row in rows]]


def _match_columns(found: Matches, keys: list[str] | None) -> Callable[[range], Values]:
    """Give the best match of rows, its key or row, its text and probability; nothing for those without."""

    def cells(pair: FoundPair | None) -> tuple[str | int, str, float] | tuple[None, None, None]:
        if pair is None:
            return None, None, None
        return pair.row_b + 1 if keys is None else keys[pair.row_b], pair.text_b, pair.probability

    def columns(rows: range) -> Values:
        return list(zip(*(cells(found.best[row]) for row in rows), strict=True))

    return columns


def _tell_groups(found: Duplicates, out: Path) -> None:
    sizes = [len(group.rows) for group in found.groups]
    say(
        f"{out}: {len(found.texts):,} texts, {sum(sizes):,} of them in {len(found.groups):,} groups from probability "
        f"{found.threshold:.4f} on; {len(found.kept):,} kept"
    )
    tell_large_group(max(sizes, default=0), len(found.texts))


def _tell_matches(found: Matches, out: Path) -> None:
    none = len(found.unmatched)
    say(
        f"{out}: {len(found.texts):,} texts against {len(found.against):,}: from probability {found.threshold:.4f} on "
        f"{len(found.texts) - none:,} have a match and {none:,} have none"
    )
