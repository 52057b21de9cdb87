"""``textsiam quickstart``: the whole way on the sample corpus, from pairs to a model folder that scores."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textsiam.errors import import_extra
from textsiam.model.folder import check_target

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs
    from textsiam.evaluation.evaluate import Evaluation
    from textsiam.model.pair_model import PairModel

_SMALL = {"vocabulary_size": 2000, "batch_size": 64, "learning_rate": 0.005, "dropout": 0.1, "dim": 64, "threads": 1}
MODELS: dict[str, dict[str, Any]] = {
    "embedding bag": {**_SMALL, "encoder": "bag", "epochs": 6},
    "LSTM": {**_SMALL, "encoder": "lstm", "units": 64, "bidirectional": True, "head_units": 64, "epochs": 14},
}
KINDS = {
    "duplicate": "duplicate",
    "slot": "other slot value",
    "order": "word order",
    "negation": "negation",
    "intent": "neighbouring intent",
}
SHOWN_KINDS = ("duplicate", "order", "negation")
LISTED_PAIRS, CLOSEST = 6, 3


def quickstart(*, out: Path = Path("models/quickstart"), pairs: int = 8000, seed: int = 7) -> None:
    """Train, evaluate, score and find the closest pairs on the built-in sample corpus.

    Parameters
    ----------
    out
        Model folder to write.
    pairs
        Size of the sample corpus.
    seed
        Of the corpus, the split and the training.
    """
    import_extra("torch", "train", "textsiam quickstart trains a model, which")
    import textsiam

    started = time.monotonic()
    check_target(out)
    corpus = textsiam.sample_pairs(pairs, seed=seed)
    split = textsiam.split_pairs(corpus, test=0.2, dev=0.1, seed=seed)
    train, dev, test = split
    print(f"Sample corpus of help-desk questions: {corpus!r}\n{split.report}")
    results = {}
    for name, options in MODELS.items():
        print(f"\nTraining the {name}", flush=True)
        config = textsiam.TrainConfig(**options, seed=seed)
        model = textsiam.train(train, dev=dev, config=config, show_progress=True)
        results[name] = textsiam.evaluate(model, test, by="kind")
    model.save(out)  # the last one, the LSTM
    print(f"\n{_comparison(results)}\n")
    print(_scores(model, test), _closest(model, test), sep="\n\n")
    print(f"\nModel folder: {out} ({time.monotonic() - started:.0f} s in all)")
    print(f'Next: textsiam score {out} "first text" "second text"')


def _comparison(results: Mapping[str, Evaluation]) -> str:
    """Lay the models' metrics side by side: all pairs, then by kind."""
    some = next(iter(results.values()))
    lines = [
        "On test pairs whose texts occur nowhere in training (each kind against all duplicates):",
        f"{'':<34}" + "".join(f"{name:>22}" for name in results),
        f"{'':<26}{'pairs':>8}" + f"{'accuracy':>13}{'ROC-AUC':>9}" * len(results),
        _line("all", some.pairs, [(result.accuracy or 0.0, result.roc_auc or 0.0) for result in results.values()]),
    ]
    for kind, part in some.slices.items():
        figures = [(result.slices[kind].accuracy, result.slices[kind].roc_auc) for result in results.values()]
        lines.append(_line(KINDS.get(kind, kind), part.pairs, figures))
    return "\n".join(lines)


def _line(name: str, pairs: int, figures: Sequence[tuple[float, float]]) -> str:
    return f"  {name:<24}{pairs:>8,}" + "".join(f"{accuracy:>13.3f}{auc:>9.3f}" for accuracy, auc in figures)


def _scores(model: PairModel, test: Pairs) -> str:
    """Score the first test pair of some kinds."""
    kinds = test.extra("kind")
    lines = [f"Three scored test pairs (the same from {model.calibration.threshold:.3f} on):"]
    for kind in SHOWN_KINDS:
        text_a, text_b, _ = test[kinds.index(kind)]
        lines.append(f"  {model.score(text_a, text_b):.3f}  {text_a} | {text_b}  ({KINDS[kind]})")
    return "\n".join(lines)


def _closest(model: PairModel, test: Pairs) -> str:
    """Find the closest pairs among the texts of some duplicates, from all over the test pairs."""
    duplicates = [row for row, kind in enumerate(test.extra("kind")) if kind == "duplicate"]
    texts = list(dict.fromkeys(test.select(duplicates[:: len(duplicates) // LISTED_PAIRS][:LISTED_PAIRS]).texts()))
    pairs = list(itertools.combinations(texts, 2))
    ranked = sorted(zip(model.score_pairs(pairs).tolist(), pairs, strict=True), reverse=True)
    lines = [f"Closest pairs among {len(texts)} test texts:"]
    lines += [f"  {probability:.3f}  {a} | {b}" for probability, (a, b) in ranked[:CLOSEST]]
    return "\n".join(lines)
