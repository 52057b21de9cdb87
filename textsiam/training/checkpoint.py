"""The state of an unfinished run in one safetensors file, so that going on equals never having stopped, bit for bit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
import safetensors.torch
import torch

from textsiam.arrays import Array
from textsiam.atomic import write_atomically
from textsiam.errors import TrainingError

FILE = "checkpoint.safetensors"
PRETRAINING = "pretraining"  # the folder, in that of the run, of the checkpoint of the pretraining


@dataclass(slots=True)
class RunState:
    """Where a run stands.

    ``step`` counts finished steps, ``pairs`` the pairs that they took and ``seconds`` their time; ``best_metric`` (None
    before the first evaluation) belongs to ``best_step``; ``misses`` counts evaluations since then; ``history`` holds
    one record for each evaluation; ``identity`` is the fingerprint of the options and data that the run belongs to.
    """

    identity: str
    step: int = 0
    pairs: int = 0
    best_metric: float | None = None
    best_step: int = 0
    misses: int = 0
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)


Weights = dict[str, torch.Tensor]


class Loaded(NamedTuple):
    """A run's state, best and averaged weights, and mined pairs, int64 (2, M), as a checkpoint holds them."""

    state: RunState
    best: Weights | None
    average: Weights | None
    mined: Array | None


def save_checkpoint(
    folder: Path,
    state: RunState,
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    best: Weights | None,
    average: Weights | None,
    mined: Array | None,
) -> None:
    """Write the checkpoint; a kill at any moment leaves the one before, or this one.

    ``mined`` (int64, (2, M)) are the mined pairs of the epoch, if any: its weights are no longer there to mine again.
    """
    tensors: Weights = {f"network.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in (best or {}).items()}
    tensors |= {f"average.{name}": value for name, value in (average or {}).items()}
    for number, slots in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{slot}": value for slot, value in slots.items()}
    if mined is not None:
        tensors["mined"] = torch.from_numpy(mined)
    tensors["random.cpu"] = torch.get_rng_state()
    if any(value.is_cuda for value in network.state_dict().values()):
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = safetensors.torch.save(_apart(tensors), metadata={"state": json.dumps(asdict(state))})
        write_atomically(folder / FILE, content)
    except OSError as error:
        raise TrainingError(
            f"the checkpoint in {folder} could not be saved: {error.strerror}; the one before is unchanged"
        ) from error


def load_checkpoint(folder: Path, identity: str, network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> Loaded:
    """Put a run back to where its checkpoint in ``folder`` stands; returns what is not in network and optimizer.

    Raises TrainingError if there is none, it is damaged, or it belongs to other options or data.
    """
    path = folder / FILE
    if not path.is_file():
        raise TrainingError(f"there is no checkpoint in {folder} to resume from; start without resume (--resume)")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            state = RunState(**json.loads(file.metadata()["state"]))
            # cloned, for what is mapped from the file would keep Windows from replacing it
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (OSError, safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} is damaged ({error}); remove it and start without resume (--resume)") from error
    if state.identity != identity:
        run = folder.parent if folder.name == PRETRAINING else folder
        raise TrainingError(
            f"the checkpoint in {run} belongs to a run with other options or data; "
            "give the same ones, or remove that folder and start without resume (--resume)"
        )
    network.load_state_dict(_under("network.", tensors))
    _load_optimizer(optimizer, _under("optimizer.", tensors))
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"])
    mined = tensors["mined"].numpy() if "mined" in tensors else None
    return Loaded(state, _under("best.", tensors) or None, _under("average.", tensors) or None, mined)


def has_checkpoint(folder: Path) -> bool:
    """Tell whether ``folder`` keeps a run that was stopped."""
    return (folder / FILE).exists()


def remove_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a run that has finished, and that of its pretraining."""
    (folder / PRETRAINING / FILE).unlink(missing_ok=True)
    (folder / FILE).unlink(missing_ok=True)


def _under(prefix: str, tensors: Weights) -> Weights:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _apart(tensors: Weights) -> Weights:
    """Give contiguous tensors that share no memory, which safetensors refuses: a custom encoder may tie its weights."""
    seen: set[int] = set()
    apart: Weights = {}
    for name, value in tensors.items():
        place = value.untyped_storage().data_ptr()
        apart[name] = value.clone() if place in seen else value
        seen.add(place)
    return {name: value.contiguous() for name, value in apart.items()}


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: Weights) -> None:
    whole = optimizer.state_dict()
    for name, value in tensors.items():
        number, slot = name.split(".", 1)
        whole["state"].setdefault(int(number), {})[slot] = value
    optimizer.load_state_dict(whole)
