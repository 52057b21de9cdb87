"""Split pairs so that no text, nor any text linked to it by pairs, stands on two sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Self

import numpy as np
from numpy.typing import NDArray

from textsiam.data.components import question_components
from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.errors import OptionError, check_integer

GRADE_BINS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitReport:
    """How a split came out.

    ``asked``, ``got``: pairs on each side; ``label_rate``: mean label of each side, in [0, 1]; ``components``: how
    many there are; ``largest``: pairs of the largest component; ``seed``: what the split was drawn with.
    """

    asked: Mapping[str, int]
    got: Mapping[str, int]
    label_rate: Mapping[str, float]
    components: int
    largest: int
    seed: int

    def __str__(self) -> str:
        total = sum(self.got.values())
        lines = [
            f"{side:5} {got:>11,} pairs (asked for {self.asked[side]:,}), mean label {self.label_rate[side]:.3f}"
            for side, got in self.got.items()
        ]
        share = self.largest / total
        lines.append(
            f"{_counted(self.components, 'component')}, the largest with {_counted(self.largest, 'pair')} "
            f"({share:.1%}), seed {self.seed}"
        )
        return "\n".join(lines)


class Split(tuple[Pairs, ...]):
    """(train, test), or (train, dev, test) where dev was asked for; ``report`` says how the split came out."""

    report: SplitReport

    def __new__(cls, sides: tuple[Pairs, ...], report: SplitReport) -> Self:
        """Make a split of two or three sides."""
        split = super().__new__(cls, sides)
        split.report = report
        return split

    @property
    def train(self) -> Pairs:
        """The side to train on."""
        return self[0]

    @property
    def dev(self) -> Pairs | None:
        """The side to choose and calibrate on, or None."""
        return self[1] if len(self) == 3 else None

    @property
    def test(self) -> Pairs:
        """The side to report on."""
        return self[-1]


def split_pairs(pairs: object, *, test: float = 0.1, dev: float = 0.0, seed: int = 0) -> Split:
    """Split pairs at random into train, dev (if ``dev`` > 0) and test, with no component on two sides.

    ``pairs``: Pairs, or what ``read_pairs`` takes.
    ``test``, ``dev``: shares of all pairs, in (0, 1) and [0, 1), together below 1. Each side gets the label rate of
    the whole (grades: their distribution over five bins) as nearly as the components allow. Components larger than
    a side stay in train. Pairs keep their order; the same pairs and seed give the same split.
    ``seed``: an integer of at least 0.
    Raises OptionError if a share or the seed is out of range or a side would be empty, DataError for pairs that cannot
    be read.
    """
    sides, report = _split(read_pairs(pairs), _check_shares(test, dev), seed)
    return Split(sides, report)


def set_dev_aside(pairs: Pairs, share: float, *, seed: int) -> tuple[Pairs, Pairs]:
    """Give (train, dev), divided as ``split_pairs`` divides train and test; its errors speak of dev."""
    (train, dev), _ = _split(pairs, {"dev": share}, seed)
    return train, dev


def _split(pairs: Pairs, shares: Mapping[str, float], seed: int) -> tuple[tuple[Pairs, ...], SplitReport]:
    """Divide pairs into train and the sides of ``shares``, in this order."""
    check_integer("seed", seed, least=0)
    components = question_components(pairs)
    strata = _strata(pairs)
    asked = {side: round(share * len(pairs)) for side, share in shares.items()}
    counts = _count(components, strata)
    side_of_component = np.zeros(len(counts), dtype=np.int64)  # 0 is train
    order = np.random.default_rng(seed).permutation(len(counts))
    for number, side in enumerate(asked, 1):
        free = order[side_of_component[order] == 0]
        chosen = _choose(free.tolist(), counts, _apportion(counts.sum(axis=0), asked[side]))
        if not chosen:
            raise OptionError(_would_be_empty(side, shares[side], len(pairs), counts))
        side_of_component[chosen] = number
    side_of_pair = side_of_component[components]
    if not (side_of_pair == 0).any():
        raise OptionError(_would_be_empty("train", 1 - sum(shares.values()), len(pairs), counts))
    asked = {"train": len(pairs) - sum(asked.values()), **asked}
    sides = tuple(pairs.select(np.flatnonzero(side_of_pair == number)) for number in range(len(asked)))
    return sides, _report(sides, asked, counts, seed)


def _check_shares(test: float, dev: float) -> dict[str, float]:
    if not isinstance(test, Real) or not 0 < test < 1:
        raise OptionError(f"test is {test!r}, expected a share above 0 and below 1, such as 0.1")
    if not isinstance(dev, Real) or not 0 <= dev < 1:
        raise OptionError(f"dev is {dev!r}, expected a share of at least 0 and below 1, such as 0.1")
    if test + dev >= 1:
        raise OptionError(f"test and dev are {test} and {dev}, expected shares that leave something to train on")
    return {"dev": dev, "test": test} if dev > 0 else {"test": test}


def _strata(pairs: Pairs) -> NDArray[np.int64]:
    """Give the stratum of each pair, int64 (n,): its label, or the bin of its grade."""
    labels = pairs.labels
    if not pairs.graded:
        return labels.astype(np.int64)
    return np.minimum((labels * GRADE_BINS).astype(np.int64), GRADE_BINS - 1)


def _count(components: NDArray[np.int64], strata: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the pairs of each component and stratum, int64 (components, strata)."""
    if not components.size:
        raise OptionError("there are no pairs to split")
    width = int(strata.max()) + 1
    cells = np.bincount(components * width + strata, minlength=(int(components.max()) + 1) * width)
    return cells.reshape(-1, width).astype(np.int64)


