"""``textsiam index remove``: entries out of an index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from textsiam.cli.index_open import open_without_model
from textsiam.cli.messages import say
from textsiam.cli.text_options import open_lines
from textsiam.errors import DataError, OptionError

NAMED = 5  # keys that are not there


def remove(index: str, /, *key: str, keys: Path | None = None) -> None:
    """Remove entries from an index.

    Parameters
    ----------
    index
        Index file, or postgresql:// address.
    key
        Keys of the entries. Those that start with - go behind --.
    keys
        File of keys instead (.txt, one a line).
    """
    if bool(key) == (keys is not None):
        raise OptionError("give either KEYS or --keys FILE, one of both")
    wanted = list(dict.fromkeys(key if keys is None else _lines(keys)))
    with open_without_model(index) as opened:
        there = opened.entries(wanted)
        removed = opened.remove(wanted)
        missing = [one for one in wanted if one not in there]
        more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
        named = f": {', '.join(map(repr, missing[:NAMED]))}{more}" if missing else ""
        say(f"{opened.name}: {removed:,} removed, {len(missing):,} were not there{named}; it holds {len(opened):,}")


def _lines(path: Path) -> Iterator[str]:
    for row in open_lines(path):
        if isinstance(row, DataError):
            raise row
        yield row.cells[0]
