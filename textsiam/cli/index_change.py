"""``textsiam index remove`` and ``mark``: entries out of an index, and what people say of two of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.index_open import open_without_model
from textsiam.cli.messages import say
from textsiam.cli.text_options import open_lines
from textsiam.errors import DataError, OptionError
from textsiam.index.relations import Verdict, text_hash

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


def mark(
    index: str,
    key_a: str,
    key_b: str,
    /,
    *,
    same: Annotated[bool, Parameter(negative=())] = False,
    different: Annotated[bool, Parameter(negative=())] = False,
    forget: Annotated[bool, Parameter(negative=())] = False,
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
    same
        They are the same.
    different
        They are not.
    forget
        Forget what was said of them; for texts whose entries are gone give the texts.
    """
    if same + different + forget != 1:
        raise OptionError("give one of --same, --different and --forget")
    with open_without_model(index) as opened:
        if not forget:
            opened.mark(key_a, key_b, duplicate=same)
            say(f"{opened.name}: {key_a} and {key_b} are {'the same' if same else 'different'}")
            return
        entries = opened.entries([key_a, key_b])
        both = [entries[key].text if key in entries else key for key in (key_a, key_b)]
        hashes = set(map(text_hash, both))
        said = any({text_hash(one.text_a), text_hash(one.text_b)} == hashes for one in opened.verdicts())
        missing = [key for key in (key_a, key_b) if key not in entries]
        if missing and not said:
            raise OptionError(
                f"key {missing[0]!r:.60} is not in the index {opened.name}, nor was anything said of such a text; of "
                "entries that are gone give the texts, as textsiam index export writes them"
            )
        opened.forget(Verdict(both[0], both[1], 0))
        what = "what was said of" if said else "nothing was said of"
        say(f"{opened.name}: {what} {key_a} and {key_b}{' is forgotten' if said else ''}")
