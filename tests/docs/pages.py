"""The fenced blocks of a page, what each is for, and a run of them in their order."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
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
    r'(?:^<!-- needs: (?P<needs>.+?) -->\n)?^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<body>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block: ``title`` names the file that it is, ``needs`` what few machines have; else both are empty."""

    language: str
    body: str
    line: int
    title: str = ""
    needs: str = ""


def blocks_of(page: Path) -> list[Block]:
    """Give all fenced blocks of a page; raises where one is not understood."""
    source = page.read_text(encoding="utf-8")
    found = [
        Block(
            match["language"],
            match["body"],
            source.count("\n", 0, match.start("body")),
            match["title"] or "",
            match["needs"] or "",
        )
        for match in _FENCE.finditer(source)
    ]
    fences = len(re.findall(r"^\s*(?:```|~~~)", source, re.MULTILINE))
    assert fences == 2 * len(found), f"{page}: {fences} fences, but {len(found)} blocks are understood"
    assert source.count("<!-- needs:") == sum(bool(block.needs) for block in found), f"{page}: a need without its block"
    return found


def run_page(page: Path, stand_ins: Mapping[str, Callable[[str], str]] | None = None) -> None:
    """Run all blocks of a page in the working folder.

    ``stand_ins``: what makes of a block that needs something one that runs here. Files are written, Python and
    commands are run, and a block of text is what the block before it printed, where "..." stands for anything.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    printed: str | None = None
    for block in blocks_of(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        body = (stand_ins or {})[block.needs](block.body) if block.needs else block.body
        if block.title:
            Path(block.title).write_text(body, encoding="utf-8")
        elif block.language == "python":
            code = compile("\n" * block.line + body, str(page), "exec")
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(code, names)
            printed = out.getvalue()
        elif block.language == "sh":
            printed = _run_lines(body, where)
        else:
            assert block.language == "text", f"{where}: a block of {block.language or 'no language'}, with no title"
            assert printed is not None, f"{where}: nothing was run just before this text"
            assert doctest.OutputChecker().check_output(body, printed, LIKE), f"{where}: printed was\n{printed}"
            printed = None


def _run_lines(body: str, where: str) -> str:
    """Run commands of textsiam, and check installs, beside which there are no others; gives what was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        for line in body.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["textsiam"]:
                with contextlib.redirect_stderr(io.StringIO()) as errors:
                    code = main(words[1:])
                assert code == 0, f"{where}: {line}: {errors.getvalue()}"
            elif words[:1] == ["torchrun"]:
                _run_processes(words[1:], f"{where}: {line}")
            elif words:
                _check_install(words, f"{where}: {line}")
    return out.getvalue()


def _run_processes(arguments: list[str], where: str) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", *arguments]
    settings = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, capture_output=True, check=False, text=True, timeout=300, env=settings)
    assert ended.returncode == 0, f"{where}: {ended.stderr}"


def _check_install(words: list[str], where: str) -> None:
    """Only installing textsiam, with extras that it has, is there besides its own commands."""
    assert words[:2] == ["pip", "install"], f"{where}: is neither textsiam nor pip install"
    assert len(words) == 3, where
    found = re.fullmatch(r"(?:\.|textsiam)(?:\[([\w,]+)\])?", words[2])
    assert found is not None, where
    unknown = set(filter(None, (found[1] or "").split(","))) - EXTRAS.keys()
    assert not unknown, f"{where}: no such extra"
