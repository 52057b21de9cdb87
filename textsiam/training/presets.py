"""Options of training that go well together, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textsiam.errors import check_choice
from textsiam.model.architecture import WITHOUT

_LSTM = {"encoder": "lstm", "bidirectional": True, "pooling": "max", "char_ngrams": "3,4,5", "head": "mlp"}
# from the fastest to the most accurate
PRESETS: dict[str, dict[str, Any]] = {
    "fast": {**_LSTM, "units": 64, "epochs": 2, "batch_size": 512, "dropout": 0.1, "learning_rate": 0.005},
    "balanced": {**_LSTM, "units": 128, "epochs": 5, "dropout": 0.15, "learning_rate": 0.004},
    "accurate": {**_LSTM, "head": "alignment", "units": 128, "epochs": 5, "dropout": 0.15, "learning_rate": 0.004},
}


def with_preset(name: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a preset (None: of none), of which those ``given`` win.

    What the preset sets and the encoder or head that was given has no use for is left out. OptionError for a name that
    is no preset's.
    """
    if name is None:
        return dict(given)
    check_choice("preset", name, PRESETS)
    options = {**PRESETS[name], **given}
    useless = {option for (part, kind), names in WITHOUT.items() if options.get(part) == kind for option in names}
    return {option: value for option, value in options.items() if option in given or option not in useless}


def described_presets() -> str:
    """Say what each preset sets, in one line."""
    return "; ".join(
        f"{name} sets {', '.join(f'{option} {str(value).lower()}' for option, value in options.items())}"
        for name, options in PRESETS.items()
    )
