"""What a label cell means: 0 or 1, a word for one of them, or a grade scaled to [0, 1]."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from numbers import Real

from textsiam.errors import OptionError

WORDS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
RANGE, MARKS = "--label-range 0,5", "--labels SAME=1,OTHER=0"  # how the command line gives them
_MEMO_SIZE = 100_000  # distinct label cells remembered


class LabelError(ValueError):
    """A label cell that is not understood; the message says what was expected."""


class LabelReader:
    """Turn label cells into numbers in [0, 1].

    Without ``label_range`` a label is 0 or 1, true or false, yes or no in any case. ``labels`` replaces these words
    and numbers by its own keys (matched exactly, outer white space aside). With ``label_range`` (low, high) a label
    is a grade in that range, given as a number or as a value of ``labels``, and is scaled to [0, 1].
    """

    def __init__(self, labels: Mapping[str, float] | None, label_range: tuple[float, float] | None) -> None:
        if label_range is not None and not _is_range(label_range):
            raise OptionError(
                f"label_range is {label_range!r}, expected two finite numbers, the lower one first ({RANGE})"
            )
        if labels is not None and not _are_marks(labels):
            raise OptionError(f"labels is {labels!r}, expected a mapping of marks to numbers ({MARKS})")
        self.low, self.high = (0.0, 1.0) if label_range is None else map(float, label_range)
        self.graded = label_range is not None
        self.labels = None if labels is None else {str(word): float(value) for word, value in labels.items()}
        self._memo: dict[str, float] = {}
        for word, value in (self.labels or {}).items():
            self._check_word(word, value)

    def __call__(self, cell: str) -> float:
        """Give the label in [0, 1]; raises LabelError."""
        label = self._memo.get(cell)
        if label is None:
            label = self._scaled(cell.strip())
            if len(self._memo) < _MEMO_SIZE:
                self._memo[cell] = label
        return label

    def _scaled(self, cell: str) -> float:
        value = self._value(cell)
        if self.graded:
            if not self.low <= value <= self.high:
                raise LabelError(f"the label {cell!r} is outside of label_range ({self._range()})")
            return (value - self.low) / (self.high - self.low)
        if value not in (0.0, 1.0):
            raise LabelError(
                f"the label {cell!r} is neither 0 nor 1; grades need label_range ({RANGE}), "
                f"other marks need labels (--labels {cell}=1)"
            )
        return value

    def _value(self, cell: str) -> float:
        if self.labels is not None:
            if cell in self.labels:
                return self.labels[cell]
            raise LabelError(f"the label {cell[:80]!r} is not one of labels (--labels): {', '.join(self.labels)}")
        if _NUMBER.fullmatch(cell):
            return float(cell)
        if cell.lower() in WORDS and not self.graded:
            return WORDS[cell.lower()]
        if not cell:
            raise LabelError("the label is empty")
        expected = "a number" if self.graded else "0 or 1, true or false, yes or no"
        raise LabelError(
            f"the label {cell[:80]!r} is not understood, expected {expected}; "
            f"labels ({MARKS}) says what other marks mean"
        )

    def _range(self) -> str:
        return f"--label-range {self.low:g},{self.high:g}"

    def _check_word(self, word: str, value: float) -> None:
        if self.graded and not self.low <= value <= self.high:
            raise OptionError(f"labels (--labels) maps {word!r} to {value:g}, outside of label_range ({self._range()})")
        if not self.graded and value not in (0.0, 1.0):
            raise OptionError(
                f"labels (--labels) maps {word!r} to {value:g}, expected 0 or 1; grades need label_range ({RANGE})"
            )


def looks_like_label(cell: str, labels: Mapping[str, float] | None = None) -> bool:
    """Tell whether a cell can be a label at all: a number, a word for 0 or 1, or a key of ``labels``."""
    cell = cell.strip()
    return bool(_NUMBER.fullmatch(cell)) or cell.lower() in WORDS or cell in (labels or ())


def _is_range(label_range: object) -> bool:
    if not isinstance(label_range, Sequence) or len(label_range) != 2:
        return False
    low, high = label_range
    return _is_number(low) and _is_number(high) and bool(low < high)


def _are_marks(labels: object) -> bool:
    return isinstance(labels, Mapping) and all(map(_is_number, labels.values()))


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)
