"""Write docs/reference/cli.md from the commands' own help: python docs/make_reference.py."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from cyclopts import App, Group
from cyclopts.help import HelpEntry, create_parameter_help_panel

from textsiam.cli.app import app

PAGE = Path(__file__).parent / "reference" / "cli.md"
HEAD = """# Command line

<!-- made by docs/make_reference.py, which a test runs: do not edit -->

Every command with all its arguments and options, as `textsiam COMMAND --help` tells them. A text or path with spaces
needs quotes. Errors are one line on stderr; the exit code is then 2, and 130 after Ctrl-C.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(line for chain, command in _commands(app, ()) for line in _section(chain, command))])


def _commands(parent: App, chain: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], App]]:
    """Give each command with its words, in the order of their names; an app of commands stands before these."""
    for name in sorted(name for name in parent if not name.startswith("-")):
        command = parent[name]
        yield (*chain, name), command
        yield from _commands(command, (*chain, name))


def _section(chain: tuple[str, ...], command: App) -> Iterator[str]:
    words = " ".join(("textsiam", *chain))
    said, *examples = re.split(r"\n\s*Example: ", command.help or "")
    yield f"{'#' * (1 + len(chain))} `{words}` {{ #{'-'.join(chain)} }}\n\n{_plain(said)}\n"
    if command.default_command is None:
        return
    panel = create_parameter_help_panel(
        Group(words), command.assemble_argument_collection(parse_docstring=True), "plaintext"
    )
    arguments = [entry for entry in panel.entries if entry.positional_label]
    options = [entry for entry in panel.entries if not entry.positional_label]
    yield f"```text\n{_usage(words, arguments, options)}\n```\n"
    if examples:
        yield "For example:\n\n```sh\n" + "\n".join(example.strip() for example in examples) + "\n```\n"
    for kind, entries in (("Argument", arguments), ("Option", options)):
        if entries:
            yield f"| {kind} | What it is |\n|---|---|"
            yield from map(_row, entries)
            yield ""


def _usage(words: str, arguments: list[HelpEntry], options: list[HelpEntry]) -> str:
    needed = [" ".join(filter(None, (entry.positive_names[0], entry.metavar))) for entry in options if entry.required]
    optional = ["[OPTIONS]"] if any(not entry.required for entry in options) else []
    labels = [str(one.positional_label) if one.required else f"[{one.positional_label}]" for one in arguments]
    return " ".join([words, *needed, *optional, *labels])


def _row(entry: HelpEntry) -> str:
    """Give an argument or option as the row of a table."""
    name = entry.positional_label or " ".join(filter(None, (entry.positive_names[0], entry.metavar)))
    names = [name, *entry.negative_names]
    said = _plain(str(entry.description.primary_renderable))
    if entry.required:
        said += " Required."
    elif entry.default not in (None, "False") and "[default:" not in said:
        said += f" [default: {entry.default}]"
    return f"| {', '.join(f'`{one}`' for one in names)} | {_escaped(said)} |"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    """Keep what Markdown would take for its own."""
    return re.sub(r"([\\|*_<\[\]`])", r"\\\1", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{shlex.quote(str(PAGE))} is written")
