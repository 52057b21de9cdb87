"""textsiam.train: from labelled pairs to a calibrated model."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from textsiam.errors import ModelFolderError, OptionError, TrainingInterrupted
from textsiam.model.pair_model import PairModel
from textsiam.progress import progress
from textsiam.text.vocabulary import Vocabulary
from textsiam.training.calibrate import fit_calibration
from textsiam.training.card import describe_run, model_card
from textsiam.training.checkpoint import RunState, Weights, has_checkpoint
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
from textsiam.training.pretraining import PretrainingTexts, pretrained_encoder
from textsiam.training.reproducible import reproducible
from textsiam.training.run_folder import claim, is_kept, run_folder
from textsiam.training.runtime import find_device
from textsiam.training.token_cache import TokenCache, open_tokens

TOKENS = "tokens"  # the folder of token ids in that of the run


def train(
    pairs: Any,
    *,
    dev: Any = None,
    config: TrainConfig | None = None,
    vocabulary: Vocabulary | None = None,
    texts: str | os.PathLike[str] | Iterable[str] | None = None,
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

    On ``texts`` without labels (many str, or the path of a file of texts or pairs), if any, the encoder is pretrained,
    by the first process alone; the vocabulary is built from them too.

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
    with joined(find_device(config.device)) as (processes, device), reproducible(config, device, processes):
        if not processes.is_first:
            return _take_part(config, device, processes)
        folder = None if out is None else claim(Path(out).resolve(), resume=resume)
        _check_unused(config, vocabulary, texts)
        try:
            material = prepare(pairs, dev, config, vocabulary, texts, show_progress=show_progress)
            tokens = None if folder is None else folder / TOKENS
            with TokenCache(tokens, material.tokenizer, show_progress=show_progress) as cache:
                loop, pretrained_on = _first_loop(
                    material, cache, config, device, processes, folder, resume=resume, show_progress=show_progress
                )
                state = _run(loop, material, show_progress=show_progress)
                model = _finish(loop, material, state, pretrained_on)
                model.train_toml = config.to_toml(reading)
                if out is not None:
                    _save(model, Path(out))
                    loop.finished()
                    del loop  # which has the token ids mapped
                    cache.remove()
        except KeyboardInterrupt as interrupt:
            # a second Ctrl-C, or one outside of the steps: what the last checkpoint kept can still go on
            kept = folder if folder is not None and is_kept(folder) else None
            raise TrainingInterrupted(kept) from interrupt
        return processes.from_first(model)


def _save(model: PairModel, out: Path) -> None:
    try:
        model.save(out)
    except ModelFolderError as error:
        raise ModelFolderError(
            f"{error}; the weights are kept in {run_folder(out)}, resume (--resume) saves them"
        ) from error


def _check_unused(config: TrainConfig, vocabulary: Vocabulary | None, texts: object) -> None:
    """Raise OptionError for options of a vocabulary that is not built, or of a pretraining that there is none of."""
    default = TrainConfig()
    if texts is None and config.pretrain_epochs != default.pretrain_epochs:
        raise OptionError(
            f"pretrain_epochs is {config.pretrain_epochs}, but there are no texts (--texts) to pretrain on; give them, "
            "or leave it out"
        )
    if vocabulary is None:
        return
    for name in ("vocabulary_size", "vocabulary_type"):
        if getattr(config, name) != getattr(default, name):
            raise OptionError(
                f"{name} is {getattr(config, name)!r}, but a ready vocabulary is given; leave one of them out"
            )


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What every process must know of a run.

    ``tokens`` is the folder of the training pairs' token ids; ``implied`` the pairs to train on besides, and
    ``encoder`` the weights to begin with, if any.
    """

    vocabulary_size: int
    graded: bool
    identity: str
    folder: Path | None
    resume: bool
    tokens: Path | None
    implied: ImpliedPairs | None
    encoder: Weights | None


def _first_loop(
    material: Material,
    cache: TokenCache,
    config: TrainConfig,
    device: torch.device,
    processes: Processes,
    folder: Path | None,
    *,
    resume: bool,
    show_progress: bool,
) -> tuple[TrainingLoop, int | None]:
    """Tokenize, pretrain, let the other processes know, and make the loop of the first one.

    Gives also the number of texts that it pretrained on, if it did.
    """
    fingerprint, dev_fingerprint = material.pairs.fingerprint(), material.dev.fingerprint()
    tokens = cache.store(material.pairs, fingerprint) if processes.count > 1 else None
    pairs = cache.tokenize(material.pairs, fingerprint) if tokens is None else open_tokens(tokens)
    dev = cache.tokenize(material.dev, dev_fingerprint)
    implied, parts = None, [fingerprint, dev_fingerprint]
    if config.implied:
        implied = implied_pairs(pairs, share=config.implied, seed=config.seed).apart_from(pairs, dev)
        parts.append(implied.fingerprint())
    texts, encoder = None, None
    if material.texts is not None:
        unlabelled = material.texts.tokenize(material.tokenizer, show_progress=show_progress)
        texts = PretrainingTexts.of(pairs, unlabelled)
        parts.append(texts.fingerprint())
    identity = _identity(config, material.vocabulary, *parts)
    if texts is not None:
        encoder = pretrained_encoder(
            texts,
            config,
            material.tokenizer.size,
            device,
            identity=identity,
            folder=folder,
            resume=resume,
            show_progress=show_progress,
        )
    task = _Task(
        vocabulary_size=material.tokenizer.size,
        graded=material.pairs.graded,
        identity=identity,
        folder=folder,
        resume=resume and folder is not None and has_checkpoint(folder),  # the pretraining's may be all there is
        tokens=tokens,
        implied=implied,
        encoder=encoder,
    )
    loop = _make_loop(processes.from_first(task), pairs, config, device, processes, dev)
    return loop, None if texts is None else len(texts.pairs)


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
    network = SiameseNetwork(config.architecture, task.vocabulary_size, config.dropout)
    if task.encoder is not None:
        network.encoder.load_state_dict(task.encoder)
    loop = TrainingLoop(
        network=network.to(device),
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


def _finish(loop: TrainingLoop, material: Material, state: RunState, pretrained_on: int | None) -> PairModel:
    model = PairModel(
        architecture=loop.config.architecture,
        vocabulary=material.vocabulary.proto,
        weights=loop.network.numpy_weights(),
    )
    dev = material.dev
    raw = production_scores(model, dev)
    model.calibration = fit_calibration(raw, dev.labels, graded=dev.graded)
    described = describe_run(loop, state, material.pairs, dev, material.vocabulary, pretrained_on)
    model.details = described | {"dev_origin": material.dev_origin, "processes": loop.processes.count}
    model.card = model_card(model, raw, dev)
    return model


def _identity(config: TrainConfig, vocabulary: Vocabulary, *fingerprints: str) -> str:
    parts = [json.dumps(dataclasses.asdict(config), sort_keys=True), vocabulary.sha256, *fingerprints]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
