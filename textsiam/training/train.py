"""textsiam.train: from labelled pairs to a calibrated model."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from textsiam.arrays import Array
from textsiam.errors import TrainingInterrupted
from textsiam.model.custom import EncoderFactory, check_sendable
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
from textsiam.training.loop import Evaluator, TrainingLoop
from textsiam.training.memory import keep_freed_memory
from textsiam.training.network import SiameseNetwork, make_network
from textsiam.training.objective import Objective
from textsiam.training.preparation import GIVEN, Material, prepare
from textsiam.training.reproducible import reproducible
from textsiam.training.run_folder import claim, save_model
from textsiam.training.runtime import find_device
from textsiam.training.starts import Origin, Start
from textsiam.training.token_cache import TokenCache, open_tokens

TOKENS = "tokens"  # the folder of token ids in that of the run


def train(  # noqa: PLR0913 - each is given by its name
    pairs: Any,
    *,
    dev: Any = None,
    config: TrainConfig | None = None,
    vocabulary: Vocabulary | None = None,
    init: PairModel | str | Path | None = None,
    vectors: str | Path | None = None,
    encoder: EncoderFactory | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    reading: Mapping[str, str | bool] | None = None,
    show_progress: bool = False,
) -> PairModel:
    """Train a siamese model and calibrate it on dev.

    ``pairs`` and ``dev`` are Pairs or what ``read_pairs`` takes; without ``dev`` a tenth of the pairs, sharing no text
    with the rest, is set aside. ``vocabulary`` replaces the one that would be built from the training texts.

    Instead of at random, a run may start from ``init``, a model or its folder, whose vocabulary and encoder, and head
    where that and the kind of labels are the same, are taken over: without ``config`` its architecture too, with one
    see ``TrainConfig.like``. Or from ``vectors``, a file of word vectors in text form (``word_vectors.embed_words``).
    Or with ``encoder``, a function of the vocabulary's size that makes a torch.nn.Module of your own: called with ids
    (int64, (B, T)), padded with 0, and lengths (int64, (B,), from 1), it gives float32 (B, D). D becomes ``dim``; of
    the options, dropout is then the head's alone, and what it draws comes from torch's generator (``encoders.custom``).

    With ``out`` the model folder is written there, and the run's checkpoint and log beside it in ``out`` + ".run"; a
    run that was stopped goes on with ``resume``, to the same weights, bit for bit. ``reading`` (how the command line
    read the pairs) is kept in the folder's train.toml.

    Under torchrun every process calls it alike: they share each batch, the first one alone looks at ``pairs`` and
    writes ``out``, and the model comes back in all. They must see the same files. Another number of processes may
    resume a run: the weights are then equal but for rounding, dropout, and losses that compare texts of a batch with
    each other, for each process does so in its own part. On Linux the process keeps, for good, memory that the steps
    free (see ``memory.keep_freed_memory``).

    Raises DataError for pairs that cannot be read, TrainingError for pairs that nothing can be learned from (one class
    only, fewer than a batch), a run that diverges or would overwrite a stopped one, VocabularyError, OptionError,
    ModelFolderError where ``out`` cannot be written, and TrainingInterrupted on Ctrl-C, once the checkpoint is safe.
    """
    origin = Origin.of(init, vectors, encoder)
    config = origin.options(config)
    keep_freed_memory()
    with joined(find_device(config.device)) as (processes, device), reproducible(config, device, processes):
        here = _Here(config, origin, device, processes, resume, show_progress)
        if processes.count > 1 and origin.factory is not None:
            check_sendable(origin.factory)  # the model that comes out takes it along
        if not processes.is_first:
            return _take_part(here)
        origin.check(config, vocabulary)
        return processes.from_first(_lead(pairs, dev, vocabulary, out, reading, here))


class _Here(NamedTuple):
    """What a process knows of the run by its call."""

    config: TrainConfig
    origin: Origin
    device: torch.device
    processes: Processes
    resume: bool
    show_progress: bool


def _lead(
    pairs: Any,
    dev: Any,
    vocabulary: Vocabulary | None,
    out: str | Path | None,
    reading: Mapping[str, str | bool] | None,
    here: _Here,
) -> PairModel:
    """Train as the first process, or the only one."""
    folder = None if out is None else claim(Path(out).resolve(), resume=here.resume)
    try:
        material = prepare(
            pairs, dev, here.config, vocabulary or here.origin.vocabulary(), show_progress=here.show_progress
        )
        start = here.origin.start(material, here.config, show_progress=here.show_progress)
        tokens = None if folder is None else folder / TOKENS
        with TokenCache(tokens, material.tokenizer, show_progress=here.show_progress) as cache:
            loop = _first_loop(material, start, cache, folder, here)
            state = _run(loop, material, start, show_progress=here.show_progress)
            model = _finish(loop, material, start, state, here.origin.factory)
            model.train_toml = loop.config.to_toml(reading)
            if out is not None:
                save_model(model, Path(out))
                loop.finished()
                del loop  # which has the token ids mapped
                cache.remove()
    except KeyboardInterrupt as interrupt:
        # a second Ctrl-C, or one outside of the steps: what the last checkpoint kept can still go on
        kept = folder if folder is not None and has_checkpoint(folder) else None
        raise TrainingInterrupted(kept) from interrupt
    return model


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What every process must know of a run.

    ``tokens`` is the folder of the training pairs' token ids; ``implied`` the pairs to train on besides, if any;
    ``frozen`` the rows of the embedding that are not trained, bool (V,), if any.
    """

    vocabulary_size: int
    graded: bool
    identity: str
    folder: Path | None
    tokens: Path | None
    implied: ImpliedPairs | None
    frozen: Array | None


