from __future__ import annotations

import dataclasses
import json
import math
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.model.making import fitting
from textsiam.arrays import Array
from textsiam.errors import TrainingError, TrainingInterrupted
from textsiam.model.architecture import Architecture
from textsiam.progress import Progress, progress
from textsiam.text.flat import flat_of
from textsiam.text.tokenizer import TokenIds
from textsiam.training import checkpoint, runlog
from textsiam.training.checkpoint import RunState
from textsiam.training.collator import PairBatch
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.distributed import Processes
from textsiam.training.loop import TrainingLoop, _parameter_groups, learning_rate
from textsiam.training.mining import Miner
from textsiam.training.network import SiameseNetwork
from textsiam.training.objective import Objective, Scored
from textsiam.training.runlog import RunLog
from textsiam.training.subword_sampling import SubwordSampling

PAIRS = 100
SPLITS = flat_of([[3, 2] if token in (4, 5) else [] for token in range(20)])


def _toy() -> TokenizedPairs:
    """Texts of 1 to 6 tokens out of 20; a pair is the same if its first tokens are."""
    random = np.random.default_rng(0)
    lengths = random.integers(1, 7, 60)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = random.integers(2, 6, offsets[-1]).astype(np.int32)
    a, b = random.integers(0, 60, PAIRS), random.integers(0, 60, PAIRS)
    labels = (ids[offsets[a]] == ids[offsets[b]]).astype(np.float32)
    return TokenizedPairs(TokenIds(ids, offsets, 0, 0, 0, 0), a, b, labels)


class Dev:
    """An evaluation that gives what it is told, and raises Ctrl-C when it is told to."""

    def __init__(self, *figures: float, interrupt_at: int = 0) -> None:
        self.figures, self.calls, self.interrupt_at = figures, 0, interrupt_at

    def __call__(self, network: SiameseNetwork) -> dict[str, float]:
        self.calls += 1
        if self.calls == self.interrupt_at:
            signal.raise_signal(signal.SIGINT)
        return {"roc_auc": self.figures[min(self.calls, len(self.figures)) - 1]}


def _config(**options: object) -> TrainConfig:
    given = {"dim": 8, "units": 8, "head_units": 8, "epochs": 4, "batch_size": 16, "seed": 3, **options}
    return TrainConfig(**{"precision": "fp32", "device": "cpu", **fitting(given)})


def _loop(dev: Dev, folder: Path | None = None, identity: str = "toy", **options: object) -> TrainingLoop:
    config = _config(**options)
    torch.manual_seed(config.seed)
    return TrainingLoop(
        network=SiameseNetwork(config.architecture, 20, config.dropout, config.word_dropout, config.ngram_dropout),
        objective=Objective(config, graded=False),
        pairs=_toy(),
        config=config,
        device=torch.device("cpu"),
        evaluate=dev,
        metric="roc_auc",
        identity=identity,
        folder=folder,
        sampling=SubwordSampling(config.subword_sampling, SPLITS, 128) if config.subword_sampling else None,
    )


@pytest.mark.parametrize(
    ("encoder", "precision", "rounded"), [("lstm", "fp32", False), ("lstm", "bf16", True), ("bag", "bf16", False)]
)
def test_shapes_are_rounded_where_programs_are_prepared_for_them(encoder: str, precision: str, rounded: bool) -> None:
    assert _loop(Dev(0.5), encoder=encoder, precision=precision).collator.rounded is rounded


def _run(loop: TrainingLoop) -> RunState:
    with progress("toy", None, "pairs", show=False) as bar:
        return loop.run(bar)


def _weights(loop: TrainingLoop) -> list[bytes]:
    return [value.numpy().tobytes() for value in loop.network.state_dict().values()]


def _log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / runlog.FILE).read_text(encoding="utf-8").splitlines()]


