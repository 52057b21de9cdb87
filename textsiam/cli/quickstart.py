"""``textsiam quickstart``: the whole way on the sample corpus, from pairs to a model folder that scores."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from textsiam.cli.number_types import WholeNumber
from textsiam.errors import OptionError, import_extra
from textsiam.model.folder import check_target

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs
    from textsiam.evaluation.evaluation import Evaluation
    from textsiam.model.pair_model import PairModel

_SMALL = {"vocabulary_size": 2000, "batch_size": 64, "learning_rate": 0.005, "dropout": 0.1, "dim": 64, "threads": 1}
MODELS: dict[str, dict[str, Any]] = {
    "embedding bag": {**_SMALL, "encoder": "bag", "epochs": 6},
    "LSTM": {**_SMALL, "encoder": "lstm", "units": 64, "bidirectional": True, "head_units": 64, "epochs": 12},
}
LEAST_PAIRS = 400  # with fewer, a kind can be missing from the test pairs
UNRELATED_SHARE = 0.25
KINDS = {
    "duplicate": "duplicate",
    "slot": "other slot value",
    "order": "word order",
    "negation": "negation",
    "intent": "neighbouring intent",
}
SHOWN_KINDS = ("duplicate", "order", "negation")
LISTED_PAIRS, CLOSEST = 6, 3


def quickstart(*, out: Path = Path("models/quickstart"), pairs: WholeNumber = 8000, seed: WholeNumber = 7) -> None:
    """Train, evaluate, score and find the closest pairs on the built-in sample corpus.

    Parameters
    ----------
    out
        Model folder to write.
    pairs
        Size of the sample corpus, at least 400.
    seed
        Of the corpus, the split and the training.
    """
    import_extra("torch", "train", "textsiam quickstart trains a model, which")
    import textsiam

    started = time.monotonic()
    if pairs < LEAST_PAIRS:
        raise OptionError(f"--pairs is {pairs}, expected at least {LEAST_PAIRS}")
    check_target(out)
    corpus = textsiam.sample_pairs(pairs, seed=seed)
    split = textsiam.split_pairs(corpus, test=0.2, dev=0.1, seed=seed)
    train, dev, test = split
    print(f"Sample corpus of help-desk questions: {len(corpus):,} pairs, half of them duplicates\n{split.report}")
    training = with_unrelated(train, seed)
    print(f"{len(training) - len(train):,} pairs of unrelated texts join the training pairs")
    results = {}
    for name, options in MODELS.items():
        print(f"\nTraining the {name}", flush=True)
        config = textsiam.TrainConfig(**options, seed=seed)
        model = textsiam.train(training, dev=dev, config=config, show_progress=True)
        results[name] = textsiam.evaluate(model, test, by="kind", draws=0)
    model.save(out)  # the last one, the LSTM
    print(f"\n{_comparison(results)}\n")
    print(_scores(model, test), _closest(model, test), sep="\n\n")
    print(f"\nModel folder: {out} ({time.monotonic() - started:.0f} s in all)")
    print(f'Next: textsiam score {out} "first text" "second text"')


def with_unrelated(train: Pairs, seed: int) -> Pairs:
    """Add pairs of texts that nothing links, as the sample corpus has hard pairs alone, unlike what people will try."""
    from textsiam import Pairs, question_components

    components = question_components(train)
    order = np.random.default_rng(seed).permutation(len(train))
    apart = np.flatnonzero(components != components[order])[: int(UNRELATED_SHARE * len(train))]
    text_a, text_b = train.text_a, train.text_b
    return Pairs.from_rows([*train, *((text_a[row], text_b[order[row]], 0) for row in apart.tolist())])


def _comparison(results: Mapping[str, Evaluation]) -> str:
    """Lay the models' metrics side by side: all pairs, then by kind."""
    some = next(iter(results.values()))
    lines = [
        "On test pairs whose texts occur nowhere in training. Accuracy: share of right answers, at the threshold",
        "that dev chose. ROC-AUC: how often a duplicate scores higher than a pair of that kind (0.5: chance).",
        f"{'':<34}" + "".join(f"{name:>22}" for name in results),
        f"{'':<26}{'pairs':>8}" + f"{'accuracy':>13}{'ROC-AUC':>9}" * len(results),
        _line("all", some.pairs, [(result.accuracy or 0.0, result.roc_auc or 0.0) for result in results.values()]),
    ]
    for name, part in some.slices.items():
        kind = name.removeprefix("kind: ")
        figures = [(result.slices[name].accuracy, result.slices[name].roc_auc) for result in results.values()]
        lines.append(_line(KINDS.get(kind, kind), part.pairs, figures))
    return "\n".join(lines)


def _line(name: str, pairs: int, figures: Sequence[tuple[float, float]]) -> str:
    return f"  {name:<24}{pairs:>8,}" + "".join(f"{accuracy:>13.3f}{auc:>9.3f}" for accuracy, auc in figures)


def _scores(model: PairModel, test: Pairs) -> str:
    """Score the first test pair of some kinds."""
    kinds = test.extra("kind")
    threshold = model.calibration.threshold
    lines = [f"Scored test pairs: the probability that both say the same ({threshold:.3f} or more: call them the same)"]
    for kind in [kind for kind in SHOWN_KINDS if kind in kinds]:
        text_a, text_b, _ = test[kinds.index(kind)]
        lines.append(f"  {model.score(text_a, text_b):.3f}  {text_a} | {text_b}  ({KINDS[kind]})")
    return "\n".join(lines)


def _closest(model: PairModel, test: Pairs) -> str:
    """Find the closest pairs among the texts of some duplicates, from all over the test pairs."""
    duplicates = [row for row, kind in enumerate(test.extra("kind")) if kind == "duplicate"]
    texts = list(
        dict.fromkeys(test.select(duplicates[:: max(1, len(duplicates) // LISTED_PAIRS)][:LISTED_PAIRS]).texts())
    )
    pairs = list(itertools.combinations(texts, 2))
    ranked = sorted(zip(model.score_pairs(pairs).tolist(), pairs, strict=True), reverse=True)
    lines = [f"Closest pairs among {len(texts)} test texts:"]
    lines += [f"  {probability:.3f}  {a} | {b}" for probability, (a, b) in ranked[:CLOSEST]]
    return "\n".join(lines)