def _first_loop(material: Material, start: Start, cache: TokenCache, folder: Path | None, here: _Here) -> TrainingLoop:
    """Tokenize, let the other processes know, and make the loop of the first one."""
    fingerprint, dev_fingerprint = material.pairs.fingerprint(), material.dev.fingerprint()
    tokens = cache.store(material.pairs, fingerprint) if here.processes.count > 1 else None
    pairs = cache.tokenize(material.pairs, fingerprint) if tokens is None else open_tokens(tokens)
    dev = cache.tokenize(material.dev, dev_fingerprint)
    network, config = make_network(here.config, material.tokenizer.size, here.origin.factory)
    network.take_over(start.weights, start.rows)
    implied, parts = None, [fingerprint, dev_fingerprint, start.fingerprint, network.custom_identity()]
    if config.implied:
        implied = implied_pairs(pairs, share=config.implied, seed=config.seed).apart_from(pairs, dev)
        parts.append(implied.fingerprint())
    task = _Task(
        vocabulary_size=material.tokenizer.size,
        graded=material.pairs.graded,
        identity=_identity(config, material.vocabulary, *parts),
        folder=folder,
        tokens=tokens,
        implied=implied,
        frozen=start.rows if start.frozen else None,
    )
    evaluate = dev_evaluator(dev, _metric(task), here.device)
    return _make_loop(here.processes.from_first(task), network, pairs, here._replace(config=config), evaluate)


def _take_part(here: _Here) -> PairModel:
    """Share the steps of the run that the first process leads; returns the model that it makes."""
    task: _Task = here.processes.from_first(None)  # type: ignore[assignment] # the first one has it
    assert task.tokens is not None
    network, config = make_network(here.config, task.vocabulary_size, here.origin.factory)
    loop = _make_loop(task, network, open_tokens(task.tokens), here._replace(config=config), None)
    with progress("training", loop.total_pairs, "pairs", show=False) as bar:
        loop.run(bar)
    model: PairModel = here.processes.from_first(None)  # type: ignore[assignment] # the first one has it
    return model


def _make_loop(
    task: _Task, network: SiameseNetwork, pairs: TokenizedPairs, here: _Here, evaluate: Evaluator | None
) -> TrainingLoop:
    network.to(here.device)
    here.processes.share(network)
    if task.frozen is not None:
        network.freeze(task.frozen)
    loop = TrainingLoop(
        network=network,
        objective=Objective(here.config, graded=task.graded),
        pairs=pairs if task.implied is None else task.implied.behind(pairs),
        config=here.config,
        device=here.device,
        evaluate=evaluate,
        metric=_metric(task),
        identity=task.identity,
        folder=task.folder,
        processes=here.processes,
    )
    if here.resume:
        loop.resume()
    return loop


def _metric(task: _Task) -> str:
    return "spearman" if task.graded else "roc_auc"


def _run(loop: TrainingLoop, material: Material, start: Start, *, show_progress: bool) -> RunState:
    with progress("training", loop.total_pairs, "pairs", show=show_progress, done=loop.state.pairs) as bar:
        if material.dev_origin != GIVEN:
            bar.note(f"dev pairs: {material.dev_origin}")
        if start.note:
            bar.note(start.note)
        return loop.run(bar)


def _finish(
    loop: TrainingLoop, material: Material, start: Start, state: RunState, factory: EncoderFactory | None
) -> PairModel:
    model = PairModel(
        architecture=loop.config.architecture,
        vocabulary=material.vocabulary.proto,
        weights=loop.network.numpy_weights(),
        encoder=factory,
    )
    dev = material.dev
    raw = production_scores(model, dev)
    model.calibration = fit_calibration(raw, dev.labels, graded=dev.graded)
    described = describe_run(loop, state, material.pairs, dev, material.vocabulary)
    described |= {"dev_origin": material.dev_origin, "processes": loop.processes.count}
    model.details = described | start.details
    model.card = model_card(model, raw, dev)
    return model


def _identity(config: TrainConfig, vocabulary: Vocabulary, *fingerprints: str) -> str:
    parts = [json.dumps(dataclasses.asdict(config), sort_keys=True), vocabulary.sha256, *fingerprints]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
