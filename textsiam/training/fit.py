"""A run from what is prepared for it to a calibrated model, alone or as one of several processes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import torch

from textsiam.arrays import Array
from textsiam.errors import TrainingInterrupted
from textsiam.model.custom import EncoderFactory, check_sendable
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING
from textsiam.progress import progress
from textsiam.text.vocabulary import Vocabulary
from textsiam.training.calibrate import calibrate
from textsiam.training.card import describe_run, model_card
from textsiam.training.checkpoint import RunState, has_checkpoint
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.dev_scores import dev_evaluator, production_scores
from textsiam.training.distributed import Processes, joined
from textsiam.training.implied_pairs import AddedPairs, implied_pairs
from textsiam.training.loop import TrainingLoop
from textsiam.training.memory import keep_freed_memory
from textsiam.training.mining import Miner
from textsiam.training.network import SiameseNetwork
from textsiam.training.preparation import GIVEN, Material
from textsiam.training.pretraining import PretrainingTexts, pretrain
from textsiam.training.reproducible import reproducible
from textsiam.training.run_folder import claim, is_kept, save_model
from textsiam.training.runtime import find_device
from textsiam.training.starts import Origin, Start
from textsiam.training.subword_sampling import SubwordSampling
from textsiam.training.taught import Taught, build_network, build_objective
from textsiam.training.teacher_store import TeacherStore
from textsiam.training.token_cache import TokenCache, open_tokens

TOKENS = "tokens"  # the folder of token ids in that of the run
TEACHER = "teacher"  # that of a teacher's outputs

Lesson = Callable[[TokenizedPairs, TokenizedPairs], Taught]


class Teach(Protocol):
    """Makes a teacher's part in a run, of pairs (implied ones behind the given) and dev as token ids."""

    def __call__(
        self, material: Material, pairs: TokenizedPairs, dev: TokenizedPairs, store: TeacherStore, resume: bool
    ) -> Taught:
        """Ask the teacher, unless ``store`` has kept its outputs."""


class _Here(NamedTuple):
    """What a process knows of the run by its call."""

    config: TrainConfig
    origin: Origin
    device: torch.device
    processes: Processes
    resume: bool
    show_progress: bool


def fit(
    prepared: Callable[[], Material],
    config: TrainConfig,
    *,
    origin: Origin,
    teach: Teach | None = None,
    out: str | Path | None,
    resume: bool,
    reading: Mapping[str, str | bool] | None,
    show_progress: bool,
) -> PairModel:
    """Train on what ``prepared`` gives in the first process, from ``origin``; as ``train`` says.

    ``teach`` (None: nobody) adds to it.
    """
    keep_freed_memory()
    with joined(find_device(config.device)) as (processes, device), reproducible(config, device, processes):
        here = _Here(config, origin, device, processes, resume, show_progress)
        if processes.count > 1 and origin.factory is not None:
            check_sendable(origin.factory)  # the model that comes out takes it along
        if not processes.is_first:
            return _take_part(here)
        return processes.from_first(_lead(prepared, teach, out, reading, here))