def test_equal_seed_equal_weights_bit_for_bit() -> None:
    weights = []
    for seed in (3, 3, 4):
        loop = _loop(Dev(0.5), seed=seed)
        _run(loop)
        weights.append(_weights(loop))
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]


@pytest.mark.parametrize(("evaluate_every", "averaging"), [(0, 0.0), (5, 0.0), (5, 0.95)])
@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_a_run_stopped_and_resumed_equals_one_that_ran_through(
    tmp_path: Path, stop_at: int, evaluate_every: int, averaging: float
) -> None:
    options: dict[str, Any] = {"evaluate_every": evaluate_every, "averaging": averaging}
    rising = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    whole = _loop(Dev(*rising), tmp_path / "whole", **options)
    _run(whole)
    stopped = _loop(Dev(*rising, interrupt_at=stop_at), tmp_path / "run", **options)
    with pytest.raises(TrainingInterrupted) as caught:
        _run(stopped)
    assert caught.value.run_folder == tmp_path / "run"
    resumed = _loop(Dev(*rising[stop_at:]), tmp_path / "run", **options)
    torch.manual_seed(99)  # a new process has another random state
    resumed.resume()
    assert 0 < resumed.state.step < whole.total_steps
    _run(resumed)
    assert _weights(resumed) == _weights(whole)
    assert resumed.state.history == whole.state.history
    assert _log(tmp_path / "run") == _log(tmp_path / "whole")


def _mined(loop: TrainingLoop) -> list[tuple[int, int]]:
    assert loop.mined is not None
    return [(a, b) for a, b in loop.mined.ends.T.tolist()]


