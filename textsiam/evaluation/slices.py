"""Where a model is good and where it is not: metrics of parts of the pairs, by a column or by traits of the texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.evaluation.intervals import component_bootstrap, enough_components
from textsiam.evaluation.metrics import binary_metrics
from textsiam.text.normalization import normalize_text
from textsiam.text.tokenizer import UNKNOWN_ID, Tokenizer

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_NEGATIONS = {
    *("no", "not", "never", "none", "nor", "neither", "nobody", "nothing", "nowhere", "without", "cannot", "cant"),
    *("dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "wont", "wouldnt", "shouldnt", "couldnt", "hasnt"),
}

Words = list[str]


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The metrics of some of the pairs.

    Where a slice holds one label only (``one_label``), its ROC-AUC is that of its pairs against all others.
    ``accuracy_interval`` is the 95 % one, by a bootstrap that draws whole components; None where nothing was drawn, or
    there are fewer than 5 of them.
    """

    pairs: int
    accuracy: float
    roc_auc: float
    accuracy_interval: tuple[float, float] | None = None
    one_label: bool = False


def make_slices(
    kinds: Iterable[tuple[str, Array]],
    pairs: Pairs,
    probabilities: Array,
    threshold: float,
    components: Array,
    draws: int,
    seed: int,
) -> dict[str, Slice]:
    """Compute the metrics of the named kinds of pairs, bool (n,) each; those without a pair are left out."""
    truth = pairs.labels > 0.5
    right = (probabilities >= threshold) == truth
    slices = {}
    for name, inside in kinds:
        if not inside.any():
            continue
        one_label = truth[inside].all() or not truth[inside].any()
        compared = inside | (truth != truth[inside][0]) if one_label else inside
        metrics = binary_metrics(probabilities[compared], pairs.labels[compared], threshold)
        interval = None
        if draws and enough_components(components[inside]):
            interval = component_bootstrap(components[inside], right[inside], draws=draws, seed=seed)
        slices[name] = Slice(
            pairs=int(inside.sum()),
            accuracy=float(right[inside].mean()),
            roc_auc=metrics["roc_auc"],
            accuracy_interval=interval,
            one_label=bool(one_label),
        )
    return slices


def kinds_of_column(name: str, values: list[str]) -> Iterable[tuple[str, Array]]:
    """Give the pairs of each value of a column, (n,), called "name: value" as those of traits are."""
    column = np.asarray(values, dtype=object)
    return ((f"{name}: {value or '(empty)'}", column == value) for value in sorted(set(values)))


def kinds_of_texts(pairs: Pairs, tokenizer: Tokenizer) -> Iterable[tuple[str, Array]]:
    """Give the pairs of each value of each trait: length, overlap, numbers, negation (English) and unknown tokens."""
    words = [(_words(a), _words(b)) for a, b, _ in pairs]
    for trait, (of_pair, values) in TRAITS.items():
        found = np.array([values.index(of_pair(*both)) for both in words], dtype=np.int64)
        yield from ((f"{trait}: {value}", found == place) for place, value in enumerate(values))
    unknown = _has_unknown(pairs, tokenizer)
    yield "unknown tokens: in one text or both", unknown
    yield "unknown tokens: in none", ~unknown


def _words(text: str) -> Words:
    return _WORD.findall(normalize_text(text))


def _length(a: Words, b: Words) -> str:
    longer = max(len(a), len(b))
    return "up to 8 words" if longer <= 8 else "9 to 16 words" if longer <= 16 else "17 words or more"


def _overlap(a: Words, b: Words) -> str:
    """Say how many of all the different words stand in both texts."""
    shared, both = len({*a} & {*b}), len({*a} | {*b})
    if shared == both:
        return "the same words"
    return "none" if not shared else "under half" if 2 * shared < both else "half or more"


def _numbers(a: Words, b: Words) -> str:
    first, second = ({word for word in words if any(map(str.isdigit, word))} for words in (a, b))
    return "none" if not first | second else "the same" if first == second else "different"


def _negation(a: Words, b: Words) -> str:
    negated = sum(any(word in _NEGATIONS or word.endswith(("n't", "n\u2019t")) for word in words) for words in (a, b))
    return ("none", "in one text", "in both")[negated]


TRAITS: dict[str, tuple[Callable[[Words, Words], str], tuple[str, ...]]] = {
    "length": (_length, ("up to 8 words", "9 to 16 words", "17 words or more")),
    "words in both": (_overlap, ("none", "under half", "half or more", "the same words")),
    "numbers": (_numbers, ("none", "the same", "different")),
    "negation": (_negation, ("none", "in one text", "in both")),
}


def _has_unknown(pairs: Pairs, tokenizer: Tokenizer) -> Array:
    """Tell which pairs have a token that the vocabulary lacks, bool (n,)."""
    tokens = tokenizer.encode(list(pairs.texts()))
    text_of_token = np.repeat(np.arange(len(tokens)), tokens.lengths)
    has: Array = np.zeros(len(pairs), dtype=bool)
    has[text_of_token[tokens.ids == UNKNOWN_ID] // 2] = True
    return has
