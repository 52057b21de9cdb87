"""textsiam.train: from labelled pairs to a calibrated model."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.data.split import set_dev_aside
from textsiam.errors import ModelFolderError, OptionError, TrainingError, TrainingInterrupted, import_extra
from textsiam.model.folder import check_target
from textsiam.model.pair_model import PAIRS_AT_ONCE, PairModel
from textsiam.progress import progress
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import Vocabulary, build_vocabulary
from textsiam.training.calibrate import fit_calibration
from textsiam.training.card import describe_run, model_card
from textsiam.training.checkpoint import RunState, has_checkpoint
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs, pairs_in_both, tokenize_pairs
from textsiam.training.loop import Evaluator, TrainingLoop
from textsiam.training.network import SiameseNetwork
from textsiam.training.objective import Objective
from textsiam.training.runtime import encode_tokens, find_device

DEV_SHARE = 0.1
GIVEN = "given"


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

    Raises DataError for pairs that cannot be read, TrainingError for pairs that nothing can be learned from (one class
    only, fewer than a batch), a run that diverges or would overwrite a stopped one, VocabularyError, OptionError,
    ModelFolderError where ``out`` cannot be written, and TrainingInterrupted on Ctrl-C, once the checkpoint is safe.
    """
    config = config or TrainConfig()
    device = find_device(config.device)
    folder = None if out is None else _claim(Path(out).resolve(), resume=resume)
    if vocabulary is not None:
        _check_vocabulary_options(config)
    train_pairs, dev_pairs = _prepare(pairs, dev, config)
    dev_origin = _dev_origin(train_pairs, dev_pairs, given=dev is not None)
    try:
        with _reproducible(config, device):
            vocabulary = vocabulary or build_vocabulary(
                train_pairs.texts(),
                size=config.vocabulary_size,
                type=config.vocabulary_type,
                seed=config.seed,
                show_progress=show_progress,
            )
            loop = _make_loop(train_pairs, dev_pairs, config, vocabulary, device, folder)
            if resume:
                loop.resume()
            with progress("training", loop.total_pairs, "pairs", show=show_progress, done=loop.state.pairs) as bar:
                if dev_origin != GIVEN:
                    bar.note(f"dev pairs: {dev_origin}")
                state = loop.run(bar)
            model = _finish(loop, train_pairs, dev_pairs, vocabulary, state, dev_origin)
            model.train_toml = config.to_toml(reading)
        if out is not None:
            _save(model, Path(out))
            loop.finished()
    except KeyboardInterrupt as interrupt:
        # a second Ctrl-C, or one outside of the steps: what the last checkpoint kept can still go on
        kept = folder if folder is not None and has_checkpoint(folder) else None
        raise TrainingInterrupted(kept) from interrupt
    return model


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


def _prepare(pairs: Any, dev: Any, config: TrainConfig) -> tuple[Pairs, Pairs]:
    pairs = read_pairs(pairs)
    config.resolved_loss(graded=pairs.graded)
    _check_side("training", pairs)
    if dev is None:
        try:
            pairs, dev = set_dev_aside(pairs, DEV_SHARE, seed=config.seed)
        except OptionError as error:
            raise TrainingError(
                f"no dev part can be set aside ({error}); give dev (--dev) pairs of their own"
            ) from error
        _check_side("training", pairs)
        _check_side("dev", dev, "; these were set aside from the training pairs: give dev (--dev) pairs of their own")
    dev = read_pairs(dev)
    _check_side("dev", dev)
    if len(pairs) < config.batch_size:
        raise TrainingError(
            f"there are {len(pairs)} training pairs, fewer than a batch of {config.batch_size}; "
            "lower batch_size or bring more pairs"
        )
    if pairs.graded != dev.graded:
        raise TrainingError("either training or dev labels are graded, the others 0 or 1; give both the same kind")
    if config.balanced and pairs.graded:
        raise TrainingError("balanced draws both labels as often, but these labels are graded; leave it out")
    return pairs, dev


def _check_side(name: str, pairs: Pairs, advice: str = "") -> None:
    if len(pairs) == 0:
        raise TrainingError(f"there are no {name} pairs")
    if float(np.ptp(pairs.labels)) == 0.0:
        raise TrainingError(
            f"all {len(pairs)} {name} pairs have the label {pairs.labels[0]:g}, expected pairs that are the same and "
            f"pairs that are not{advice}"
        )