@pytest.mark.parametrize("stop_at", [3, 8, 10, 16, 19])  # 8 steps an epoch
def test_a_run_with_hard_negatives_stopped_within_an_epoch_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    options: dict[str, Any] = {"hard_negatives": 0.2, "epochs": 3, "head": "mlp", "loss": "bce+in_batch:0.5"}

    def make(folder: Path, evaluated: int = 0) -> TrainingLoop:
        loop = _loop(Dev(*(0.5, 0.6, 0.7)[evaluated:]), folder, **options)
        loop.miner = Miner(loop.pairs, _toy(), seed=loop.config.seed, device=loop.device)
        return loop

    whole = make(tmp_path / "whole")
    first = _mined(whole)
    toy = whole.pairs
    assert set(first) <= {(a, b) for a, b, label in zip(toy.index_a, toy.index_b, toy.labels, strict=True) if not label}
    _run(whole)
    assert len(set(_mined(whole)) & set(first)) < 20
    assert (whole.total_steps, whole.state.pairs) == (24, 3 * 120)
    stopped = make(tmp_path / "run")
    step = TrainingLoop._step

    def stopping(self: TrainingLoop, rows: Array, bar: Progress, log: RunLog) -> None:
        step(self, rows, bar, log)
        if self.state.step == stop_at:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(TrainingLoop, "_step", stopping)
        with pytest.raises(TrainingInterrupted):
            _run(stopped)
    resumed = make(tmp_path / "run", stop_at // 8)
    torch.manual_seed(99)
    resumed.resume()
    assert resumed.state.step == stop_at
    assert _mined(resumed) == _mined(stopped)
    _run(resumed)
    assert _mined(resumed) == _mined(whole)
    assert _weights(resumed) == _weights(whole)
    assert _log(tmp_path / "run") == _log(tmp_path / "whole")


@pytest.mark.parametrize("loss", ["bce", "bce+in_batch:0.5+triplet_semi_hard"])
def test_resuming_is_exact_with_everything_random_switched_on_and_across_misses(tmp_path: Path, loss: str) -> None:
    options: dict[str, Any] = {
        "layers": 2,
        "bidirectional": True,
        "head": "mlp",
        "loss": loss,
        "balanced": True,
        "dropout": 0.3,
        "word_dropout": 0.2,
        "ngrams": 2,
        "ngram_dropout": 0.5,
        "averaging": 0.9,
        "subword_sampling": 0.3,
        "patience": 3,
        "epochs": 9,
    }
    figures = (0.7, 0.9, 0.8, 0.8, 0.85, 0.95)
    whole = _loop(Dev(*figures), tmp_path / "whole", **options)
    ended = _run(whole)
    assert ended.misses == 3
    stopped = _loop(Dev(*figures, interrupt_at=4), tmp_path / "run", **options)  # after two misses
    with pytest.raises(TrainingInterrupted):
        _run(stopped)
    resumed = _loop(Dev(*figures[4:]), tmp_path / "run", **options)
    torch.manual_seed(99)
    resumed.resume()
    assert resumed.state.misses == 2
    _run(resumed)
    assert _weights(resumed) == _weights(whole)
    assert resumed.state.history == whole.state.history
    assert (resumed.state.step, resumed.state.best_step) == (ended.step, ended.best_step)


def test_batches_know_which_texts_are_the_same_where_a_loss_needs_it() -> None:
    for loss, told in (("bce", False), ("bce+in_batch", True)):
        loop = _loop(Dev(0.5), loss=loss)
        batch = loop.collator(np.arange(PAIRS))
        are_same = batch.groups_U[batch.index_a] == batch.groups_U[batch.index_b]
        assert bool(are_same[batch.labels_B == 1].all()) is told


def test_texts_are_cut_anew_for_each_step_and_process() -> None:
    rows, seeds = np.arange(PAIRS), []
    loop = _loop(Dev(0.5), subword_sampling=0.3, epochs=1)
    collator = loop.collator

    def watched(rows: np.ndarray, seed: Sequence[int] = ()) -> PairBatch:
        seeds.append(tuple(seed))
        return collator(rows, seed)

    loop.collator = watched  # type: ignore[assignment] # to look at what it is given
    _run(loop)
    assert seeds == [(3, step, 0) for step in range(loop.total_steps)]
    whole = _loop(Dev(0.5)).collator(rows, seeds[0])
    first, again, later = (collator(rows, seed) for seed in (seeds[0], seeds[0], seeds[1]))
    assert torch.equal(first.ids_UT, again.ids_UT)
    assert not torch.equal(first.lengths_U, later.lengths_U)
    assert bool((first.lengths_U >= whole.lengths_U).all())
    assert int(first.lengths_U.sum()) > int(whole.lengths_U.sum())
    assert torch.equal(first.groups_U, whole.groups_U)
    assert torch.equal(first.index_a, whole.index_a)


def test_the_best_weights_are_kept() -> None:
    seen: list[list[bytes]] = []
    loop = _loop(Dev(0.6, 0.9, 0.8, 0.7))
    evaluate = loop.evaluate
    assert evaluate is not None

    def watch(network: SiameseNetwork) -> dict[str, float]:
        seen.append(_weights(loop))
        return evaluate(network)

    loop.evaluate = watch
    state = _run(loop)
    assert (state.best_metric, state.best_step) == (0.9, 14)
    assert _weights(loop) == seen[1] != seen[3]


def _copied(network: SiameseNetwork) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def _run_watched(loop: TrainingLoop, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, torch.Tensor]]:
    """Run from the seed; returns the weights at the start and after each step."""
    step, weights = loop.optimizer.step, [_copied(loop.network)]

    def watched() -> None:
        step()
        weights.append(_copied(loop.network))

    monkeypatch.setattr(loop.optimizer, "step", watched)
    torch.manual_seed(3)
    _run(loop)
    return weights


