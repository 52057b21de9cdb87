"""``textsiam index groups``: the entries of an index that are the same, as groups whose names stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.index_open import load_model, open_index
from textsiam.cli.index_settings import IndexSettings
from textsiam.cli.messages import say, tell_large_group
from textsiam.cli.record_file import write_records
from textsiam.cli.scored_file import Added, check_out
from textsiam.errors import OptionError
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.stable_groups import IndexGroup

SHOWN_GROUPS, SHOWN_ENTRIES = 10, 10  # the largest groups, and entries of each
WIDEST_KEY = 30  # for which the table leaves room


def groups(
    index: str,
    /,
    *,
    out: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    model: Path | None = None,
    device: str | None = None,
    settings: IndexSettings = IndexSettings(),  # noqa: B008 - frozen
) -> None:
    """Show the groups of an index: entries that are the same.

    Parameters
    ----------
    index
        Index file, or postgresql:// address.
    out
        File to write: group, key, text, the probability of the weakest link that holds the group together, and the
        names of groups that became part of it; format by its ending. Else the largest groups are shown.
    overwrite
        Replace OUT if it is there.
    as_json
        Print all groups as JSON.
    model
        Model folder. [default: the one that the index names]
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    if out is not None:
        if as_json:
            raise OptionError("--json prints, --out writes; give one, or --out a name that ends in .jsonl")
        check_out(out, Path(index), overwrite=overwrite)
    settings.check()
    with open_index(index, load_model(index, model, device), settings) as opened:
        found = sorted(opened.groups(show_progress=True), key=lambda group: -len(group.keys))
        if out is not None:
            write_records(out, ("group", "key", "text"), _records(opened, found), _ADDED)
        elif as_json:
            print(json.dumps([_as_dict(opened, group) for group in found], indent=2, ensure_ascii=False))
        else:
            for group in found[:SHOWN_GROUPS]:
                print(_described(opened, group))
        _tell(opened, found, out, shown=out is None and not as_json)


_ADDED = (Added("weakest", "float"), Added("merged", "text"))


def _records(index: DuplicateIndex, groups: list[IndexGroup]) -> Iterator[dict[str, object]]:
    for group in groups:
        for key, text in _texts(index, group.keys):
            merged = " ".join(group.merged) or None
            yield {"group": group.id, "key": key, "text": text, "weakest": group.weakest, "merged": merged}


def _texts(index: DuplicateIndex, keys: tuple[str, ...]) -> list[tuple[str, str]]:
    entries = index.entries(keys)
    return [(key, entries[key].text) for key in keys if key in entries]  # others may have removed some by now


def _as_dict(index: DuplicateIndex, group: IndexGroup) -> dict[str, object]:
    entries = [{"key": key, "text": text} for key, text in _texts(index, group.keys)]
    return {"group": group.id, "weakest": group.weakest, "merged": group.merged, "entries": entries}


def _described(index: DuplicateIndex, group: IndexGroup) -> str:
    merged = f"; {', '.join(group.merged)} became part of it" if group.merged else ""
    lines = [f"group {group.id}: {len(group.keys):,} entries, weakest link {group.weakest:.4f}{merged}"]
    shown = _texts(index, group.keys[:SHOWN_ENTRIES])
    width = min(max((len(key) for key, _ in shown), default=0), WIDEST_KEY)
    lines += [f"  {key:<{width}}  {text}" for key, text in shown]
    more = len(group.keys) - SHOWN_ENTRIES
    return "\n".join([*lines, f"  ... and {more:,} more"] if more > 0 else lines)


def _tell(index: DuplicateIndex, groups: list[IndexGroup], out: Path | None, *, shown: bool) -> None:
    sizes = [len(group.keys) for group in groups]
    grouped = sum(sizes)
    tell_large_group(max(sizes, default=0), len(index))
    more = len(groups) - SHOWN_GROUPS if shown else 0
    say(
        f"{index.name if out is None else out}: {grouped:,} of {len(index):,} entries are in {len(groups):,} groups "
        f"from probability {index.threshold:.4f} on"
        + (f"; {more:,} more groups are not shown, --out FILE writes all" if more > 0 else "")
    )
