from __future__ import annotations

import pytest
import torch

from textsiam.training.precision import autocast, chosen_precision, computes_bf16

CPU = torch.device("cpu")


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("auto", None)])
def test_precision(precision: str, dtype: torch.dtype | None) -> None:
    expected = dtype or (torch.bfloat16 if computes_bf16(CPU) else torch.float32)
    assert chosen_precision(precision, CPU) == {torch.float32: "fp32", torch.bfloat16: "bf16"}[expected]
    with autocast(precision, CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected
