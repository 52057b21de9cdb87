"""In which precision torch computes: bf16 or fp32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch


def computes_bf16(device: torch.device) -> bool:
    """Tell whether the device has matrix instructions for bf16."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    return bool(torch.cpu._is_amx_tile_supported())


def chosen_precision(precision: str, device: torch.device) -> str:
    """Give "fp32" or "bf16" for ``precision`` ("auto", "fp32", "bf16") on a device."""
    if precision == "auto":
        return "bf16" if computes_bf16(device) else "fp32"
    return precision


def autocast(precision: str, device: torch.device) -> AbstractContextManager[Any]:
    """Compute in bf16 where ``precision`` ("auto", "fp32", "bf16") says so, with weights and sums kept in fp32."""
    if chosen_precision(precision, device) == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()
