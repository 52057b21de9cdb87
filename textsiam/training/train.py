"""textsiam.train: from labelled pairs to a calibrated model."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from textsiam.errors import ModelFolderError, OptionError, TrainingError, TrainingInterrupted
from textsiam.model.folder import check_target
from textsiam.model.pair_model import PairModel
from textsiam.progress import progress
from textsiam.text.vocabulary import Vocabulary
from textsiam.training.calibrate import fit_calibration
from textsiam.training.card import describe_run, model_card
from textsiam.training.checkpoint import RunState, has_checkpoint
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.dev_scores import dev_evaluator, production_scores
from textsiam.training.distributed import Processes, joined
from textsiam.training.implied_pairs import ImpliedPairs, implied_pairs
from textsiam.training.loop import TrainingLoop
from textsiam.training.memory import keep_freed_memory
from textsiam.training.mining import Miner
from textsiam.training.network import SiameseNetwork
from textsiam.training.objective import Objective
from textsiam.training.preparation import GIVEN, Material, prepare
from textsiam.training.runtime import deterministic_algorithms, find_device
from textsiam.training.token_cache import TokenCache, open_tokens

TOKENS = "tokens"  # the folder of token ids in that of the run


def train(
    pairs: Any,
    *,
    dev: Any = None,
    config: TrainConfig | None = None,
    vocabulary: Vocabulary | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    reading: Mapping[str, str | bool] | None = None,
    show_progress: bool = False,
) -> PairModel:
    """Train a siamese model and calibrate it on dev.

    ``pairs`` and ``dev`` are Pairs or what ``read_pairs`` takes; without ``dev`` a tenth of the pairs, sharing no text
    with the rest, is set aside. ``vocabulary`` replaces the one that would be built from the training texts. With
    ``out`` the model folder is written there, and the run's checkpoint and log beside it in ``out`` + ".run"; a run
    that was stopped goes on with ``resume``, to the same weights, bit for bit. ``reading`` (how the command line read
    the pairs) is kept in the folder's train.toml.

    Under torchrun every process calls it alike: they share each batch, the first one alone looks at ``pairs`` and
    writes ``out``, and the model comes back in all. They must see the same files. Another number of processes may
    resume a run: the weights are then equal but for rounding, dropout, and losses that compare texts of a batch with
    each other, for each process does so in its own part. On Linux the process keeps, for good, memory
    that the steps free (see ``memory.keep_freed_memory``).

    Raises DataError for pairs that cannot be read, TrainingError for pairs that nothing can be learned from (one class
    only, fewer than a batch), a run that diverges or would overwrite a stopped one, VocabularyError, OptionError,
    ModelFolderError where ``out`` cannot be written, and TrainingInterrupted on Ctrl-C, once the checkpoint is safe.
    """
    config = config or TrainConfig()
    keep_freed_memory()
    with joined(find_device(config.device)) as (processes, device), _reproducible(config, device, processes):
        if not processes.is_first:
            return _take_part(config, device, processes)
        folder = None if out is None else _claim(Path(out).resolve(), resume=resume)
        if vocabulary is not None:
            _check_vocabulary_options(config)
        try:
            material = prepare(pairs, dev, config, vocabulary, show_progress=show_progress)
            tokens = None if folder is None else folder / TOKENS
            with TokenCache(tokens, material.tokenizer, show_progress=show_progress) as cache:
                loop = _first_loop(material, cache, config, device, processes, folder, resume)
                state = _run(loop, material, show_progress=show_progress)
                model = _finish(loop, material, state)
                model.train_toml = config.to_toml(reading)
                if out is not None:
                    _save(model, Path(out))
                    loop.finished()
                    del loop  # which has the token ids mapped
                    cache.remove()
        except KeyboardInterrupt as interrupt:
            # a second Ctrl-C, or one outside of the steps: what the last checkpoint kept can still go on
            kept = folder if folder is not None and has_checkpoint(folder) else None
            raise TrainingInterrupted(kept) from interrupt
        return processes.from_first(model)


def run_folder(out: str | Path) -> Path:
    """Where the checkpoint and log of a run that makes the model folder ``out`` stand."""
    return Path(f"{Path(out)}.run")


def _save(model: PairModel, out: Path) -> None:
    try:
        model.save(out)
    except ModelFolderError as error:
        raise ModelFolderError(
            f"{error}; the weights are kept in {run_folder(out)}, resume (--resume) saves them"
        ) from error


def _claim(out: Path, *, resume: bool) -> Path:
    """Check that ``out`` can be written and that no stopped run would be lost; returns the run's folder."""
    check_target(out)
    folder = run_folder(out)
    if resume and not has_checkpoint(folder):
        raise TrainingError(f"there is no checkpoint in {folder} to resume from; start without resume (--resume)")
    if has_checkpoint(folder) and not resume:
        raise TrainingError(
            f"a run that was stopped is kept in {folder}; go on with resume (--resume), or remove that folder first"
        )
    return folder


