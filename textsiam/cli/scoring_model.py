"""A model that a command loads for its probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textsiam.cli.messages import say
from textsiam.model.pair_model import PairModel
from textsiam.model.policy import is_calibrated


def load_scoring(folder: str | Path, device: str | None = None) -> PairModel:
    """Load a model; say so where its probabilities mean nothing, for it was imported without labelled pairs."""
    model = PairModel.load(folder, device=device)
    tell_calibrated(folder, model.details)
    return model


def tell_calibrated(folder: str | Path, details: Mapping[str, Any]) -> None:
    """Say so where a model's probabilities mean nothing."""
    if not is_calibrated(details):
        say(f"{folder} is not calibrated: its probabilities and its threshold mean nothing; import it with --dev FILE")
