"""What tells a model from another one, so that vectors are never compared with those of another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture


def fingerprint_of(architecture: Architecture, vocabulary: bytes, weights: Mapping[str, Array]) -> str:
    """Hash all that vectors and raw scores follow from: 32 hexadecimal digits."""
    found = hashlib.blake2b(json.dumps(architecture.parts(), sort_keys=True).encode(), digest_size=16)
    found.update(vocabulary)
    for name in sorted(weights):
        found.update(f"{name} {weights[name].shape}".encode())
        found.update(np.ascontiguousarray(weights[name]).data)
    return found.hexdigest()