def _dev_origin(train_pairs: Pairs, dev_pairs: Pairs, *, given: bool) -> str:
    if not given:
        return f"{DEV_SHARE:.0%} set aside, sharing no text with the training pairs"
    repeated = pairs_in_both(train_pairs, dev_pairs)
    if not repeated:
        return GIVEN
    return f"{GIVEN}, but {repeated:,} of {len(dev_pairs):,} are training pairs too: dev figures will be too good"


def _make_loop(
    train_pairs: Pairs,
    dev_pairs: Pairs,
    config: TrainConfig,
    vocabulary: Vocabulary,
    device: torch.device,
    folder: Path | None,
) -> TrainingLoop:
    tokenizer = Tokenizer(vocabulary.proto, max_tokens=config.max_tokens)
    network = SiameseNetwork(config.architecture, tokenizer.size, config.dropout).to(device)
    graded = train_pairs.graded
    metric = "spearman" if graded else "roc_auc"
    return TrainingLoop(
        network=network,
        objective=Objective(config, graded=graded),
        pairs=tokenize_pairs(train_pairs, tokenizer),
        config=config,
        device=device,
        evaluate=dev_evaluator(tokenize_pairs(dev_pairs, tokenizer), metric, device),
        metric=metric,
        identity=_identity(config, vocabulary, train_pairs, dev_pairs),
        folder=folder,
    )


def dev_evaluator(pairs: TokenizedPairs, metric: str, device: torch.device) -> Evaluator:
    """Make the function that gives a network's ``metric`` ("roc_auc" or "spearman") on dev pairs."""
    roc_auc_score = import_extra("sklearn.metrics", "train", "training").roc_auc_score
    spearmanr = import_extra("scipy.stats", "train", "training").spearmanr

    def evaluate(network: SiameseNetwork) -> dict[str, float]:
        vectors = torch.from_numpy(encode_tokens(network.encoder, pairs.tokens, network.vector_size, device))
        network.eval()
        parts = []
        with torch.inference_mode():
            for start in range(0, len(pairs), PAIRS_AT_ONCE):
                sides = (index[start : start + PAIRS_AT_ONCE] for index in (pairs.index_a, pairs.index_b))
                parts.append(network.head(*(vectors[side].to(device) for side in sides)).float().cpu().numpy())
        raw = np.concatenate(parts)
        if not np.isfinite(raw).all():
            raise TrainingError("the scores of dev pairs are not finite; lower learning_rate or clip")
        if metric == "roc_auc":
            return {metric: float(roc_auc_score(pairs.labels > 0.5, raw))}
        if np.ptp(raw) == 0:
            return {metric: 0.0}  # a rank correlation with a constant is not defined
        return {metric: float(spearmanr(pairs.labels, raw).statistic)}

    return evaluate


def _finish(
    loop: TrainingLoop,
    train_pairs: Pairs,
    dev_pairs: Pairs,
    vocabulary: Vocabulary,
    state: RunState,
    dev_origin: str,
) -> PairModel:
    config = loop.config
    model = PairModel(
        architecture=config.architecture,
        vocabulary=vocabulary.proto,
        weights=loop.network.numpy_weights(),
    )
    # calibrated on what production runs: the NumPy twin's raw scores
    raw = model.score_details(zip(dev_pairs.text_a, dev_pairs.text_b, strict=True)).raw
    model.calibration = fit_calibration(raw, dev_pairs.labels, graded=dev_pairs.graded)
    model.details = describe_run(loop, state, train_pairs, dev_pairs, vocabulary) | {"dev_origin": dev_origin}
    model.card = model_card(model, raw, dev_pairs)
    return model


def _identity(config: TrainConfig, vocabulary: Vocabulary, train_pairs: Pairs, dev_pairs: Pairs) -> str:
    parts = [
        json.dumps(dataclasses.asdict(config), sort_keys=True),
        vocabulary.sha256,
        train_pairs.fingerprint(),
        dev_pairs.fingerprint(),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@contextmanager
def _reproducible(config: TrainConfig, device: torch.device) -> Iterator[None]:
    """Seed torch and hold it to deterministic algorithms and ``threads``; put the caller's settings back afterwards."""
    deterministic, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with it
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        torch.use_deterministic_algorithms(True)
        if config.threads:
            torch.set_num_threads(config.threads)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(deterministic)
            torch.set_num_threads(threads)
