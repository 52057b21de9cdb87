from __future__ import annotations

import pytest
import torch

from textsiam.training.precision import autocast, chosen_precision, computes_bf16

CPU = torch.device("cpu")


@pytest.mark.parametrize("tiles", [False, True])
def test_bf16_by_itself_where_the_processor_multiplies_tiles(monkeypatch: pytest.MonkeyPatch, tiles: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    assert computes_bf16(CPU) is tiles
    assert chosen_precision("auto", CPU) == ("bf16" if tiles else "fp32")
    assert [chosen_precision(name, CPU) for name in ("bf16", "fp32")] == ["bf16", "fp32"]


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("auto", None)])
def test_precision(precision: str, dtype: torch.dtype | None) -> None:
    expected = dtype or (torch.bfloat16 if computes_bf16(CPU) else torch.float32)
    with autocast(precision, CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected
