"""Several processes, started by torchrun, train as one does."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import textsiam
from tests.training.conftest import make_chains, make_rows
from textsiam.errors import TrainingError
from textsiam.training.checkpoint import FILE
from textsiam.training.distributed import Processes, joined

pytestmark = pytest.mark.skipif(os.name == "nt", reason="torchrun on Windows needs a torch that was built with libuv")

EPOCHS = 40
OPTIONS = (
    *("--encoder", "lstm", "--dim", "16", "--units", "16", "--head-units", "16", "--vocabulary-size", "100"),
    *("--batch-size", "33", "--learning-rate", "0.01", "--dropout", "0", "--device", "cpu", "--precision", "fp32"),
    *("--averaging", "0.9"),
)


def _write(path: Path, count: int, start: int = 0) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text_a", "text_b", "label"])
        writer.writerows((a, b, int(label)) for a, b, label in make_rows(count, start=start))
    return path


def _start(processes: int, *arguments: object) -> subprocess.Popen[str]:
    torchrun = ("-m", "torch.distributed.run", "--nproc-per-node", str(processes)) if processes > 1 else ()
    command = [sys.executable, *torchrun, "-m", "textsiam", *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def _ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out, err


def _log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def _train(tmp_path: Path, out: str) -> tuple[str, ...]:
    pairs, dev = tmp_path / "pairs.csv", tmp_path / "dev.csv"
    if not pairs.exists():
        _write(pairs, 232)  # the last batch of an epoch has one pair, for two processes
        _write(dev, 64, start=1000)
    return ("train", str(pairs), "--dev", str(dev), "--out", str(tmp_path / out), "--epochs", str(EPOCHS), *OPTIONS)


def _figures(records: Sequence[dict[str, Any]], name: str) -> list[float]:
    return [record[name] for record in records if name in record]


@pytest.fixture(scope="module")
def one_process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the model "one" and its run, trained by one process."""
    folder = tmp_path_factory.mktemp("one")
    _ended(_start(1, *_train(folder, "one")))
    return folder


@pytest.mark.slow
def test_two_processes_have_the_losses_of_one(one_process: Path, tmp_path: Path) -> None:
    told, err = _ended(_start(2, *_train(tmp_path, "two")))
    # only the first process tells
    assert told.count("# A textsiam model") == 1
    assert err.count("232 pairs") == 1
    assert err.count(f"epoch {EPOCHS}:") == 1
    one, two = _log(one_process / "one.run"), _log(tmp_path / "two.run")
    assert [record["step"] for record in one] == [record["step"] for record in two]
    assert _figures(one, "loss")[0] > 3 * _figures(one, "loss")[-1]
    for name, tolerance in (("loss", 1e-5), ("roc_auc", 1e-5), ("grad_norm", 1e-3), ("lr", 0), ("pairs", 0)):
        assert _figures(two, name) == pytest.approx(_figures(one, name), rel=0, abs=tolerance), name
    models = [textsiam.PairModel.load(folder) for folder in (one_process / "one", tmp_path / "two")]
    for name, value in models[0].weights.items():
        np.testing.assert_allclose(models[1].weights[name], value, atol=1e-4)
    assert [model.details["processes"] for model in models] == [1, 2]
    assert [path.name for path in (tmp_path / "two.run").iterdir()] == ["log.jsonl"]


@pytest.mark.slow
def test_two_processes_rank_the_texts_of_their_parts(tmp_path: Path) -> None:
    sampling = ("--subword-sampling", "0.1")  # of which the first process tells the other
    _ended(_start(2, *_train(tmp_path, "two"), "--loss", "bce+in_batch:0.5", "--temperature", "0.1", *sampling))
    losses = _figures(_log(tmp_path / "two.run"), "loss")
    assert np.isfinite(losses).all()
    # known-same groups are topics here: there is something to rank, and it is learned
    assert losses[0] > 2 * losses[-2]
    details = textsiam.PairModel.load(tmp_path / "two").details
    assert (details["loss"], details["processes"]) == ("bce+in_batch:0.5", 2)


@pytest.mark.slow
def test_two_processes_have_the_same_implied_pairs(tmp_path: Path) -> None:
    rows = [f"{a},{b},{label:g}\n" for a, b, label in make_chains()]
    (tmp_path / "pairs.csv").write_text("text_a,text_b,label\n" + "".join(rows), encoding="utf-8")
    pairs, dev = tmp_path / "pairs.csv", _write(tmp_path / "dev.csv", 64, start=1000)
    for count in (1, 2):
        out = str(tmp_path / str(count))
        options = ("--dev", str(dev), "--out", out, "--epochs", "3", "--implied", "0.9", *OPTIONS)
        _ended(_start(count, "train", str(pairs), *options))
    one, two = (_log(tmp_path / f"{count}.run") for count in (1, 2))
    for name in ("loss", "pairs"):
        assert _figures(two, name) == pytest.approx(_figures(one, name), rel=0, abs=1e-5), name
    models = [textsiam.PairModel.load(tmp_path / str(count)) for count in (1, 2)]
    assert [model.details["implied"]["pairs"] for model in models] == [81, 81]


