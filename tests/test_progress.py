from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

import textsiam.progress as progress_module
from textsiam.progress import progress


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain line at every advance."""
    monkeypatch.setattr(progress_module, "PLAIN_SECONDS", 0.0)


@pytest.mark.usefixtures("talkative")
def test_plain_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("training", 2000, "pairs") as bar:
        bar.advance(500)
        bar.advance(1000, "loss 0.31")
        bar.note("epoch 1: done")
    out, err = capsys.readouterr()
    first, second, third = err.splitlines()
    assert re.fullmatch(r"training: 500/2,000 pairs, [\d,]+ pairs/s, [\d,]+ s left", first)
    assert re.fullmatch(r"training: 1,500/2,000 pairs, [\d,]+ pairs/s, [\d,]+ s left, loss 0\.31", second)
    assert third == "epoch 1: done"
    assert out == ""
    assert bar.done == 1500


@pytest.mark.usefixtures("talkative")
def test_a_detail_is_shown_until_another_comes(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("training", None, "pairs") as bar:
        for detail in ("", "loss 0.31", "", "loss 0.25", ""):
            bar.advance(1, detail)
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition("pairs/s")[2] for line in lines] == ["", *[", loss 0.31"] * 2, *[", loss 0.25"] * 2]


def test_a_detail_between_two_plain_lines_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress("training", None, "pairs") as bar:
        bar.advance(1, "loss 0.31")
        monkeypatch.setattr(progress_module, "PLAIN_SECONDS", 0.0)
        bar.advance(1)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("pairs/s, loss 0.31")


@pytest.mark.usefixtures("talkative")
def test_an_unknown_total_has_no_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading", None, "texts") as bar:
        bar.advance(3)
    assert re.fullmatch(r"reading: 3 texts, [\d,]+ texts/s\n", capsys.readouterr().err)


def test_plain_lines_are_few(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading", 1000, "texts") as bar:
        for _ in range(1000):
            bar.advance(1)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("talkative")
def test_rate_and_time_left_do_not_count_what_was_done_before(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    with progress("training", 400, "pairs", done=100) as bar:
        monkeypatch.setattr(bar, "note", lines.append)
        monkeypatch.setattr("textsiam.progress.time.monotonic", lambda: bar.started + 10)
        bar.advance(100)
    assert lines == ["training: 200/400 pairs, 10 pairs/s, 20 s left"]


@pytest.mark.usefixtures("talkative")
def test_silent_shows_nothing_but_counts(capfd: pytest.CaptureFixture[str]) -> None:
    with progress("training", 3, "pairs", show=False, done=1) as bar:
        bar.advance(2, "loss")
        bar.note("a line")
    assert capfd.readouterr() == ("", "")
    assert bar.done == 3


def test_an_error_inside_passes_through() -> None:
    with pytest.raises(ValueError, match="inside"), progress("training", 3, "pairs", show=False):
        raise ValueError("inside")


ON_A_TERMINAL = """
import sys, time
from textsiam.progress import progress
assert sys.stderr.isatty()
with progress("learning", 3, "pairs") as bar:
    for step in range(3):
        bar.advance(1, f"loss 0.{step}" if step < 2 else "")
        time.sleep(0.05)
    bar.note("[epoch] 1 done")
print("nothing on stdout but this")
"""


def read_all(terminal: int) -> str:
    shown = b""
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # Linux's way to say that nobody holds the other end
            break
        if not chunk:
            break
        shown += chunk
    return shown.decode("utf-8")


def test_a_bar_on_a_terminal() -> None:
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", ON_A_TERMINAL]
    with subprocess.Popen(command, stderr=theirs, stdout=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        shown = read_all(ours)
        assert process.stdout is not None
        assert process.stdout.read() == b"nothing on stdout but this\n"
    os.close(ours)
    assert process.returncode == 0, shown
    plain = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", shown)
    assert "learning" in plain
    assert "\u2501" in plain  # the bar itself
    assert "3/3" in plain
    assert "pairs/s" in plain
    assert plain.rindex("loss 0.1") > plain.rindex("3/3")  # the last frame still has the last loss
    assert "[epoch] 1 done" in plain  # rich takes no markup from it