def _apportion(totals: NDArray[np.int64], size: int) -> list[int]:
    """Share ``size`` out over the strata in proportion to ``totals``, by largest remainder."""
    exact = totals * (size / totals.sum())
    parts = np.floor(exact).astype(np.int64)
    parts[np.argsort(parts - exact, kind="stable")[: size - int(parts.sum())]] += 1
    return [int(part) for part in parts]


def _choose(order: list[int], counts: NDArray[np.int64], target: list[int]) -> list[int]:
    """Take components in ``order`` until each stratum has the ``target`` number of pairs, or as near as they allow.

    Components above a tenth of the side, and then those that give a stratum too many, are taken only for what the
    others leave missing.
    """
    size, missing = sum(target), list(target)
    chosen: list[int] = []
    for largest, may_exceed in ((size // 10, False), (size, False), (size, True)):
        left = []
        for component in order:
            if not any(missing):
                return chosen
            row = counts[component].tolist()
            if sum(row) <= largest and _helps(row, missing, may_exceed):
                chosen.append(component)
                missing = [m - c for m, c in zip(missing, row, strict=True)]
            else:
                left.append(component)
        order = left
    return chosen


def _helps(row: list[int], missing: list[int], may_exceed: bool) -> bool:
    if not may_exceed:
        return all(c <= m for c, m in zip(row, missing, strict=True))
    return sum(abs(m - c) - abs(m) for c, m in zip(row, missing, strict=True)) < 0


def _would_be_empty(side: str, share: float, count: int, counts: NDArray[np.int64]) -> str:
    form = f"{_counted(len(counts), 'component')} that cannot be divided"
    if len(counts) > 1:
        form += f", the largest with {_counted(int(counts.sum(axis=1).max()), 'pair')}"
    return (
        f"{side} would be empty: a share of {share:.3g} was asked for, but the {_counted(count, 'pair')} "
        f"form{'s' if count == 1 else ''} {form}"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _report(sides: tuple[Pairs, ...], asked: dict[str, int], counts: NDArray[np.int64], seed: int) -> SplitReport:
    named = dict(zip(asked, sides, strict=True))
    return SplitReport(
        asked=asked,
        got={side: len(pairs) for side, pairs in named.items()},
        label_rate={side: float(pairs.labels.mean()) for side, pairs in named.items()},
        components=len(counts),
        largest=int(counts.sum(axis=1).max()),
        seed=seed,
    )
