"""Models with random weights, and texts of a few words with copies."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.index.postgres_server import running_server
from tests.model.making import random_weights
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration, log_odds
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary

WORDS = ["red", "green", "blue", "cat", "dog", "bird", "sleeps", "runs", "sings", "today", "here", "now"]
MakeModel = Callable[[str], PairModel]
Place = str | Path
IN_POSTGRES = pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))  # one process starts the server


@pytest.fixture(scope="session")
def texts() -> list[str]:
    random = np.random.default_rng(8)
    found = [" ".join(random.choice(WORDS, size=random.integers(1, 4))) for _ in range(150)]
    return [*found, *(f" {text.upper()}" for text in found[:20]), "", "  ", "unknown ???"]


@pytest.fixture(scope="session")
def against(texts: list[str]) -> list[str]:
    """Some texts of the other list, spelled otherwise, some of its own, and copies among them."""
    random = np.random.default_rng(9)
    own = [" ".join(random.choice(WORDS, size=random.integers(1, 5))) for _ in range(60)]
    return ["", *own, *(text.title() for text in texts[:15]), *(text.upper() for text in own[:10]), " "]


@pytest.fixture(scope="session")
def make_model(texts: list[str]) -> MakeModel:
    """Give models with random weights, for which 3 % of the pairs of texts have a probability of 0.7 or more."""
    proto = build_vocabulary([f"{a} {b} {c}" for a in WORDS for b in WORDS for c in WORDS[::3]], size=60).proto
    pairs = list(itertools.combinations(sorted(set(texts)), 2))

    def make(head: str) -> PairModel:
        options: dict[str, Any] = {"encoder": "bag", "dim": 16, "head": head}
        options |= {"head_units": 8} if head in ("mlp", "alignment") else {}
        options |= {"encoder": "lstm", "units": 8, "alignment_units": 8} if head == "alignment" else {}
        architecture = Architecture(**options)
        weights = random_weights(architecture, Tokenizer(proto).size, scale=0.6)
        model = PairModel(architecture=architecture, vocabulary=proto, weights=weights)
        raw = model.score_details(pairs).raw
        slope = 3 / float(raw.std())
        intercept = log_odds(0.7) - slope * float(np.quantile(raw, 0.97))
        model.calibration = Calibration(slope=slope, intercept=intercept, threshold=0.7)
        return model

    return make


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Give the URL of a PostgreSQL server with pgvector."""
    with running_server() as url:
        yield url


@pytest.fixture
def schema(server: str, request: pytest.FixtureRequest) -> str:
    """Give the URL of a place in it that no other test has."""
    return f"{server}&schema=test_{abs(hash(request.node.nodeid))}"


@pytest.fixture(params=["sqlite", IN_POSTGRES])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Give a place for an index, of each kind."""
    return tmp_path / "faq.db" if request.param == "sqlite" else str(request.getfixturevalue("schema"))
