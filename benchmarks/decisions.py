"""Do calibration and thresholds hold what they promise? A model on dev and test pairs of its corpus, in Markdown.

    python benchmarks/decisions.py --model FOLDER --data FOLDER-OF-QQP

The calibration that the folder keeps, fitted on dev, is judged on test.tsv. Then dev and test are put together and cut
in two random halves, whole components to one, again and again: calibration and threshold are fitted on one half, by the
same code as in training, and judged on the other. Both halves chose nothing of the model but, with dev's pairs, the
checkpoint.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from timing import machine, markdown, versions

from textsiam import PairModel, Pairs, evaluate, question_components, read_pairs
from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.evaluation.metrics import ece_by_chance, expected_calibration_error
from textsiam.model.decisions import decide
from textsiam.training.calibrate import fit_calibration
from textsiam.training.decisions import fit_decisions


class Half(NamedTuple):
    """What one half says of the other: None where no threshold could be promised."""

    method: str
    ece: float
    by_chance: float
    precision: float | None
    recall: float | None


def judge_half(raw: Array, labels: Array, components: Array, fitted_on: Array, precision: float) -> Half:
    """Fit on the pairs of ``fitted_on``, bool (n,), and judge on the others."""
    own, others = [part[fitted_on] for part in (raw, labels, components)], ~fitted_on
    calibration = fit_calibration(own[0], own[1], own[2], graded=False)
    probabilities, truth = calibration.probability(raw[others]), labels[others] > 0.5
    shown = expected_calibration_error(probabilities, truth), ece_by_chance(probabilities)
    try:
        decision = decide(calibration, fit_decisions(calibration, *own), precision=precision)
    except OptionError:
        return Half(calibration.method, *shown, None, None)
    called = probabilities >= np.float32(decision.threshold)
    return Half(calibration.method, *shown, float(truth[called].mean()), float(called[truth].mean()))


def judge_halves(model: PairModel, pairs: Pairs, count: int, precision: float, seed: int) -> list[Half]:
    """Cut the pairs in two, so many times."""
    raw = model.score_details(zip(pairs.text_a, pairs.text_b, strict=True)).raw
    components, random = question_components(pairs), np.random.default_rng(seed)
    halves = (random.random(components.max() + 1) < 0.5 for _ in range(count))
    return [judge_half(raw, pairs.labels, components, half[components], precision) for half in halves]


def main() -> None:
    """Read the options, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model folder, trained on the corpus")
    parser.add_argument("--data", type=Path, required=True, help="folder with dev.tsv and test.tsv")
    parser.add_argument("--halves", type=int, default=20)
    parser.add_argument("--precision", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    model = PairModel.load(options.model)
    dev, test = (read_pairs(options.data / f"{side}.tsv") for side in ("dev", "test"))
    found = evaluate(model, test)
    halves = judge_halves(model, Pairs.from_rows([*dev, *test]), options.halves, options.precision, options.seed)
    reached = [half for half in halves if half.precision is not None]
    low, high = found.intervals["ece"]
    ours = [half.precision for half in reached if half.precision is not None]
    rows = [
        ["ECE on test", f"{found.ece:.4f} ({low:.4f} to {high:.4f})", f"by chance up to {found.ece_by_chance:.4f}"],
        ["ECE before calibration", f"{found.uncalibrated['ece']:.4f}", f"method {model.calibration.method}"],
        ["ECE, mean of the halves", f"{np.mean([half.ece for half in halves]):.4f}", _methods(halves)],
        [
            f"halves with precision {options.precision:g} or more",
            f"{sum(one >= options.precision for one in ours)} of {len(ours)}",
            f"in {len(halves) - len(ours)} no threshold could be promised",
        ],
    ]
    if reached:
        recall = np.mean([half.recall for half in reached if half.recall is not None])
        rows.append(["their precision and recall", f"{np.mean(ours):.4f}, {recall:.4f}", f"least {min(ours):.4f}"])
    print(markdown(["", "", ""], rows, [machine(), versions("textsiam")]))


def _methods(halves: list[Half]) -> str:
    names = [half.method for half in halves]
    return ", ".join(f"{name} {names.count(name)} times" for name in dict.fromkeys(names))


if __name__ == "__main__":
    main()
