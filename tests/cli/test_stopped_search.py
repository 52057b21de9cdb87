from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Result, Run
from tests.training.conftest import make_rows

# the command line in small, slow steps, each of which is kept and told
SLOWLY = """
import sys, time
from textsiam.cli import main
from textsiam.index import candidates, run_folder
run_folder.SECONDS, candidates.SCORED_AT_ONCE = 0, 25
add = run_folder.Run.add
def tell(run, part):
    add(run, part)
    print(run.done, flush=True)
    time.sleep(0.02)
run_folder.Run.add = tell
sys.exit(main(sys.argv[1:]))
"""


def begin(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SLOWLY, "duplicates", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(*arguments: object) -> Result:
    process = begin(*arguments)
    out, err = process.communicate(timeout=120)
    return Result(process.returncode, out, err)


def stop(process: subprocess.Popen[str], sent: int, steps: int) -> Result:
    """Send a signal when some steps are done."""
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= steps:
            process.send_signal(sent)
            break
    out, err = process.communicate(timeout=120)
    return Result(process.returncode, out, err)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    rows = make_rows(60)
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"{a}\n{b}\n" for a, b, _ in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("against", [False, True])
def test_a_command_that_is_killed_and_interrupted_goes_on(
    tmp_path: Path, model_folder: Path, texts: Path, against: bool
) -> None:
    out, pairs, folder = tmp_path / "out.csv", tmp_path / "pairs.csv", tmp_path / ".out.csv.run"
    other = tmp_path / "a.txt"
    other.write_text("".join(f"{b}\n" for _, b, _ in make_rows(30, start=7)), encoding="utf-8")
    command = (model_folder, texts, "--out", out, "--pairs", pairs, *(("--against", other) if against else ()))
    whole = finish(*command)
    assert (whole.code, folder.exists()) == (0, False)
    steps = int(whole.out.split()[-1])
    assert steps > 15
    expected = out.read_bytes(), pairs.read_bytes()
    assert expected[1].count(b"\n") > 20
    out.unlink()
    pairs.unlink()

    killed = stop(begin(*command), signal.SIGKILL, 4)
    assert (killed.code, folder.is_dir(), out.exists()) == (-signal.SIGKILL, True, False)
    interrupted = stop(begin(*command, "--resume"), signal.SIGINT, 9)
    assert (interrupted.code, out.exists()) == (130, False)
    assert "Traceback" not in interrupted.err
    assert interrupted.err.splitlines()[-1].startswith(
        f"textsiam: interrupted; what was found is kept in {folder}; go on with: textsiam duplicates {model_folder} "
    )
    assert interrupted.err.splitlines()[-1].endswith(" --resume")
    assert interrupted.err.count("textsiam:") == 1

    resumed = finish(*command, "--resume")
    assert resumed.code == 0
    first, *_, last = map(int, resumed.out.split())
    assert (first >= 9, last) == (True, steps)
    assert (out.read_bytes(), pairs.read_bytes()) == expected
    assert not folder.exists()


def test_another_file_does_not_go_on(run: Run, tmp_path: Path, model_folder: Path, texts: Path) -> None:
    command = (model_folder, texts, "--out", tmp_path / "out.csv")
    result = run("duplicates", *command, "--resume")
    assert result.code == 2
    assert "there is no search in" in result.err
    assert stop(begin(*command), signal.SIGINT, 3).code == 130
    texts.write_text(texts.read_text(encoding="utf-8") + "one more\n", encoding="utf-8")
    result = finish(*command, "--resume")
    assert result.code == 2
    assert "keeps a search of other texts, another model or other options; start without resume" in result.err
    assert run("duplicates", *command).code == 0
    assert not (tmp_path / ".out.csv.run").exists()
