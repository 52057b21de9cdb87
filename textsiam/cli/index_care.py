"""``textsiam index check``, ``compact`` and ``reencode``: looking after an index."""

from __future__ import annotations

from pathlib import Path

from textsiam.cli.index_open import load_model, open_with_any_model, open_without_model
from textsiam.cli.messages import say
from textsiam.cli.number_types import WholeNumber
from textsiam.errors import DuplicateIndexError, check_integer
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.upkeep import Check


def check(index: str, /, *, sample: WholeNumber = 100, model: Path | None = None) -> None:
    """Look for what is broken in an index, and measure its search; exit code 2 where something is.

    Parameters
    ----------
    index
        Index file, or postgresql:// address.
    sample
        Texts on which approximate search is measured against the exact one.
    model
        Model folder. [default: the one that the index names; without, only the index itself is looked at]
    """
    check_integer("sample (--sample)", sample, least=1)
    with open_with_any_model(index, model, "measuring the search") as opened:
        found = opened.check(sample=sample)
        print(_described(found, opened))
        if found.problems:
            raise DuplicateIndexError(
                f"{opened.name} has {len(found.problems):,} problems, the first: {found.problems[0]}"
            )


def _described(found: Check, index: DuplicateIndex) -> str:
    counts = {"entries": found.entries, "distinct texts": found.texts, "verdicts": found.verdicts}
    lines = [f"{name:<16}{count:>12,}" for name, count in counts.items()]
    lines.append(f"{'threshold':<16}{index.threshold:>12.4f}")
    told = {"linkage": index.linkage, "model": index.model_folder or "none is named"}
    told["attributes"] = ", ".join(f"{name} ({number:,})" for name, number in index.attribute_names().items()) or "none"
    lines += [f"{name:<16}{value}" for name, value in told.items()]
    if found.recall is not None and found.recall.nearest:
        share = found.recall.found / found.recall.nearest
        lines.append(f"{'recall':<16}{share:>12.1%}  of the 10 nearest, by approximate search")
    problems = [f"problem: {problem}" for problem in found.problems]
    return "\n".join([*lines, *(problems or ["nothing is broken"])])


def compact(index: str, /, *, model: Path | None = None) -> None:
    """Give back the space of what was removed from an index, and make its approximate search, where it has one.

    Parameters
    ----------
    index
        Index file, or postgresql:// address.
    model
        Model folder. [default: the one that the index names; without, approximate search is left as it is]
    """
    with open_with_any_model(index, model, "approximate search") as opened:
        before = _bytes(index)
        opened.compact(show_progress=True)
        name, after = opened.name, _bytes(index)
    say(f"{name}: compacted" + (f", {before:,} bytes before, {after:,} after" if before else ""))


def _bytes(location: str) -> int:
    """Give the size of an index file with what was written last, which stands beside it; 0 for a server's."""
    files = (Path(location), Path(f"{location}-wal"))
    return sum(file.stat().st_size for file in files if file.is_file())


def reencode(index: str, /, *, model: Path, threshold: float | None = None, device: str | None = None) -> None:
    """Make all vectors of an index anew with another model, all or none.

    Parameters
    ----------
    index
        Index file, or postgresql:// address.
    model
        Folder of that model, which the index names from then on.
    threshold
        Probability from which on texts are the same. [default: that of the model]
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    loaded = load_model(index, model, device)
    with open_without_model(index) as opened:
        opened.reencode(loaded.model, threshold=threshold, model_folder=loaded.folder, show_progress=True)
        say(f"{opened.name}: {len(opened):,} entries have vectors of {loaded.folder}, threshold {opened.threshold:.4f}")
