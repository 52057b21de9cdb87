"""``textsiam index find``: which entries of an index are the same as some texts, or as those of a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.index_find_file import find_file
from textsiam.cli.index_find_options import FindOptions
from textsiam.cli.index_open import Loaded, load_model, open_index
from textsiam.cli.messages import say, tell_texts
from textsiam.cli.number_types import WholeNumber
from textsiam.cli.score_texts import is_file
from textsiam.cli.scored_file import check_out
from textsiam.cli.text_options import TextOptions
from textsiam.errors import OptionError, check_integer
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.finding import Match
from textsiam.text.normalization import normalize_text


def find(
    index: str,
    /,
    *text: str,
    texts: Path | None = None,
    out: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    limit: WholeNumber | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    model: Path | None = None,
    device: str | None = None,
    options: FindOptions = FindOptions(),  # noqa: B008 - frozen
    rows: TextOptions = TextOptions(),  # noqa: B008 - frozen
) -> None:
    """Find the entries of an index that are the same as some texts, or as those of a file.

    Parameters
    ----------
    index
        Index file, or postgresql:// address.
    text
        Texts to look for. Those that start with - go behind --, and options before it.
    texts
        File of texts to look for instead, a table or a .txt file.
    out
        File to write for it: its rows, each with the key, text and probability of the best entry, once for each of
        --limit entries.
    overwrite
        Replace OUT if it is there.
    limit
        Entries that are shown, or written, of each text. [default: 10, of a file 1]
    as_json
        Print JSON instead of tables.
    model
        Model folder. [default: the one that the index names]
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    if texts is None:
        _check_texts(text, of_files=out is not None or overwrite or rows != TextOptions())
        limit = 10 if limit is None else limit
        _find_texts(index, load_model(index, model, device), text, limit, options, as_json=as_json)
        return
    if text or as_json:
        raise OptionError("--texts FILE goes with --out FILE, which gets what is found; leave out texts and --json")
    if out is None:
        raise OptionError(f"give --out FILE to write what is found for the texts of {texts}")
    limit = 1 if limit is None else limit
    check_integer("limit (--limit)", limit, least=1)
    check_out(out, texts, overwrite=overwrite)
    with open_index(index, load_model(index, model, device)) as opened:
        find_file(opened, texts, out, rows, options, limit)
        _tell_graph(opened)


def _find_texts(
    index: str, loaded: Loaded, texts: Sequence[str], limit: int, options: FindOptions, *, as_json: bool
) -> None:
    """Print the matches of each text, and on stderr what is nearest to those that have none."""
    wanted = options.attributes()
    with open_index(index, loaded) as opened:
        found = opened.find_many(texts, limit=limit, threshold=options.threshold, where=wanted)
        least, names = options.least(opened), ", ".join(opened.attribute_names()) if wanted else None
        without = [text for text, matches in zip(texts, found, strict=True) if not matches]
        _tell_graph(opened)
        nearest = dict(zip(without, opened.find_many(without, limit=1, threshold=0, where=wanted), strict=True))
    tell_texts(loaded.model.inspect(texts))
    both = list(zip(texts, found, strict=True))
    if as_json:
        print(json.dumps([_as_dict(*one, nearest, least) for one in both], indent=2, ensure_ascii=False))
        return
    for text, matches in both:
        if matches:
            print(_table(text, matches))
        else:
            say(_nothing(text, nearest[text], least, names))


def _check_texts(texts: Sequence[str], *, of_files: bool) -> None:
    if not texts:
        raise OptionError("there is nothing to look for: give texts, or --texts FILE --out FILE")
    if of_files:
        raise OptionError("--out, and the options that say how to read, go with --texts FILE, but texts were given")
    for text in texts:
        if is_file(text):
            raise OptionError(f"{text!r} is a file, expected a text; for those of a file: --texts {text} --out FILE")


def _as_dict(text: str, matches: list[Match], nearest: dict[str, list[Match]], threshold: float) -> dict[str, object]:
    near = [match._asdict() for match in nearest.get(text, ())]
    found = [match._asdict() for match in matches]
    return {"text": text, "threshold": threshold, "matches": found, "nearest": near[0] if near else None}


def _tell_graph(index: DuplicateIndex) -> None:
    if index.lacks_graph:
        say(f"{index.name}: searches take longer than they need; once: textsiam index compact {index.name}")


def _table(text: str, matches: list[Match]) -> str:
    width = max(len("key"), *(len(match.key) for match in matches))
    lines = [text, f"  {'probability':>11}  {'cosine':>7}  {'key':<{width}}  text"]
    for match in matches:
        lines.append(f"  {match.probability:>11.4f}  {match.cosine:>7.4f}  {match.key:<{width}}  {match.text}")
    return "\n".join(lines)


def _nothing(text: str, nearest: list[Match], threshold: float, attributes: str | None) -> str:
    if not normalize_text(text):
        return f"{text!r}: nothing is the same as a blank text"
    if not nearest:
        known = f"no entry has these attributes; entries have: {attributes or 'none'}"
        return f"{text!r:.60}: " + ("the index holds no text" if attributes is None else known)
    near = nearest[0]
    return (
        f"{text!r:.60}: nothing reaches {threshold:.4f}; nearest, at {near.probability:.4f}, is {near.key}: {near.text}"
    )
