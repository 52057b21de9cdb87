"""The fenced blocks of a page, what each is for, and a run of them in their order."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from textsiam.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATED = DOCS / "reference" / "cli.md"
PAGES = sorted(path for path in DOCS.rglob("*.md") if path != GENERATED)
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_FENCE = re.compile(
    r'(?:^<!-- skip: (?P<skip>.+?) -->\n)?^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<body>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block: ``title`` names the file that it is, ``skip`` says why it is not run; else both are empty."""

    language: str
    body: str
    line: int
    title: str = ""
    skip: str = ""


def blocks_of(page: Path) -> list[Block]:
    """Give all fenced blocks of a page; raises where one is not understood."""
    source = page.read_text(encoding="utf-8")
    found = [
        Block(
            match["language"],
            match["body"],
            source.count("\n", 0, match.start("body")),
            match["title"] or "",
            match["skip"] or "",
        )
        for match in _FENCE.finditer(source)
    ]
    fences = len(re.findall(r"^\s*(?:```|~~~)", source, re.MULTILINE))
    assert fences == 2 * len(found), f"{page}: {fences} fences, but {len(found)} blocks are understood"
    assert source.count("<!-- skip:") == sum(bool(block.skip) for block in found), f"{page}: a skip without its block"
    return found


def run_page(page: Path, stand_ins: Mapping[str, Callable[[str], str]] | None = None) -> int:
    """Run the blocks of a page in the working folder; gives how many ran.

    ``stand_ins``: of blocks that are skipped for a reason, what makes them run here. Files are written, Python and
    commands are run, and a block of text is what the block before it printed, where "..." stands for anything.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    printed: str | None = None
    ran = 0
    for block in blocks_of(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if stand_ins and block.skip in stand_ins:
            block = block._replace(body=stand_ins[block.skip](block.body), skip="")  # noqa: PLW2901
        if block.skip:
            printed = None
        elif block.title:
            Path(block.title).write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            code = compile("\n" * block.line + block.body, str(page), "exec")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(code, names)
            printed, ran = out.getvalue(), ran + 1
        elif block.language == "sh":
            printed, ran = _run_lines(block.body, where), ran + 1
        else:
            assert block.language == "text", f"{where}: a block of {block.language or 'no language'}, with no title"
            assert printed is not None, f"{where}: nothing was run just before this text"
            assert doctest.OutputChecker().check_output(block.body, printed, LIKE), f"{where}: printed was\n{printed}"
            printed = None
    return ran


def _run_lines(body: str, where: str) -> str:
    """Run commands of textsiam, and check others, of which a few alone may be there; gives what was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        for line in body.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["textsiam"]:
                with contextlib.redirect_stderr(io.StringIO()) as errors:
                    code = main(words[1:])
                assert code == 0, f"{where}: {line}: {errors.getvalue()}"
            elif words:
                _check_install(words, f"{where}: {line}")
    return out.getvalue()


def _check_install(words: list[str], where: str) -> None:
    """Only installing textsiam, with extras that it has, is there besides its own commands."""
    assert words[:2] == ["pip", "install"], f"{where}: is neither textsiam nor pip install"
    assert len(words) == 3, where
    found = re.fullmatch(r"(?:\.|textsiam)(?:\[([\w,]+)\])?", words[2])
    assert found is not None, where
    unknown = set(filter(None, (found[1] or "").split(","))) - EXTRAS.keys()
    assert not unknown, f"{where}: no such extra"