BAG = (
    *("--encoder", "bag", "--weighting", "idf", "--ngrams", "2", "--buckets", "99", "--char-ngrams", "2,3"),
    *("--dim", "8", "--head", "cosine", "--vocabulary-size", "100", "--batch-size", "33", "--epochs", "3"),
    *("--learning-rate", "0.01", "--dropout", "0", "--device", "cpu", "--precision", "fp32"),
)


@pytest.mark.slow
def test_two_processes_have_the_same_weights_of_tokens_and_spellings(tmp_path: Path) -> None:
    pairs, dev = _write(tmp_path / "pairs.csv", 232), _write(tmp_path / "dev.csv", 64, start=1000)
    for count in (1, 2):
        _ended(_start(count, "train", str(pairs), "--dev", str(dev), "--out", str(tmp_path / str(count)), *BAG))
    one, two = (_log(tmp_path / f"{count}.run") for count in (1, 2))
    for name in ("loss", "roc_auc"):
        assert _figures(two, name) == pytest.approx(_figures(one, name), rel=0, abs=1e-5), name
    models = [textsiam.PairModel.load(tmp_path / str(count)) for count in (1, 2)]
    for name, value in models[0].weights.items():
        np.testing.assert_allclose(models[1].weights[name], value, atol=1e-4)
    assert models[1].weights["encoder.token_weight"].max() > 2


@pytest.mark.slow
def test_two_processes_have_the_same_hard_negatives(tmp_path: Path) -> None:
    for count, out in ((1, "one"), (2, "two")):
        given = _train(tmp_path, out)
        _ended(_start(count, *given[: given.index("--epochs")], "--epochs", "3", "--hard-negatives", "0.3", *OPTIONS))
    one, two = (_log(tmp_path / f"{out}.run") for out in ("one", "two"))
    assert len(_figures(one, "loss")) == 3 * 10  # 232 + 69 pairs by 33
    for name in ("loss", "pairs"):
        assert _figures(two, name) == pytest.approx(_figures(one, name), rel=0, abs=1e-4), name


@pytest.mark.slow
def test_two_processes_begin_with_the_encoder_that_the_first_one_pretrained(tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"the sea of number {n}\n" for n in range(100)), encoding="utf-8")
    for count, out in ((1, "one"), (2, "two")):
        given = _train(tmp_path, out)
        short = (*given[: given.index("--epochs")], "--epochs", "2", "--texts", texts)
        _, err = _ended(_start(count, *short, *OPTIONS))
        assert err.count("232 pairs") == 1
    one, two = (_log(tmp_path / f"{out}.run") for out in ("one", "two"))
    assert _figures(two, "loss") == pytest.approx(_figures(one, "loss"), rel=0, abs=1e-4)
    without = _train(tmp_path, "without")
    _ended(_start(1, *without[: without.index("--epochs")], "--epochs", "2", *OPTIONS))
    assert _figures(_log(tmp_path / "without.run"), "loss") != pytest.approx(_figures(one, "loss"), rel=0, abs=1e-4)


@pytest.mark.slow
def test_two_processes_learn_the_same_from_a_teacher(one_process: Path, tmp_path: Path) -> None:
    for count, out in ((1, "one"), (2, "two")):
        _, pairs, *given = _train(tmp_path, out)
        given = given[: given.index("--epochs")]
        teacher = ("--teacher", one_process / "one", "--extra-pairs", "0.5", "--epochs", "3")
        _ended(_start(count, "distill", pairs, *given, *teacher, *OPTIONS))
    one, two = (_log(tmp_path / f"{out}.run") for out in ("one", "two"))
    for name in ("loss", "pairs"):
        assert _figures(two, name) == pytest.approx(_figures(one, name), rel=0, abs=1e-4), name
    models = [textsiam.PairModel.load(tmp_path / out) for out in ("one", "two")]
    assert models[0].details["distilled"] == models[1].details["distilled"]