def test_dev_judges_the_average_and_the_best_average_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[dict[str, torch.Tensor]] = []
    figures = (0.6, 0.9, 0.8, 0.7)
    raw, averaged = (_loop(Dev(*figures), averaging=averaging) for averaging in (0.0, 0.95))
    evaluate = averaged.evaluate
    assert evaluate is not None

    def watch(network: SiameseNetwork) -> dict[str, float]:
        judged.append(_copied(network))
        return evaluate(network)

    averaged.evaluate = watch
    plain, weights = (_run_watched(loop, monkeypatch) for loop in (raw, averaged))
    for one, other in zip(plain, weights, strict=True):  # training goes on as it does without
        assert all(torch.equal(value, other[name]) for name, value in one.items())
    wanted = weights[0]
    for step in range(14):  # 7 steps an epoch; the second evaluation is the best one
        kept = min(0.95, (1 + step) / (10 + step))
        wanted = {name: kept * value + (1 - kept) * weights[step + 1][name] for name, value in wanted.items()}
    for name, value in averaged.network.state_dict().items():
        assert torch.allclose(value, wanted[name], atol=1e-6), name
        assert torch.equal(value, judged[1][name])
    assert averaged.state.best_step == 14


def test_only_the_process_that_evaluates_averages() -> None:
    config = _config(averaging=0.9)
    loops = [dataclasses.replace(_loop(Dev(0.5)), config=config, processes=Processes(rank, 2)) for rank in (0, 1)]
    assert [loop.average is not None for loop in loops] == [True, False]


def test_patience_stops_after_so_many_evaluations_without_a_better_one() -> None:
    dev = Dev(0.5, 0.7, 0.6, 0.7, 0.9)
    state = _run(_loop(dev, epochs=9, patience=2))
    assert dev.calls == 4
    assert state.best_metric == 0.7


def test_a_run_shorter_than_the_evaluation_interval_still_returns_trained_weights() -> None:
    loop = _loop(Dev(0.5), evaluate_every=10_000)
    before = _weights(loop)
    state = _run(loop)
    assert len(state.history) == 1  # the last step is always evaluated
    assert _weights(loop) != before


def test_every_step_and_evaluation_is_logged(tmp_path: Path) -> None:
    loop = _loop(Dev(0.5), tmp_path)
    _run(loop)
    records = _log(tmp_path)
    assert [r["step"] for r in records if "loss" in r] == list(range(1, loop.total_steps + 1))
    assert [r["step"] for r in records if "roc_auc" in r] == [7, 14, 21, 28]
    assert sum(r["pairs"] for r in records if "loss" in r) == 4 * PAIRS


def test_it_learns() -> None:
    loop = _loop(Dev(*np.linspace(0, 1, 30)), epochs=30, learning_rate=0.02, dropout=0.0)
    _run(loop)
    batch = loop.collator(np.arange(PAIRS))
    loop.network.eval()
    called = loop.network(batch) > 0
    assert (called == (batch.labels_B > 0.5)).float().mean() > 0.95


def test_schedule_rises_then_falls_along_half_a_cosine() -> None:
    config = _config(warmup=0.1, learning_rate=0.5)
    rates = [learning_rate(step, 100, config) for step in range(100)]
    for step in range(10):
        assert rates[step] == pytest.approx(0.5 * (step + 1) / 10)
    for step in range(10, 100):
        assert rates[step] == pytest.approx(0.25 * (1 + math.cos(math.pi * (step - 10) / 90)))
    assert learning_rate(0, 100, _config(warmup=0.0, learning_rate=0.5)) == 0.5
    assert learning_rate(99, 100, _config(warmup=1.0, learning_rate=0.5)) == 0.5