def _lead(
    prepared: Callable[[], Material],
    teach: Teach | None,
    out: str | Path | None,
    reading: Mapping[str, str | bool] | None,
    here: _Here,
) -> PairModel:
    """Train as the first process, or the only one."""
    folder = None if out is None else claim(Path(out).resolve(), resume=here.resume)
    try:
        material, store = prepared(), TeacherStore(None if folder is None else folder / TEACHER)
        start = here.origin.start(material, here.config, show_progress=here.show_progress)
        lesson = None if teach is None else partial(teach, material, store=store, resume=here.resume)
        tokens = None if folder is None else folder / TOKENS
        with TokenCache(tokens, material.tokenizer, show_progress=here.show_progress) as cache:
            loop, texts = _first_loop(material, start, lesson, cache, folder, here)
            state = _run(loop, material, start, show_progress=here.show_progress)
            model = _finish(loop, material, start, state, here.origin.factory, None if texts is None else len(texts))
            model.train_toml, model.seen_texts = loop.config.to_toml(reading), here.origin.seen_texts(material.pairs)
            if out is not None:
                save_model(model, Path(out))
                loop.finished()
                del loop  # which has the token ids mapped
                cache.remove()
                store.remove()
    except KeyboardInterrupt as interrupt:
        # a second Ctrl-C, or one outside of the steps: what the last checkpoint kept can still go on
        kept = folder if folder is not None and is_kept(folder) else None
        raise TrainingInterrupted(kept) from interrupt
    return model


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What every process must know of a run.

    ``tokens`` is the folder of the training pairs' token ids; ``implied`` the pairs to train on besides, and
    ``taught`` what a teacher adds, if any; ``sampling`` cuts texts at random, if asked for; ``spellings`` those of the
    tokens, where they share them; ``drawn`` whether the embedding starts at random; ``frozen`` the rows of it that are
    not trained, bool (V,), if any.
    """

    vocabulary_size: int
    graded: bool
    identity: str
    folder: Path | None
    resume: bool
    tokens: Path | None
    implied: AddedPairs | None
    taught: Taught | None
    sampling: SubwordSampling | None
    spellings: list[str]
    drawn: bool
    frozen: Array | None


def _first_loop(
    material: Material, start: Start, lesson: Lesson | None, cache: TokenCache, folder: Path | None, here: _Here
) -> tuple[TrainingLoop, PretrainingTexts | None]:
    """Tokenize, let the other processes know, and make the loop of the first one; gives also what it pretrained on."""
    fingerprint, dev_fingerprint = material.pairs.fingerprint(), material.dev.fingerprint()
    tokens = cache.store(material.pairs, fingerprint) if here.processes.count > 1 else None
    pairs = cache.tokenize(material.pairs, fingerprint) if tokens is None else open_tokens(tokens)
    dev = cache.tokenize(material.dev, dev_fingerprint)
    implied, taught, parts = None, None, [fingerprint, dev_fingerprint, start.fingerprint]
    if here.config.implied:
        implied = implied_pairs(pairs, share=here.config.implied, seed=here.config.seed).apart_from(pairs, dev)
        parts.append(implied.fingerprint())
    if lesson is not None:
        taught = lesson(pairs if implied is None else implied.behind(pairs), dev)
        parts.append(taught.fingerprint())
    network, config = build_network(here.config, material.tokenizer.size, here.origin.factory, taught)
    network.take_over(start.weights, start.rows)
    network.weigh_tokens(pairs.tokens)
    texts = None
    if material.texts is not None:
        unlabelled = material.texts.tokenize(material.tokenizer, show_progress=here.show_progress)
        texts = PretrainingTexts.of(pairs, unlabelled)
        parts.append(texts.fingerprint())
    task = _Task(
        vocabulary_size=material.tokenizer.size,
        graded=material.pairs.graded,
        identity=_identity(config, material.vocabulary, *parts, network.custom_identity()),
        folder=folder,
        resume=here.resume and folder is not None and has_checkpoint(folder),  # the pretraining's may be all there is
        tokens=tokens,
        implied=implied,
        taught=taught,
        sampling=material.sampling,
        spellings=material.tokenizer.spellings if config.char_ngrams else [],
        drawn=EMBEDDING not in start.weights,
        frozen=start.rows if start.frozen else None,
    )
    here = here._replace(config=config)
    return _make_loop(here.processes.from_first(task), network, pairs, here, dev, texts), texts


def _take_part(here: _Here) -> PairModel:
    """Share the steps of the run that the first process leads; returns the model that it makes."""
    task: _Task = here.processes.from_first(None)  # type: ignore[assignment] # the first one has it
    assert task.tokens is not None
    network, config = build_network(here.config, task.vocabulary_size, here.origin.factory, task.taught)
    loop = _make_loop(task, network, open_tokens(task.tokens), here._replace(config=config))
    with progress("training", loop.total_pairs, "pairs", show=False) as bar:
        loop.run(bar)
    model: PairModel = here.processes.from_first(None)  # type: ignore[assignment] # the first one has it
    return model


def _make_loop(
    task: _Task,
    network: SiameseNetwork,
    pairs: TokenizedPairs,
    here: _Here,
    dev: TokenizedPairs | None = None,
    texts: PretrainingTexts | None = None,
) -> TrainingLoop:
    """Make the loop of this process; the first one evaluates and mines, hence ``dev``, and pretrains on ``texts``."""
    if task.spellings:
        network.share_spellings(task.spellings, here.config.char_ngrams, drawn=task.drawn)
    network.to(here.device)
    if task.frozen is not None:
        network.freeze(task.frozen)
    if texts is not None and not task.resume:  # what is resumed has been pretrained
        pretrain(
            network,
            texts,
            here.config,
            here.device,
            identity=task.identity,
            folder=task.folder,
            resume=here.resume,
            show_progress=here.show_progress,
            patient=here.processes.count > 1,
        )
    here.processes.share(network)
    for added in (task.implied, task.taught):
        pairs = pairs if added is None else added.behind(pairs)
    loop = TrainingLoop(
        network=network,
        objective=build_objective(here.config, network, task.taught, graded=task.graded),
        pairs=pairs,
        config=here.config,
        device=here.device,
        evaluate=None if dev is None else dev_evaluator(dev, _metric(task), here.device),
        metric=_metric(task),
        sampling=task.sampling,
        miner=None if dev is None else _miner(pairs, dev, here),
        identity=task.identity,
        folder=task.folder,
        processes=here.processes,
    )
    if task.resume:
        loop.resume()
    return loop


def _miner(pairs: TokenizedPairs, dev: TokenizedPairs, here: _Here) -> Miner | None:
    return Miner(pairs, dev, seed=here.config.seed, device=here.device) if here.config.hard_negatives else None


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
    loop: TrainingLoop,
    material: Material,
    start: Start,
    state: RunState,
    factory: EncoderFactory | None,
    pretrained_on: int | None,
) -> PairModel:
    model = PairModel(
        architecture=loop.config.architecture,
        vocabulary=material.vocabulary.proto,
        weights=loop.network.numpy_weights(),
        encoder=factory,
    )
    dev = material.dev
    raw = production_scores(model, dev)
    calibrate(model, raw, dev)
    described = describe_run(loop, state, material.pairs, dev, material.vocabulary, pretrained_on)
    described |= {"dev_origin": material.dev_origin, "processes": loop.processes.count}
    model.details = described | start.details
    model.card = model_card(model, raw, dev)
    return model


def _identity(config: TrainConfig, vocabulary: Vocabulary, *fingerprints: str) -> str:
    parts = [json.dumps(dataclasses.asdict(config), sort_keys=True), vocabulary.sha256, *fingerprints]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
