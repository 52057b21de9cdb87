"""The training loop: steps, schedule, evaluation on dev, early stopping, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from textsiam.arrays import Array
from textsiam.errors import TrainingError, TrainingInterrupted
from textsiam.progress import Progress
from textsiam.training.averaging import AveragedWeights
from textsiam.training.checkpoint import RunState, Weights, load_checkpoint, remove_checkpoint, save_checkpoint
from textsiam.training.collator import PaddedCollator
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.distributed import Processes
from textsiam.training.known_same import known_same
from textsiam.training.layouts import prepares_shapes
from textsiam.training.mining import MinedRows, Miner
from textsiam.training.network import SiameseNetwork
from textsiam.training.objective import Objective
from textsiam.training.precision import autocast
from textsiam.training.runlog import RunLog
from textsiam.training.sampler import LengthBucketSampler
from textsiam.training.stopping import stop_request
from textsiam.training.subword_sampling import SubwordSampling

CHECKPOINT_SECONDS = 120.0  # a killed run loses at most this
LOG_STEPS = 20  # steps between two writes of the log

Evaluator = Callable[[SiameseNetwork], dict[str, float]]


@dataclass(kw_only=True)
class TrainingLoop:
    """One run: trains ``network`` in place on ``pairs``; ``run`` returns what happened.

    ``evaluate`` (None: another process does) gives dev metrics, of which ``metric`` decides what is best (None: nothing
    is evaluated, and the last weights are taken). ``collate`` makes the batches, and ``groups`` (int64, (n,); None: as
    ``known_same`` gives them) says which of the pairs' n texts are the same. ``folder``
    keeps checkpoint and log (None: neither). ``identity`` is the fingerprint of options and data, which a resumed run
    must share. ``sampling`` cuts texts anew for each batch. ``miner`` (None: another process does, or
    ``hard_negatives`` is 0) finds the pairs that are trained on besides, in each epoch but the first. Of several
    ``processes`` all run this loop, and take equal steps; the first one evaluates, mines and writes. ``patient``: other
    processes wait for this one meanwhile, and a stop is asked for several times.
    """

    network: SiameseNetwork
    objective: Objective
    pairs: TokenizedPairs
    config: TrainConfig
    device: torch.device
    evaluate: Evaluator | None
    metric: str | None
    identity: str
    folder: Path | None = None
    sampling: SubwordSampling | None = None
    miner: Miner | None = None
    collate: type[PaddedCollator] = PaddedCollator
    groups: Array | None = None
    processes: Processes = Processes()  # noqa: RUF009 - frozen
    patient: bool = False

    def __post_init__(self) -> None:
        config, pairs = self.config, self.pairs
        self.mined: MinedRows | None = None
        if config.hard_negatives:
            self.mined = MinedRows(pairs, share=config.hard_negatives, seed=config.seed)
            pairs = self.mined.pairs
        self.sampler = LengthBucketSampler(
            pairs.pair_lengths,
            pairs.labels,
            batch_size=config.batch_size,
            balanced=config.balanced,
            seed=config.seed,
        )
        groups = self.groups
        if groups is None and self.objective.needs_known_same:
            groups = known_same(pairs)
        with autocast(config.precision, self.device):
            rounded = config.encoder != "bag" and prepares_shapes(self.device)
        self.collator = self.collate(pairs, rounded=rounded, groups=groups, sampling=self.sampling)
        self.total_steps = self.sampler.batches_per_epoch * config.epochs
        self.total_pairs = self.sampler.pairs_per_epoch * config.epochs
        self.optimizer = torch.optim.AdamW(_parameter_groups(self.network, config.weight_decay), fused=True)
        self.state = RunState(identity=self.identity)
        self.best: Weights | None = None
        averages = config.averaging > 0 and self.processes.is_first  # the only one that evaluates and writes
        self.average = AveragedWeights(self.network, config.averaging) if averages else None

    def resume(self) -> None:
        """Go on from the checkpoint in ``folder``; TrainingError if there is none that fits."""
        if self.folder is None:
            raise TrainingError("resuming needs the folder of the run that was stopped")
        loaded = load_checkpoint(self.folder, self.identity, self.network, self.optimizer)
        self.state, self.best = loaded.state, loaded.best
        if self.average is not None and loaded.average is not None:
            self.average.network.load_state_dict(loaded.average)
        if loaded.mined is not None:
            self._train_on(loaded.mined)

    def run(self, bar: Progress) -> RunState:
        """Train to the end and leave the best weights in ``network`` (of the first process).

        On Ctrl-C raises TrainingInterrupted, once the checkpoint is written.
        """
        log = RunLog(self.folder if self.processes.is_first else None, from_step=self.state.step)
        self._train(bar, log)
        if self.processes.is_first and self.metric is not None:
            assert self.best is not None  # the last step is always evaluated
            self.network.load_state_dict(self.best)
        return self.state

    def finished(self) -> None:
        """Remove the checkpoint, once the model that came out is safe."""
        if self.folder is not None:
            remove_checkpoint(self.folder)

    def _train(self, bar: Progress, log: RunLog) -> None:
        state, per_epoch = self.state, self.sampler.batches_per_epoch
        every = self.config.evaluate_every or per_epoch
        saved = time.monotonic()
        self.network.train()
        with stop_request(patient=self.patient or self.processes.count > 1) as stop:
            while state.step < self.total_steps and not self._out_of_patience():
                epoch, done = divmod(state.step, per_epoch)
                if done == 0 and epoch > 0 and self.mined is not None:
                    self._mine(epoch, self.mined, bar)
                for rows in self.sampler.batches(epoch)[done:]:
                    self._step(rows, bar, log)
                    due = state.step % every == 0 or state.step == self.total_steps
                    if due:
                        self._evaluate(bar, log)
                    stopping = self.processes.any(stop.is_set())
                    if due or time.monotonic() - saved > CHECKPOINT_SECONDS or stopping:
                        self._checkpoint(log)
                        saved = time.monotonic()
                    if stopping:
                        raise TrainingInterrupted(self.folder)
                    if self._out_of_patience():
                        break
        log.flush()

    def _mine(self, epoch: int, rows: MinedRows, bar: Progress) -> None:
        """Mine in the first process, with the weights that the epoch begins with; all train on what it found."""
        self._check_finite()
        mine = self.miner
        found = self.processes.from_first(None if mine is None else mine(self.network, epoch, rows.count))
        assert found is not None  # the first process mines
        self._train_on(found.ends)
        bar.note(f"{found.ends.shape[1]:,} of {rows.count:,} hard negatives mined, cosine below {found.bound:.3f}")

    def _train_on(self, mined: Array) -> None:
        assert self.mined is not None
        self.mined.put(mined)
        self.sampler.lengths = self.mined.pairs.pair_lengths

    def _step(self, rows: npt.NDArray[np.int64], bar: Progress, log: RunLog) -> None:
        started = time.perf_counter()
        rate = learning_rate(self.state.step, self.total_steps, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._gradients(rows)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        self.optimizer.step()
        if self.average is not None:
            self.average.update(self.network, self.state.step)
        self.state.step += 1
        self.state.pairs += len(rows)
        log.add({"step": self.state.step, "loss": loss, "lr": rate, "grad_norm": norm, "pairs": len(rows)})
        if self.state.step % LOG_STEPS:
            bar.advance(len(rows))
        else:
            log.flush()  # reads the losses: on a GPU, waits for the steps since the last time
            bar.advance(len(rows), f"loss {loss.item():.4f}")
        self.state.seconds += time.perf_counter() - started

    def _gradients(self, rows: npt.NDArray[np.int64]) -> torch.Tensor:
        """Leave the gradients of the mean loss over ``rows`` in the network; returns that loss."""
        self.optimizer.zero_grad(set_to_none=True)
        if self.processes.count == 1:
            loss = self._loss(rows)
            torch.autograd.backward(loss)
            return loss.detach()
        self.processes.seed(self.config.seed, self.state.step)
        mine = self.processes.part(rows)
        part = torch.zeros((), device=self.device)
        if len(mine):
            part = self._loss(mine) * (len(mine) / len(rows))  # the mean over all rows is the sum of these
            torch.autograd.backward(part)
        return self.processes.sum_up(self.network, part.detach())

    def _loss(self, rows: npt.NDArray[np.int64]) -> torch.Tensor:
        batch = self.collator(rows, (self.config.seed, self.state.step, self.processes.rank)).to(self.device)
        with autocast(self.config.precision, self.device):
            raw_B, vectors_UD = self.network.compare(batch)
        loss: torch.Tensor = self.objective(raw_B.float(), vectors_UD.float(), batch)
        return loss

    def _check_finite(self) -> None:
        """Raise TrainingError if training has diverged, before anything of it is judged or kept."""
        for name, weight in self.network.named_parameters():
            if not weight.isfinite().all():
                raise TrainingError(
                    f"training diverged: {name} is not finite after step {self.state.step}; "
                    "lower learning_rate or clip, or take precision fp32"
                )

    def _evaluate(self, bar: Progress, log: RunLog) -> None:
        """Evaluate in the first process; all come to know whether patience is at its end."""
        if self.metric is None:
            return
        if self.processes.is_first:
            self._evaluate_here(self.metric, bar, log)
        self.state.misses = self.processes.from_first(self.state.misses)

    def _evaluate_here(self, metric: str, bar: Progress, log: RunLog) -> None:
        self._check_finite()
        assert self.evaluate is not None
        judged = self.network if self.average is None else self.average.network
        metrics = self.evaluate(judged)
        self.network.train()
        state, value = self.state, metrics[metric]
        if state.best_metric is None or value > state.best_metric:
            state.best_metric, state.best_step, state.misses = value, state.step, 0
            self.best = {name: tensor.detach().clone() for name, tensor in judged.state_dict().items()}
        else:
            state.misses += 1
        record = {"step": state.step, "epoch": round(state.step / self.sampler.batches_per_epoch, 3), **metrics}
        state.history.append(record)
        log.add(record)
        shown = ", ".join(f"dev {name} {figure:.4f}" for name, figure in metrics.items())
        bar.note(f"epoch {record['epoch']:g}: {shown}{' (best)' if state.misses == 0 else ''}")

    def _out_of_patience(self) -> bool:
        return 0 < self.config.patience <= self.state.misses

    def _checkpoint(self, log: RunLog) -> None:
        if not self.processes.is_first:
            return
        log.flush()
        self._check_finite()
        if self.folder is not None:
            average = None if self.average is None else self.average.network.state_dict()
            mined = None if self.mined is None else self.mined.ends
            parts = (self.folder, self.state, self.network, self.optimizer)
            save_checkpoint(*parts, best=self.best, average=average, mined=mined)


def learning_rate(step: int, total_steps: int, config: TrainConfig) -> float:
    """Rate of step ``step`` (from 0): a linear rise over the warm-up, then half a cosine down to 0."""
    rising = math.ceil(config.warmup * total_steps)
    if step < rising:
        return config.learning_rate * (step + 1) / rising
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(total_steps - rising, 1)))


def _parameter_groups(network: SiameseNetwork, weight_decay: float) -> list[dict[str, Any]]:
    """Decay matrices only: biases are few, and most embeddings get no gradient in a step that could hold against it."""
    tables = [module for module in network.modules() if isinstance(module, nn.Embedding | nn.EmbeddingBag)]
    embeddings = {id(value) for table in tables for value in table.parameters()}
    trained = [value for value in network.parameters() if value.requires_grad]
    decayed = [value for value in trained if value.ndim > 1 and id(value) not in embeddings]
    others = [value for value in trained if value.ndim <= 1 or id(value) in embeddings]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