def test_gradients_are_clipped(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, norms = _loop(Dev(0.5), clip=1e-3, epochs=1), []
    step = loop.optimizer.step

    def watched() -> None:
        gradients = [p.grad for p in loop.network.parameters() if p.grad is not None]
        norms.append(math.sqrt(sum(float(g.square().sum()) for g in gradients)))
        step()

    monkeypatch.setattr(loop.optimizer, "step", watched)
    _run(loop)
    assert len(norms) == loop.total_steps
    assert max(norms) == pytest.approx(1e-3, rel=0.01)


def test_embeddings_and_biases_do_not_decay() -> None:
    loop = _loop(Dev(0.5), weight_decay=0.5)
    decay = {id(p): group["weight_decay"] for group in loop.optimizer.param_groups for p in group["params"]}
    for name, parameter in loop.network.named_parameters():
        assert decay[id(parameter)] == (0.0 if "embedding" in name or "bias" in name else 0.5), name


@pytest.mark.parametrize("evaluate_every", [0, 2])
def test_a_run_that_diverges_is_told_and_keeps_its_good_checkpoint(tmp_path: Path, evaluate_every: int) -> None:
    loop = _loop(Dev(0.5), tmp_path, evaluate_every=evaluate_every)
    term, calls = loop.objective.terms[0], []
    inputs = term.inputs

    def poison(scored: Scored) -> tuple[torch.Tensor, ...]:
        calls.append(1)
        raw_B, labels_B = inputs(scored)
        return raw_B * (float("nan") if len(calls) == 10 else 1), labels_B

    term.inputs = poison
    with pytest.raises(TrainingError, match=r"training diverged: .* lower learning_rate"):
        _run(loop)
    good = _loop(Dev(0.5), tmp_path, evaluate_every=evaluate_every)
    good.resume()
    assert all(value.isfinite().all() for value in good.network.state_dict().values())


def test_resume_needs_a_checkpoint_of_the_same_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no checkpoint in"):
        _loop(Dev(0.5), tmp_path / "none").resume()
    with pytest.raises(TrainingError, match="needs the folder"):
        _loop(Dev(0.5)).resume()
    _run(_loop(Dev(0.5), tmp_path))
    with pytest.raises(TrainingError, match="other options or data"):
        _loop(Dev(0.5), tmp_path, identity="another").resume()
    path = tmp_path / checkpoint.FILE
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(TrainingError, match=r"is damaged .*; remove it"):
        _loop(Dev(0.5), tmp_path).resume()


def test_finished_removes_the_checkpoint_and_keeps_the_log(tmp_path: Path) -> None:
    loop = _loop(Dev(0.5), tmp_path)
    _run(loop)
    assert (tmp_path / checkpoint.FILE).is_file()
    loop.finished()
    assert [path.name for path in tmp_path.iterdir()] == [runlog.FILE]


@pytest.mark.parametrize("patient", [False, True])
def test_who_is_patient_is_stopped_by_the_first_of_several_requests(tmp_path: Path, patient: bool) -> None:
    class Twice(Dev):
        def __call__(self, network: SiameseNetwork) -> dict[str, float]:
            signal.raise_signal(signal.SIGINT)
            return super().__call__(network)

    loop = _loop(Twice(0.5, interrupt_at=1), tmp_path)
    loop.patient = patient
    with pytest.raises(TrainingInterrupted if patient else KeyboardInterrupt):
        _run(loop)
    assert (tmp_path / checkpoint.FILE).exists() is patient


def test_other_threads_train_without_catching_signals() -> None:
    states: list[RunState] = []
    thread = threading.Thread(target=lambda: states.append(_run(_loop(Dev(0.5), epochs=1))))
    thread.start()
    thread.join()
    assert states[0].step == 7


def test_matrices_alone_are_decayed_and_no_embeddings_whatever_their_names() -> None:
    encoder = nn.ModuleDict({"tokens": nn.Embedding(9, 4), "embedding_turn": nn.Linear(4, 5)})
    network = SiameseNetwork(Architecture(encoder="custom", dim=5, head="cosine"), 9, encoder=encoder)
    decayed, others = _parameter_groups(network, 0.1)
    assert decayed["weight_decay"] == 0.1
    assert [tuple(value.shape) for value in decayed["params"]] == [(5, 4)]
    assert others["weight_decay"] == 0.0
    assert [tuple(value.shape) for value in others["params"]] == [(9, 4), (5,)]
