"""Small vocabularies of a made-up corpus, built once."""

from __future__ import annotations

import numpy as np
import pytest

from textsiam.text.vocabulary import build_vocabulary

ALPHABET = "abcdefghijklmnop"


def made_up_texts(count: int, seed: int = 0) -> list[str]:
    """Sentences over 300 made-up words, with capitals, digits and signs."""
    generator = np.random.default_rng(seed)
    words = ["".join(generator.choice(list(ALPHABET), size=generator.integers(2, 8))) for _ in range(300)]
    words += ["Ärger", "naïve", "2024", "(x)", "東京", "don't"]
    return [" ".join(generator.choice(words, size=generator.integers(1, 12))) + "?" for _ in range(count)]


@pytest.fixture(scope="session")
def proto() -> bytes:
    return build_vocabulary(made_up_texts(800), size=400, character_coverage=1.0).proto


@pytest.fixture(scope="session")
def identity_proto() -> bytes:
    return build_vocabulary(made_up_texts(800), size=400, character_coverage=1.0, normalization="identity").proto
