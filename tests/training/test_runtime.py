from __future__ import annotations

import pytest
import torch

from tests.model.making import random_tokens
from textsiam.errors import OptionError
from textsiam.training import runtime
from textsiam.training.runtime import deterministic_algorithms, device_name, find_device

CPU = torch.device("cpu")


def test_devices_by_name() -> None:
    assert find_device("cpu") == CPU
    assert find_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_devices_are_named() -> None:
    assert device_name(CPU) == "cpu"
    if torch.cuda.is_available():
        assert device_name(torch.device("cuda")) == torch.cuda.get_device_name(0)


@pytest.mark.parametrize("name", ["gpu", "mps", "meta", ""])
def test_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match="expected cpu or cuda"):
        find_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(OptionError, match="torch finds no GPU"):
        find_device("cuda")


@pytest.mark.parametrize("warn_only", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
def test_deterministic_algorithms_leave_the_callers_settings(enabled: bool, warn_only: bool) -> None:
    memory = torch.utils.deterministic

    def settings() -> tuple[bool, bool, bool]:
        enabled = torch.are_deterministic_algorithms_enabled()
        return enabled, torch.is_deterministic_algorithms_warn_only_enabled(), memory.fill_uninitialized_memory  # type: ignore[attr-defined] # set by torch at run time

    def fail_within() -> None:
        with deterministic_algorithms():
            _ = 1 / 0

    before = settings()
    try:
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        mine = settings()
        with deterministic_algorithms():
            assert settings() == (True, False, False)
        assert settings() == mine
        with pytest.raises(ZeroDivisionError):
            fail_within()
        assert settings() == mine
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def test_texts_are_encoded_in_batches_that_memory_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "TEXTS_AT_ONCE", 4)
    monkeypatch.setattr(runtime, "TOKENS_AT_ONCE", 12)
    shapes: list[tuple[int, int]] = []

    class Lengths(torch.nn.Module):
        def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
            shapes.append((len(ids_BT), ids_BT.shape[1]))
            return lengths_B[:, None].float()

    lengths = [1, 50, 3, 0, 2, 2, 5, 1, 6, 3, 2]
    vectors = runtime.encode_tokens(Lengths(), random_tokens(lengths, 9), 1, CPU)
    assert vectors[:, 0].tolist() == lengths
    assert shapes[0] == (4, 2)
    assert all(rows == 1 or (rows <= 4 and rows * steps <= 12) for rows, steps in shapes)
    assert shapes[-1] == (1, 50)
