"""What the files of a model folder say, and the parts of a model that they make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from textsiam.model.architecture import Architecture
from textsiam.model.folder import as_json
from textsiam.model.policy import kept_files, kept_parts
from textsiam.model.storage import note_precision, restore_weights, store_weights

if TYPE_CHECKING:
    from textsiam.model.pair_model import PairModel

# what files that were altered raise, where they are read or where a model is made of them
ALTERED = (ValueError, KeyError, TypeError, SafetensorError)


def parts_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Read the arguments of PairModel from the files of a folder; raises one of ALTERED where they do not say them."""
    config = json.loads(files["config.json"])
    return {
        "architecture": Architecture(**config["architecture"]),
        "vocabulary": files["vocabulary.model"],
        "weights": restore_weights(safetensors.numpy.load(files["weights.safetensors"])),
        **kept_parts(files),
        "details": config["details"],
        "card": files.get("README.md", b"").decode(),
        "train_toml": files.get("train.toml", b"").decode(),
    }


def files_of(model: PairModel, weights: str) -> dict[str, bytes]:
    """Give the files of a model's folder; ``weights`` says how they are stored, as ``PairModel.save`` takes it."""
    details = {name: value for name, value in model.details.items() if name != "weights"}
    details |= {} if weights == "fp32" else {"weights": weights}
    # safetensors writes an array's memory as it lies, even where its axes are transposed
    stored = {name: np.ascontiguousarray(array) for name, array in store_weights(model.weights, weights).items()}
    return {
        "config.json": as_json({"architecture": model.architecture.parts(), "details": details}),
        "weights.safetensors": safetensors.numpy.save(stored),
        "vocabulary.model": model.tokenizer.proto,
        **kept_files(model.calibration, model.decisions, model.seen_texts),
        "train.toml": model.train_toml.encode(),
        "README.md": note_precision(model.card, weights).encode(),
    }
