"""What textsiam costs on disk and at import, in Markdown: fresh environments, fresh processes, model folders.

    pip install 'textsiam[bench]'
    python benchmarks/footprint.py --data ../shared/data/qqp --out /tmp/bench [--peers]

makes a fresh virtual environment in OUT, installs this checkout there without extras, and adds up what that put beside
pip (byte code included; MB are 10^6 bytes). ``--peers`` does the same for sentence-transformers and model2vec, which
are gigabytes. Imports are timed in fresh processes, A B C A B C ..., from inside: starting Python is not counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path
from statistics import median

from peers import BAG, LSTM, MINILM, MODEL2VEC, PACKAGES, distinct_questions, folder_of, make_models
from timing import machine, markdown, say, versions

CHECKOUT = Path(__file__).resolve().parent.parent
INSTALLS = {"textsiam": str(CHECKOUT), "sentence-transformers": "sentence-transformers", "model2vec": "model2vec"}
NUMPY = "import numpy"
BASE_IMPORTS = (NUMPY, "import textsiam", "from textsiam import PairModel")
PEER_IMPORTS = ("from model2vec import StaticModel", "from sentence_transformers import SentenceTransformer")
TIMED = "import time; started = time.perf_counter(); {}; print(time.perf_counter() - started)"
MEGABYTE = 1e6
LARGEST = 4  # packages that are named


def fresh_environment(folder: Path, requirement: str) -> Path:
    """Make a virtual environment anew, install one requirement there; returns its Python."""
    say(f"installing {requirement} in {folder}")
    venv.create(folder, clear=True, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return python


def installed_megabytes(python: Path) -> dict[str, float]:
    """Add up what stands in an environment's site-packages, but for pip and setuptools: folder or file -> MB."""
    found = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    entries = Path(found.stdout.strip()).iterdir()
    kept = [entry for entry in entries if not entry.name.startswith(("pip", "setuptools", "_distutils", "distutils"))]
    return {entry.name: megabytes(entry) for entry in kept}


def megabytes(path: Path) -> float:
    """Size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / MEGABYTE


def import_seconds(imports: dict[str, Path], rounds: int) -> dict[str, float]:
    """Time statements, each in fresh processes of its own Python; medians after one round that does not count."""
    seconds: dict[str, list[float]] = {statement: [] for statement in imports}
    for number in range(rounds + 1):
        for statement, python in imports.items():
            command = [str(python), "-c", TIMED.format(statement)]
            # a working directory in which nothing but what is installed can be imported
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=python.parent)
            if number:
                seconds[statement].append(float(done.stdout))
    return {statement: median(runs) for statement, runs in seconds.items()}


def install_rows(out: Path, names: list[str]) -> list[list[str]]:
    """Lay out what the installed packages take."""
    rows = []
    for name in names:
        sizes = installed_megabytes(fresh_environment(out / f"environment-{name}", INSTALLS[name]))
        largest = sorted(sizes, key=lambda entry: -sizes[entry])[:LARGEST]
        note = "largest: " + ", ".join(f"{entry} {sizes[entry]:,.1f}" for entry in largest)
        rows.append([f"pip install {name}", f"{sum(sizes.values()):,.1f} MB", note])
    return rows


def import_rows(python: Path, rounds: int) -> list[list[str]]:
    """Lay out what importing takes: numpy and textsiam in the fresh environment, the peers in this one."""
    imports = dict.fromkeys(BASE_IMPORTS, python) | dict.fromkeys(PEER_IMPORTS, Path(sys.executable))
    say("timing imports")
    seconds = import_seconds(imports, rounds)
    return [
        [statement, f"{took * 1e3:,.0f} ms", f"{took / seconds[NUMPY]:.2f} x {NUMPY}"]
        for statement, took in seconds.items()
    ]


def main() -> None:
    """Read the options, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv, dev.tsv and test.tsv of QQP")
    parser.add_argument("--out", type=Path, required=True, help="folder for the models and environments")
    parser.add_argument("--rounds", type=int, default=11, help="imports of each")
    parser.add_argument("--peers", action="store_true", help="install the peers too")
    options = parser.parse_args()
    make_models(options.out, distinct_questions(options.data))
    rows = install_rows(options.out, list(INSTALLS) if options.peers else ["textsiam"])
    python = options.out / "environment-textsiam" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    rows += import_rows(python, options.rounds)
    for name in (BAG, LSTM, MODEL2VEC, MINILM):
        rows.append([f"model folder, {name}", f"{megabytes(folder_of(options.out, name)):,.1f} MB", ""])
    notes = [f"Imports: medians of {options.rounds} interleaved fresh processes; {machine()}; {versions(*PACKAGES)}."]
    print(markdown(("", "cost", ""), rows, notes))


if __name__ == "__main__":
    main()
