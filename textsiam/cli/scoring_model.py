"""A model that a command loads for its probabilities."""

from __future__ import annotations

from pathlib import Path

from textsiam.cli.messages import say
from textsiam.model.pair_model import PairModel


def load_scoring(folder: str | Path, device: str | None = None) -> PairModel:
    """Load a model; say so where its probabilities mean nothing, for it was imported without labelled pairs."""
    model = PairModel.load(folder, device=device)
    if model.details.get("calibrated") is False:
        say(f"{folder} is not calibrated: its probabilities and its threshold mean nothing; import it with --dev FILE")
    return model
