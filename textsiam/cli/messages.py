"""What the commands tell people, on stderr, so that stdout holds results alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textsiam.model.scores import TextReport

if TYPE_CHECKING:
    from textsiam.data.report import ReadReport

LISTED = 20  # bad rows that are shown one by one


def say(line: str) -> None:
    """Print one line on stderr."""
    print(line, file=sys.stderr, flush=True)


def tell_report(path: Path, report: ReadReport | None) -> None:
    """Say which rows of a file were skipped."""
    if report is None:
        return
    if report.empty_texts:
        say(f"{path}: {report.empty_summary()}")
    tell_skipped(path, report.rows, report.problem_count, report.problems)


def tell_skipped(path: Path, rows: int, skipped: int, problems: Sequence[object]) -> None:
    """Say how many of ``rows`` rows were skipped, and list the first ``problems``."""
    if not skipped:
        return
    say(f"{path}: skipped {skipped:,} bad rows of {rows:,}")
    for problem in problems[:LISTED]:
        say(f"  {problem}")
    if skipped > LISTED:
        say(f"  ... and {skipped - LISTED:,} more")


def tell_texts(texts: TextReport) -> None:
    """Say what of the texts the model could not read."""
    found = [(texts.empty, "empty"), (texts.unknown, "without a known token"), (texts.cut, "cut short")]
    parts = [f"{count:,} {what}" for count, what in found if count]
    if parts:
        say(f"of {texts.texts:,} distinct texts: {', '.join(parts)}")


def tell_large_group(largest: int, texts: int) -> None:
    """Say how a group is parted that holds a tenth of all texts, and more than a few."""
    if largest > texts / 2 or largest > max(10, texts / 10):
        say(
            f"one group holds {largest:,} of {texts:,} texts: unless they are copies, a higher --threshold or "
            "--linkage complete will part them"
        )
