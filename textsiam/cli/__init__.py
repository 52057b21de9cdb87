"""The command line: one file per command, loaded when called; every error one line on stderr and exit code 2."""

from __future__ import annotations

import io
import sys

INTERRUPTED = 130

# Nothing else is imported up here, so that Ctrl-C is heard as soon as the program runs.
TYPE_CHECKING = False  # as in typing
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with ``arguments`` (None: those of the process); returns the exit code."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # a terminal or file with a narrow encoding gets escapes for what it cannot show
                stream.reconfigure(errors="backslashreplace")
        from textsiam.cli.app import run

        return run(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        print("textsiam: interrupted", file=sys.stderr)
        return INTERRUPTED