def _check_vocabulary_options(config: TrainConfig) -> None:
    default = TrainConfig()
    for name in ("vocabulary_size", "vocabulary_type"):
        if getattr(config, name) != getattr(default, name):
            raise OptionError(
                f"{name} is {getattr(config, name)!r}, but a ready vocabulary is given; leave one of them out"
            )


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What every process must know of a run.

    ``tokens`` is the folder of the training pairs' token ids; ``implied`` the pairs to train on besides, if any.
    """

    vocabulary_size: int
    graded: bool
    identity: str
    folder: Path | None
    resume: bool
    tokens: Path | None
    implied: ImpliedPairs | None


def _first_loop(
    material: Material,
    cache: TokenCache,
    config: TrainConfig,
    device: torch.device,
    processes: Processes,
    folder: Path | None,
    resume: bool,
) -> TrainingLoop:
    """Tokenize, let the other processes know, and make the loop of the first one."""
    fingerprint, dev_fingerprint = material.pairs.fingerprint(), material.dev.fingerprint()
    tokens = cache.store(material.pairs, fingerprint) if processes.count > 1 else None
    pairs = cache.tokenize(material.pairs, fingerprint) if tokens is None else open_tokens(tokens)
    dev = cache.tokenize(material.dev, dev_fingerprint)
    implied, parts = None, [fingerprint, dev_fingerprint]
    if config.implied:
        implied = implied_pairs(pairs, share=config.implied, seed=config.seed).apart_from(pairs, dev)
        parts.append(implied.fingerprint())
    task = _Task(
        vocabulary_size=material.tokenizer.size,
        graded=material.pairs.graded,
        identity=_identity(config, material.vocabulary, *parts),
        folder=folder,
        resume=resume,
        tokens=tokens,
        implied=implied,
    )
    return _make_loop(processes.from_first(task), pairs, config, device, processes, dev)


def _take_part(config: TrainConfig, device: torch.device, processes: Processes) -> PairModel:
    """Share the steps of the run that the first process leads; returns the model that it makes."""
    task: _Task = processes.from_first(None)  # type: ignore[assignment] # the first one has it
    assert task.tokens is not None
    loop = _make_loop(task, open_tokens(task.tokens), config, device, processes, None)
    with progress("training", loop.total_pairs, "pairs", show=False) as bar:
        loop.run(bar)
    model: PairModel = processes.from_first(None)  # type: ignore[assignment] # the first one has it
    return model


def _make_loop(
    task: _Task,
    pairs: TokenizedPairs,
    config: TrainConfig,
    device: torch.device,
    processes: Processes,
    dev: TokenizedPairs | None,
) -> TrainingLoop:
    """Make the loop of this process; ``dev`` is None where another one evaluates and mines."""
    pairs = pairs if task.implied is None else task.implied.behind(pairs)
    miner = None
    if dev is not None and config.hard_negatives:
        miner = Miner(pairs, dev, seed=config.seed, device=device)
    loop = TrainingLoop(
        network=SiameseNetwork(config.architecture, task.vocabulary_size, config.dropout).to(device),
        objective=Objective(config, graded=task.graded),
        pairs=pairs,
        config=config,
        device=device,
        evaluate=None if dev is None else dev_evaluator(dev, _metric(task), device),
        metric=_metric(task),
        identity=task.identity,
        folder=task.folder,
        miner=miner,
        processes=processes,
    )
    if task.resume:
        loop.resume()
    return loop


def _metric(task: _Task) -> str:
    return "spearman" if task.graded else "roc_auc"


def _run(loop: TrainingLoop, material: Material, *, show_progress: bool) -> RunState:
    with progress("training", loop.total_pairs, "pairs", show=show_progress, done=loop.state.pairs) as bar:
        if material.dev_origin != GIVEN:
            bar.note(f"dev pairs: {material.dev_origin}")
        return loop.run(bar)


def _finish(loop: TrainingLoop, material: Material, state: RunState) -> PairModel:
    model = PairModel(
        architecture=loop.config.architecture,
        vocabulary=material.vocabulary.proto,
        weights=loop.network.numpy_weights(),
    )
    dev = material.dev
    raw = production_scores(model, dev)
    model.calibration = fit_calibration(raw, dev.labels, graded=dev.graded)
    described = describe_run(loop, state, material.pairs, dev, material.vocabulary)
    model.details = described | {"dev_origin": material.dev_origin, "processes": loop.processes.count}
    model.card = model_card(model, raw, dev)
    return model


def _identity(config: TrainConfig, vocabulary: Vocabulary, *fingerprints: str) -> str:
    parts = [json.dumps(dataclasses.asdict(config), sort_keys=True), vocabulary.sha256, *fingerprints]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@contextmanager
def _reproducible(config: TrainConfig, device: torch.device, processes: Processes) -> Iterator[None]:
    """Seed torch and hold it to deterministic algorithms and ``threads``; put the caller's settings back afterwards."""
    threads = torch.get_num_threads()
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with it
    # without naming it, torch warns where there are several GPUs
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else None), deterministic_algorithms():
        torch.manual_seed(config.seed)
        if config.threads or processes.count > 1:
            torch.set_num_threads(processes.threads(config.threads))
        try:
            yield
        finally:
            torch.set_num_threads(threads)
