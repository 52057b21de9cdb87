"""What tells a model from another one, so that vectors are never compared with those of another."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration


class Fingerprint(NamedTuple):
    """Hashes, 32 hexadecimal digits each, of what makes a model's ``vectors``, and of what makes ``scores`` of them.

    Vectors of equal ones can be compared. ``scores`` changes with the calibration too, not with the threshold.
    """

    vectors: str
    scores: str


def fingerprint_of(
    architecture: Architecture, vocabulary: bytes, weights: Mapping[str, Array], calibration: Calibration
) -> Fingerprint:
    """Hash the parts of a model."""
    vectors = hashlib.blake2b(json.dumps(architecture.parts(), sort_keys=True).encode(), digest_size=16)
    vectors.update(vocabulary)
    for name in sorted(weights):
        vectors.update(f"{name} {weights[name].shape}".encode())
        vectors.update(np.ascontiguousarray(weights[name]).data)
    scoring = dataclasses.replace(calibration, threshold=0.5, dev_threshold=None)
    scores = hashlib.blake2b(f"{vectors.hexdigest()} {scoring!r}".encode(), digest_size=16)
    return Fingerprint(vectors.hexdigest(), scores.hexdigest())
