"""Options of training that go well together, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textsiam.errors import check_choice
from textsiam.model.architecture import WITHOUT

_LSTM = {"encoder": "lstm", "bidirectional": True, "pooling": "max", "char_ngrams": "3,4,5", "head": "mlp"}
_BIGRAMS = {**_LSTM, "ngrams": 2, "ngram_dropout": 0.5, "batch_size": 512, "dropout": 0.15, "learning_rate": 0.004}
# from the fastest to the most accurate
PRESETS: dict[str, dict[str, Any]] = {
    "fast": {**_LSTM, "units": 64, "epochs": 2, "batch_size": 512, "dropout": 0.1, "learning_rate": 0.005},
    "balanced": {**_BIGRAMS, "units": 128, "epochs": 5},
    "accurate": {**_BIGRAMS, "units": 256, "epochs": 5},
}


def with_preset(name: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a preset (None: of none), of which those ``given`` win.

    What the preset sets and the encoder, head or ``ngrams`` that was given has no use for is left out. OptionError for
    a name that is no preset's.
    """
    if name is None:
        return dict(given)
    check_choice("preset", name, PRESETS)
    options = {**PRESETS[name], **given}
    useless = {option for (part, kind), names in WITHOUT.items() if options.get(part) == kind for option in names}
    kept = {option: value for option, value in options.items() if option in given or option not in useless}
    if kept.get("ngrams", 1) == 1 and "ngram_dropout" not in given:
        kept.pop("ngram_dropout", None)
    return kept


def described_presets() -> str:
    """Say what each preset sets, in one line."""
    return "; ".join(
        f"{name} sets {', '.join(f'{option} {str(value).lower()}' for option, value in options.items())}"
        for name, options in PRESETS.items()
    )
