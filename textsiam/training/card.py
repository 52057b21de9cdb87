"""What a model folder says of how the model was made: details for programs, the model card for people."""

from __future__ import annotations

import dataclasses
import math
import os
import platform
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

import textsiam
from textsiam.data.pairs import Pairs
from textsiam.model.decisions import ASSUMED, TRAINED
from textsiam.model.pair_model import PairModel
from textsiam.model.policy import doubt
from textsiam.text.vocabulary import Vocabulary
from textsiam.training.checkpoint import RunState
from textsiam.training.config import TrainConfig
from textsiam.training.distill_config import PROBABILITY
from textsiam.training.precision import chosen_precision
from textsiam.training.runtime import device_name

if TYPE_CHECKING:
    from textsiam.training.loop import TrainingLoop

# what the scores of a model say, and what dev had to do with it
_OF_LABELS = (
    "Says how probable it is that two texts mean the same",
    f"{ASSUMED} is that of dev, {{:.3f}}.\n\nThe dev figures chose the best step, the calibration and the threshold",
)
_OF_GRADES = (
    "Says from 0 to 1 how near two texts are in meaning, which stands for the grades {:g} to {:g}",
    "On dev the mean was {:.3f}.\n\nThe dev figures chose the best step and the calibration",
)


def describe_run(
    loop: TrainingLoop,
    state: RunState,
    train_pairs: Pairs,
    dev_pairs: Pairs,
    vocabulary: Vocabulary,
    pretrained_on: int | None = None,
) -> dict[str, Any]:
    """Collect how a model was made, as JSON values; ``pretrained_on`` is the number of texts of the pretraining."""
    distilled = loop.objective.distilled
    return {
        "textsiam": textsiam.__version__,
        "torch": str(torch.__version__),  # a plain str: pickled models load without torch
        "encoder_class": loop.network.encoder_class,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, {device_name(loop.device)}",
        "threads": torch.get_num_threads(),
        "precision": chosen_precision(loop.config.precision, loop.device),
        "options": changed_options(loop.config),
        "loss": loop.objective.name,
        "loss_options": loop.objective.options,
        "graded": train_pairs.graded,
        "label_range": list(train_pairs.label_range),
        "parameters": sum(value.size for value in loop.network.numpy_weights().values()),
        "vocabulary_sha256": vocabulary.sha256,
        "vocabulary_notes": vocabulary.card.get("notes", []),
        "train": _describe_pairs(train_pairs, labelled=distilled is None or distilled["labelled"]),
        "implied": _describe_implied(loop, len(train_pairs)) if loop.config.implied else None,
        "hard_negatives": None if loop.mined is None else {"pairs": loop.mined.count},
        "distilled": None if distilled is None else dict(distilled),
        "dev": _describe_pairs(dev_pairs, labelled=True),
        "pretraining": pretrained_on and {"texts": pretrained_on, "epochs": loop.config.pretrain_epochs},
        "steps": state.step,
        "best_step": state.best_step,
        "seconds": round(state.seconds, 1),
        "pairs_per_second": round(state.pairs / max(state.seconds, 1e-9), 1),
        "history": state.history,
    }


def changed_options(config: TrainConfig) -> dict[str, Any]:
    """Give the options that are not at their defaults."""
    values = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    return {
        field.name: values[field.name] for field in dataclasses.fields(config) if values[field.name] != field.default
    }


def model_card(model: PairModel, dev_raw: npt.NDArray[Any], dev_pairs: Pairs) -> str:
    """Write the model card in Markdown; ``dev_raw`` are the model's raw scores of ``dev_pairs``."""
    details, parts = model.details, model.architecture
    rows = [
        ("architecture", f"{_encoder(model)} encoder, {parts.head} head, vectors of {parts.vector_size}"),
        ("parameters", f"{details['parameters']:,}"),
        ("vocabulary", f"{model.tokenizer.size:,} tokens, sha256 {details['vocabulary_sha256'][:16]}"),
        *(("", str(note)) for note in details["vocabulary_notes"]),
        ("trained on", _pairs_line(details["train"])),
        *_implied_line(details["implied"]),
        *_mined_line(details["hard_negatives"]),
        *_distilled_lines(details["distilled"]),
        *_start_lines(details),
        *_pretraining_line(details["pretraining"]),
        ("calibrated on", f"{_pairs_line(details['dev'])} ({details['dev_origin']})"),
        ("loss", _loss_line(details["loss"], details["loss_options"])),
        ("options", ", ".join(f"{name} {str(value).lower()}" for name, value in details["options"].items()) or "none"),
        ("steps", f"{details['steps']:,} in {details['seconds'] / 60:.1f} minutes, best at {details['best_step']:,}"),
        (
            "machine",
            f"{details['machine']}, {details['threads']} threads, {details['precision']}, torch {details['torch']}",
        ),
        *_dev_metrics(model, dev_raw, dev_pairs),
        *_warnings(model),
    ]
    says = _OF_GRADES if details["graded"] else _OF_LABELS
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return (
        "# A textsiam model\n\n"
        f"{says[0].format(*details['label_range'])}; load it with `textsiam.PairModel.load(folder)`.\n\n"
        f"| | |\n|---|---|\n{table}\n\n"
        f"{says[1].format(model.calibration.prior)}: expect a little less on new pairs.\n"
    )


