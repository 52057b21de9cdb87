"""Equal seed, equal machine, equal weights: what torch is told for the time of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from textsiam.training.config import TrainConfig
from textsiam.training.distributed import Processes
from textsiam.training.runtime import deterministic_algorithms


@contextmanager
def reproducible(config: TrainConfig, device: torch.device, processes: Processes) -> Iterator[None]:
    """Seed torch and hold it to deterministic algorithms and ``threads``; put the caller's settings back afterwards."""
    threads = torch.get_num_threads()
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with it
    # without naming it, torch warns where there are several GPUs
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else None), deterministic_algorithms():
        torch.manual_seed(config.seed)
        if config.threads or processes.count > 1:
            torch.set_num_threads(processes.threads(config.threads))
        try:
            yield
        finally:
            torch.set_num_threads(threads)
