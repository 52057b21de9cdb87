"""Options of training that go well together, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textsiam.errors import check_choice
from textsiam.model.architecture import CUSTOM, WITHOUT

_LSTM = {"encoder": "lstm", "bidirectional": True, "pooling": "max", "char_ngrams": "3,4,5", "head": "mlp"}
_BIGRAMS = {**_LSTM, "ngrams": 2, "ngram_dropout": 0.5, "batch_size": 512, "dropout": 0.15, "learning_rate": 0.004}
# from the fastest to the most accurate
PRESETS: dict[str, dict[str, Any]] = {
    "fast": {**_LSTM, "units": 64, "epochs": 2, "batch_size": 512, "dropout": 0.1, "learning_rate": 0.005},
    "balanced": {**_BIGRAMS, "units": 128, "epochs": 5},
    "accurate": {**_BIGRAMS, "units": 256, "epochs": 5},
}


# what is left out besides, where an option has this value
_USELESS = {
    ("encoder", "bag"): ("ngram_dropout",),
    ("encoder", CUSTOM): ("char_ngrams",),
    ("vocabulary_type", "char"): ("char_ngrams",),
    ("ngrams", 1): ("ngram_dropout",),
}


def with_preset(name: str | None, given: Mapping[str, Any], *, vectors: bool = False) -> dict[str, Any]:
    """Return the options of a preset (None: of none), of which those ``given`` win, as ``with_base`` says.

    OptionError for a name that is no preset's.
    """
    if name is None:
        return dict(given)
    check_choice("preset", name, PRESETS)
    return with_base(PRESETS[name], given, vectors=vectors)


def with_base(base: Mapping[str, Any], given: Mapping[str, Any], *, vectors: bool = False) -> dict[str, Any]:
    """Return the options of ``base``, of which those ``given`` win.

    What the base sets and the encoder, head, vocabulary or ``ngrams`` that was given has no use for is left out, or
    a start from word ``vectors``.
    """
    options = {**base, **given}
    useless = {"char_ngrams"} if vectors else set()
    for rules in (WITHOUT, _USELESS):
        useless |= {option for (part, kind), names in rules.items() if options.get(part) == kind for option in names}
    if "ngrams" in useless:
        useless.add("ngram_dropout")
    return {option: value for option, value in options.items() if option in given or option not in useless}


def described_presets() -> str:
    """Say what each preset sets, in one line."""
    return "; ".join(
        f"{name} sets {', '.join(f'{option} {str(value).lower()}' for option, value in options.items())}"
        for name, options in PRESETS.items()
    )