def _encoder(model: PairModel) -> str:
    name = model.details["encoder_class"]
    return model.architecture.encoder if name is None else f"{model.architecture.encoder} ({name})"


def _start_lines(details: dict[str, Any]) -> list[tuple[str, str]]:
    """Describe what the run started from, where that was not at random."""
    lines = []
    if init := details.get("init"):
        trained = f", trained on {_pairs_line(init['train'])}" if init["train"] else ""
        lines.append(("started from", f"{init['taken']} of a model, weights' sha256 {init['sha256'][:16]}{trained}"))
    if vectors := details.get("vectors"):
        frozen = ", not trained" if vectors["frozen"] else ""
        shares = f"{vectors['covered']:,} of {vectors['tokens']:,} tokens, {vectors['whole_words']:,} as whole words"
        lines.append(("started from", f"word vectors for {shares}{frozen}, sha256 {vectors['sha256'][:16]}"))
    return lines


def _loss_line(loss: str, options_of: dict[str, dict[str, float]]) -> str:
    described = [
        f"{name} {option} {value:g}" for name, options in options_of.items() for option, value in options.items()
    ]
    return ", ".join([loss, *described])


def _dev_metrics(model: PairModel, raw: npt.NDArray[Any], pairs: Pairs) -> list[tuple[str, str]]:
    best = max((record.get("roc_auc", record.get("spearman", 0.0)) for record in model.details["history"]), default=0.0)
    if pairs.graded:
        low, high = spearman_interval(best, len(pairs))
        return [("dev Spearman", f"{best:.4f} (95 % interval {low:.4f} to {high:.4f})")]
    correct = (model.calibration.probability(raw) >= model.calibration.threshold) == (pairs.labels > 0.5)
    low, high = wilson_interval(int(correct.sum()), len(correct))
    return [
        ("threshold", f"{model.calibration.threshold:.4f} ({TRAINED['accuracy']})"),
        (
            "dev accuracy",
            f"{np.mean(correct):.4f} (95 % interval {low:.4f} to {high:.4f}) at the best threshold",
        ),
        ("dev ROC-AUC", f"{best:.4f}"),
    ]


def _warnings(model: PairModel) -> list[tuple[str, str]]:
    said = doubt(model.details, model.calibration)
    return [("**warning**", said)] if said else []


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); ``trials`` > 0."""
    z = 1.959964
    share = successes / trials
    center = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * (share * (1 - share) / trials + z * z / (4 * trials * trials)) ** 0.5
    return center - half, center + half


def spearman_interval(correlation: float, pairs: int) -> tuple[float, float]:
    """95 % interval of Spearman's correlation (Bonett and Wright 2000); -1 to 1 for fewer than 4 pairs."""
    if pairs < 4 or abs(correlation) >= 1:
        return (correlation, correlation) if pairs >= 4 else (-1.0, 1.0)
    half = 1.959964 * math.sqrt((1 + correlation**2 / 2) / (pairs - 3))
    return math.tanh(math.atanh(correlation) - half), math.tanh(math.atanh(correlation) + half)


def _describe_pairs(pairs: Pairs, *, labelled: bool) -> dict[str, Any]:
    mean = float(pairs.labels.mean()) if labelled else None
    return {"pairs": len(pairs), "label_mean": mean, "sha256": pairs.fingerprint()}


def _describe_implied(loop: TrainingLoop, given: int) -> dict[str, Any]:
    """Describe the pairs that the loop trains on behind the ``given`` ones, which imply them."""
    labels = loop.pairs.labels[given:]
    labels = labels[~np.isnan(labels)]  # those that a teacher alone judges stand behind them
    return {"pairs": len(labels), "label_mean": float(labels.mean()) if len(labels) else 0.0}


def _implied_line(described: dict[str, Any] | None) -> list[tuple[str, str]]:
    if described is None:
        return []
    return [("", f"and {described['pairs']:,} pairs that these imply, label mean {described['label_mean']:.3f}")]


def _distilled_lines(told: dict[str, Any] | None) -> list[tuple[str, str]]:
    if told is None:
        return []
    sums = " ".join(known[:16] for known in (told["teacher_sha256"] or "").split())
    known = f", sha256 {sums}" if sums else ""
    softened = "" if told["temperature"] is None else f", temperature {told['temperature']:g}"
    given = f" of given {PROBABILITY} values" if told["output"] == PROBABILITY else ""
    lines = [
        ("distilled from", f"{told['teacher']}{known}: {told['target']}{given}, weight {told['weight']:g}{softened}")
    ]
    if told["extra_pairs"]:
        lines.append(("", f"and {told['extra_pairs']:,} pairs without a label, near in their rare tokens"))
    return lines


def _mined_line(described: dict[str, Any] | None) -> list[tuple[str, str]]:
    if described is None:
        return []
    return [("", f"and up to {described['pairs']:,} hard negatives an epoch, mined anew for each but the first")]


def _pretraining_line(described: dict[str, Any] | None) -> list[tuple[str, str]]:
    if described is None:
        return []
    return [("pretrained on", f"{described['texts']:,} distinct texts, epochs: {described['epochs']:,}")]


def _pairs_line(described: dict[str, Any]) -> str:
    mean = "no labels" if described["label_mean"] is None else f"label mean {described['label_mean']:.3f}"
    return f"{described['pairs']:,} pairs, {mean}, sha256 {described['sha256'][:16]}"
