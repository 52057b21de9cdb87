from __future__ import annotations

from collections.abc import Callable

import numpy as np

from textsiam.arrays import Array
from textsiam.training.taught import digest


def test_a_digest_tells_shapes_types_and_numbers_apart() -> None:
    x = np.arange(6, dtype=np.float32)
    different: list[Callable[[], Array]] = [lambda: x, lambda: x.reshape(2, 3), lambda: x.astype(float), lambda: x + 1]
    assert len({digest(make()) for make in different}) == 4
    assert digest(x.reshape(2, 3).T) == digest(x.reshape(2, 3).T.copy())
