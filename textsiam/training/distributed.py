"""One run on several processes, as torchrun starts them: each takes its part of every batch, and all stay equal.

The first process reads, tokenizes, evaluates and writes; the others open its token ids and take part in the steps.
"""

from __future__ import annotations

import importlib
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import numpy as np
import torch
from torch import distributed

from textsiam.arrays import Array
from textsiam.errors import TrainingError

T = TypeVar("T")

# The others wait while the first one reads, tokenizes and evaluates; when one ends, torchrun ends them all.
PATIENCE = timedelta(days=7)
_RUNS = itertools.count()  # of this process, and so of all the others


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those of its run; by default it is alone.

    ``rank`` counts from 0, ``count`` is their number, ``here`` the number of those on this machine.
    """

    rank: int = 0
    count: int = 1
    here: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that reads, evaluates and writes."""
        return self.rank == 0

    def part(self, rows: Array) -> Array:
        """Take this process's part of a batch: every ``count``-th row, for a batch is sorted by length."""
        return rows[self.rank :: self.count]

    def threads(self, asked: int) -> int:
        """Share ``asked`` threads (0: one for each processor) out among the processes on this machine."""
        return max(1, (asked or os.cpu_count() or 1) // self.here)

    def seed(self, seed: int, step: int) -> None:
        """Seed torch for a step of several processes: dropout differs between them, and needs no state to resume."""
        drawn = np.random.SeedSequence([seed, step, self.rank]).generate_state(1, np.uint64)
        torch.manual_seed(int(drawn[0]))

    def sum_up(self, network: torch.nn.Module, loss: torch.Tensor) -> torch.Tensor:
        """Add up the gradients and the loss (a scalar) over the processes; returns the summed loss.

        One sum over one flat tensor, in place of DistributedDataParallel: that divides by the number of processes,
        which is the mean over a batch only where all parts are of one size; and the last batch of an epoch may even be
        smaller than the number of processes. What it would gain, sums that start while the backward pass runs, is
        little for networks that are one large embedding, whose gradient is complete last.
        """
        parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([*(gradient.reshape(-1) for gradient in gradients), loss.reshape(1)])
        with _told():
            distributed.all_reduce(flat)
        pieces = torch.split(flat[:-1], [parameter.numel() for parameter in parameters])
        for parameter, piece in zip(parameters, pieces, strict=True):
            parameter.grad = piece.view_as(parameter)
        return flat[-1].clone()  # a view would keep the gradients until the loss is logged

    def share(self, network: torch.nn.Module) -> None:
        """Give the first process's weights to all: it alone may know what they start from."""
        if self.count == 1:
            return
        with _told():
            for weight in network.state_dict().values():
                distributed.broadcast(weight, src=0)

    def any(self, flag: bool) -> bool:
        """Tell whether ``flag`` is set in any process; all of them must ask."""
        if self.count == 1:
            return flag
        flags = torch.tensor(int(flag))
        with _told():
            distributed.all_reduce(flags)
        return bool(flags)

    def from_first(self, value: T) -> T:
        """Give the first process's ``value`` to all of them, who must all ask."""
        if self.count == 1:
            return value
        values = [value]
        with _told():
            distributed.broadcast_object_list(values, src=0, device=torch.device("cpu"))
        return values[0]


@contextmanager
def joined(device: torch.device) -> Iterator[tuple[Processes, torch.device]]:
    """Join the processes that torchrun has started, or a group of torch.distributed that the caller has made.

    Gives also the device of this process: of GPUs, the one with its number on this machine. TrainingError where there
    are fewer GPUs than processes.
    """
    made_before = distributed.is_available() and distributed.is_initialized()
    if not made_before and int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Processes(), device
        return
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if device.type == "cuda":
        if local >= torch.cuda.device_count():
            raise TrainingError(
                f"process {local} of this machine finds {torch.cuda.device_count()} GPUs; start one process for each"
            )
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    if not made_before:
        # An optimizer imports it, and where there is a group by then, it keeps that group's threads to the end of the
        # interpreter, where some of them ended in a crash.
        importlib.import_module("torch._dynamo")
        from torch.distributed.distributed_c10d import PrefixStore  # not in every build of torch
        from torch.distributed.rendezvous import rendezvous

        with _told():
            store, rank, count = next(rendezvous("env://", timeout=PATIENCE))
            store.set_timeout(PATIENCE)
            # Torchrun keeps one store for all runs of a script: under the same names a second one would find what is
            # left of the first.
            store = PrefixStore(f"textsiam run {next(_RUNS)}", store)
            backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
            distributed.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=PATIENCE)
    count = distributed.get_world_size()
    try:
        yield Processes(distributed.get_rank(), count, int(os.environ.get("LOCAL_WORLD_SIZE", count))), device
    finally:
        if not made_before:
            distributed.destroy_process_group()


@contextmanager
def _told() -> Iterator[None]:
    """Say in one line that the processes do not find each other, or one has ended: that one has told the reason."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise TrainingError(
            "the processes of this run cannot go on together; start them by torchrun, or look for what another of them "
            f"has told: {reason:.200}"
        ) from error
