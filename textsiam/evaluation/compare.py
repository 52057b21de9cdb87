"""textsiam.compare: is one model better than another on the same pairs, or may it be chance?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from textsiam.arrays import Array
from textsiam.data.components import question_components
from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.errors import DataError, OptionError, check_integer
from textsiam.evaluation.evaluate import evaluate, metrics_of_draws
from textsiam.evaluation.evaluation import METRICS, Evaluation
from textsiam.evaluation.intervals import LEAST_COMPONENTS, enough_components, percentile_interval, resampled
from textsiam.model.pair_model import PairModel


class Difference(NamedTuple):
    """What the second model has more than the first of a metric, and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def beyond_chance(self) -> bool:
        """Tell whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two models' metrics on the same pairs, each at its own threshold, and the differences by metric.

    The ECE is not among them: chance adds to both models' in ways that no draws tell; compare log losses.
    """

    first: Evaluation
    second: Evaluation
    differences: dict[str, Difference]

    def to_dict(self) -> dict[str, Any]:
        """Return the metrics and differences as JSON values."""
        return {
            name: {
                "first": getattr(self.first, name),
                "second": getattr(self.second, name),
                "difference": found.value,
                "interval": [found.low, found.high],
                "beyond_chance": found.beyond_chance,
            }
            for name, found in self.differences.items()
        }

    def _settings(self) -> list[str]:
        both = {"first": self.first, "second": self.second}
        if self.first.threshold is None:
            return []
        return [
            "; ".join(f"{name}: threshold {one.threshold:.4f}, prior {one.prior:.4f}" for name, one in both.items())
        ]

    def __str__(self) -> str:
        lines = [
            f"{self.first.pairs:,} pairs; second minus first, with 95 % intervals",
            *self._settings(),
            "",
            f"{'':<20}{'first':>10}{'second':>10}{'difference':>12}",
        ]
        for name, found in self.differences.items():
            first, second = getattr(self.first, name), getattr(self.second, name)
            equal = found == (0, 0, 0)
            chance = "" if found.beyond_chance else "   the same" if equal else "   may be chance"
            lines.append(
                f"{name.replace('_', ' '):<20}{first:>10.4f}{second:>10.4f}{found.value:>+12.4f}"
                f"   {found.low:+.4f} to {found.high:+.4f}{chance}"
            )
        return "\n".join(lines)


def compare(
    first: PairModel, second: PairModel, pairs: Any, *, draws: int = 1000, seed: int = 0, show_progress: bool = False
) -> Comparison:
    """Evaluate two models on the same ``pairs``, and say how sure the differences are (second minus first).

    Intervals are those of a paired bootstrap: each of ``draws`` draws, by ``seed``, takes the same whole components of
    the pairs for both models, so that what is hard for both takes no part (Efron and Tibshirani 1993, "An introduction
    to the bootstrap"). Raises as ``evaluate`` does; OptionError for draws below 1, DataError for pairs that hang
    together in fewer than 5 components.
    """
    check_integer("draws", draws, least=1)
    if not isinstance(pairs, Pairs):
        pairs = read_pairs(pairs)
    found = [evaluate(model, pairs, draws=0, show_progress=show_progress) for model in (first, second)]
    metrics = [metrics_of_draws(one, graded=pairs.graded) for one in found]

    def differences(counts: Array) -> dict[str, Array]:
        before, after = (of_draws(counts) for of_draws in metrics)
        return {name: after[name] - before[name] for name in before}

    components = question_components(pairs)
    if not enough_components(components):
        raise DataError(
            f"the {len(pairs):,} pairs hang together over shared texts in fewer than {LEAST_COMPONENTS} components: "
            "whether a difference is chance cannot be told; bring pairs of other texts"
        )
    of_draws = resampled(components, differences, draws=draws, seed=seed)
    return Comparison(first=found[0], second=found[1], differences=_differences(found[0], found[1], of_draws))


def _differences(first: Evaluation, second: Evaluation, of_draws: dict[str, Array]) -> dict[str, Difference]:
    differences = {}
    for name in METRICS:
        before, after = getattr(first, name), getattr(second, name)
        interval = percentile_interval(of_draws[name]) if name in of_draws and name != "ece" else None
        if interval is not None and before is not None and after is not None:
            differences[name] = Difference(after - before, *interval)
    if not differences:
        raise OptionError("no metric is defined for both models: their scores, or the labels, are all the same")
    return differences