@pytest.mark.slow
def test_ctrl_c_stops_both_and_the_run_can_be_resumed(one_process: Path, tmp_path: Path) -> None:
    arguments = _train(tmp_path, "stopped")
    process = _start(2, *arguments)
    log = tmp_path / "stopped.run" / "log.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None and not (log.exists() and log.stat().st_size):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to torchrun and to both processes
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert err.count("textsiam: interrupted; the checkpoint is kept in") == 1, err
    assert (tmp_path / "stopped.run" / FILE).is_file()
    stopped = _figures(_log(tmp_path / "stopped.run"), "loss")
    whole = _log(one_process / "one.run")
    assert 0 < len(stopped) < len(_figures(whole, "loss"))
    tokens = [path.stat().st_mtime_ns for path in (tmp_path / "stopped.run" / "tokens").glob("*/header.json")]
    assert len(tokens) == 1
    _ended(_start(2, *arguments, "--resume"))
    resumed = _log(tmp_path / "stopped.run")
    assert _figures(resumed, "loss")[: len(stopped)] == stopped
    assert [record["step"] for record in resumed] == [record["step"] for record in whole]
    assert _figures(resumed, "loss") == pytest.approx(_figures(whole, "loss"), abs=1e-5)
    assert [path.name for path in (tmp_path / "stopped.run").iterdir()] == ["log.jsonl"]


LIBRARY = """
import pathlib, sys
import textsiam
rows = [(f"the {n % 7} a", f"the {(n % 7) if n % 2 else n % 5} b", n % 2) for n in range(100)]
config = textsiam.TrainConfig(
    encoder="bag", dim=8, head_units=8, epochs=2, batch_size=32, vocabulary_size=40, device="cpu", dropout=0.5
)
first = textsiam.train(rows, dev=rows[:50], config=config)
model = textsiam.train(rows, dev=rows[:50], config=config)  # one script, two runs
assert model.score('the 1 a', 'the 1 b') == first.score('the 1 a', 'the 1 b')
threads = [path.read_text() for path in pathlib.Path("/proc/self/task").glob("*/comm")]
line = f"{model.score('the 1 a', 'the 1 b')} {sum('gloo' in name for name in threads)}\\n"
sys.stdout.write(line)  # at once: the other process writes to the same pipe
sys.stdout.flush()
"""


@pytest.mark.slow
def test_the_model_comes_back_in_every_process(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(LIBRARY, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", str(script)]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    lines = run.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0] == lines[1]
    # threads of the group that are left over can crash the interpreter when it ends
    assert lines[0].split()[1] == "0"


def test_parts_are_a_batch_and_threads_are_shared() -> None:
    rows = np.arange(7)
    parts = [Processes(rank, 3, 2).part(rows) for rank in range(3)]
    assert sorted(np.concatenate(parts).tolist()) == rows.tolist()
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert Processes(0, 4, 4).part(rows[:1]).tolist() == [0]
    assert Processes(3, 4, 4).part(rows[:1]).tolist() == []
    assert [Processes(0, 3, 2).threads(asked) for asked in (8, 3, 1)] == [4, 1, 1]
    assert Processes(0, 2, 2).threads(0) == max(1, (os.cpu_count() or 1) // 2)


def test_every_process_and_step_has_random_numbers_of_its_own() -> None:
    drawn = []
    for rank, step, seed in ((0, 1, 5), (1, 1, 5), (0, 2, 5), (0, 1, 6), (0, 1, 5)):
        Processes(rank, 2, 2).seed(seed, step)
        drawn.append(tuple(torch.rand(3).tolist()))
    assert len(set(drawn)) == 4
    assert drawn[0] == drawn[4]


def test_the_sum_over_one_process_is_its_own(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 1))
    torch.autograd.backward(network[0](torch.ones(4, 3)).sum())  # the second layer has no gradient
    wanted = [None if value.grad is None else value.grad.clone() for value in network.parameters()]
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        with joined(torch.device("cpu")) as (processes, _):  # a group that is there is taken, and stays
            assert processes == Processes()
            assert processes.sum_up(network, torch.tensor(2.5)).item() == 2.5
        assert torch.distributed.is_initialized()
    finally:
        torch.distributed.destroy_process_group()
    for parameter, gradient in zip(network.parameters(), wanted, strict=True):
        assert parameter.grad is not None
        assert torch.equal(parameter.grad, torch.zeros_like(parameter) if gradient is None else gradient)


def test_processes_that_do_not_find_each_other_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with (
        pytest.raises(TrainingError, match=r"cannot go on together; start them by torchrun.* RANK expected") as caught,
        joined(torch.device("cpu")),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_alone_nothing_is_joined() -> None:
    with joined(torch.device("cpu")) as (processes, device):
        assert processes == Processes()
        assert processes.is_first
        assert device == torch.device("cpu")
        assert not torch.distributed.is_initialized()
        assert [processes.any(flag) for flag in (True, False)] == [True, False]
        assert processes.from_first("value") == "value"
