"""Every notebook runs from top to bottom, and is kept with what it shows."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 120  # of processor time, which others on the machine do not lengthen: less than two minutes on two cores
LARGEST_PICTURE = 100_000

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def outputs(path: Path) -> Iterator[dict[str, Any]]:
    return (output for cell in cells(path, "code") for output in cell["outputs"])


def shown_text(path: Path) -> str:
    parts = []
    for output in outputs(path):
        for name, value in {"text": output.get("text", ""), **output.get("data", {})}.items():
            if name.startswith("text"):
                parts.append(value if isinstance(value, str) else "".join(value))
    return "\n".join(parts)


def pictures(path: Path) -> list[bytes]:
    return [
        base64.b64decode(output["data"]["image/png"])
        for output in outputs(path)
        if "image/png" in output.get("data", {})
    ]


def processor_seconds_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def test_there_are_seven_and_the_index_names_each() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{number}-" for number in range(1, 8)]
    assert re.findall(r"\]\((\d-[a-z-]+\.ipynb)\)", index) == [path.name for path in NOTEBOOKS]


@each
def test_it_starts_with_what_the_reader_will_see(path: Path) -> None:
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    assert first["cell_type"] == "markdown"
    assert "**What you will see:**" in "".join(first["source"])


@each
def test_it_is_kept_with_its_outputs(path: Path) -> None:
    code = cells(path, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))  # run once, from top to bottom
    assert sum(bool(cell["outputs"]) for cell in code) > len(code) / 2
    assert pictures(path)
    assert max(map(len, pictures(path))) < LARGEST_PICTURE
    assert path.stat().st_size < 400_000


@each
def test_its_outputs_say_nothing_of_the_machine_and_no_warnings(path: Path) -> None:
    kinds = {(output["output_type"], output.get("name")) for output in outputs(path)}
    assert kinds <= {("stream", "stdout"), ("display_data", None), ("execute_result", None)}
    assert re.findall(r"/tmp/|/work|/root|/home|/Users|Traceback|Warning", shown_text(path)) == []


@each
def test_its_metadata_is_that_of_any_machine(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert [cell["metadata"] for cell in notebook["cells"]] == [{}] * len(notebook["cells"])


@pytest.mark.slow
@each
def test_it_runs(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TEXTSIAM_", "PYTEST_"))}
    environment["OMP_NUM_THREADS"] = "2"
    before = processor_seconds_of_children()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbmake", "--nbmake-timeout=600"]
    run = subprocess.run(
        [*command, path.name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=900,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    assert "1 passed" in run.stdout
    assert processor_seconds_of_children() - before < SECONDS
