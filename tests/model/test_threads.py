from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from tests.model.conftest import MakeModel
from tests.model.making import random_tokens
from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.model.architecture import Architecture
from textsiam.model.pair_model import PairModel
from textsiam.model.threads import with_threads
from textsiam.text.tokenizer import TokenIds


def _blas_threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_the_limit_holds_while_it_encodes_and_no_longer() -> None:
    seen: list[list[int]] = []

    def encoder(tokens: TokenIds) -> Array:
        seen.append(_blas_threads())
        return np.zeros((len(tokens), 2), dtype=np.float32)

    before = _blas_threads()
    assert before
    assert with_threads(encoder, 1)(random_tokens([2, 3], 9)).shape == (2, 2)
    assert set(seen[0]) == {1}
    assert _blas_threads() == before


@pytest.mark.parametrize("device", [None, "cpu"])
def test_a_model_with_a_limit_gives_the_same(device: str | None, make_model: MakeModel) -> None:
    model = make_model(Architecture(encoder="lstm", dim=8, units=6, head="cosine"))
    limited = PairModel(
        architecture=model.architecture,
        vocabulary=model.tokenizer.proto,
        weights=model.weights,
        device=device,
        threads=1,
    )
    texts = ["one text", "another text", ""]
    assert np.abs(limited.encode(texts) - model.encode(texts)).max() < 1e-5


@pytest.mark.parametrize("threads", [0, -1, 1.5, True])
def test_a_number_of_threads_that_is_none(threads: object, make_model: MakeModel) -> None:
    model = make_model(Architecture(encoder="bag", dim=8, head="cosine"))
    with pytest.raises(OptionError, match="threads is"):
        PairModel(
            architecture=model.architecture,
            vocabulary=model.tokenizer.proto,
            weights=model.weights,
            threads=threads,  # type: ignore[arg-type] # wrong on purpose
        )
