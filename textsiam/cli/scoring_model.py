"""A model that a command loads for its probabilities."""

from __future__ import annotations

from pathlib import Path

from textsiam.cli.messages import say
from textsiam.model.pair_model import PairModel
from textsiam.model.policy import Policy, doubt


def load_scoring(folder: str | Path, device: str | None = None) -> PairModel:
    """Load a model; say so where its probabilities are not to be relied on."""
    model = PairModel.load(folder, device=device)
    tell_doubt(folder, model)
    return model


def tell_doubt(folder: str | Path, model: PairModel | Policy) -> None:
    """Say so where a model's probabilities are not to be relied on."""
    if said := doubt(model.details, model.calibration):
        say(f"{folder}: {said}")
