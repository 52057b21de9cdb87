"""Where a run keeps its checkpoint, and the writing of the model folder beside it."""

from __future__ import annotations

from pathlib import Path

from textsiam.errors import ModelFolderError, TrainingError
from textsiam.model.folder import check_target
from textsiam.model.pair_model import PairModel
from textsiam.training.checkpoint import PRETRAINING, has_checkpoint


def run_folder(out: str | Path) -> Path:
    """Where the checkpoint and log of a run that makes the model folder ``out`` stand."""
    return Path(f"{Path(out)}.run")


def save_model(model: PairModel, out: Path) -> None:
    """Write the model folder; ModelFolderError says where the weights are kept if that fails."""
    try:
        model.save(out)
    except ModelFolderError as error:
        raise ModelFolderError(
            f"{error}; the weights are kept in {run_folder(out)}, resume (--resume) saves them"
        ) from error


def claim(out: Path, *, resume: bool) -> Path:
    """Check that ``out`` can be written and that no stopped run would be lost; returns the run's folder."""
    check_target(out)
    folder = run_folder(out)
    if resume and not is_kept(folder):
        raise TrainingError(f"there is no checkpoint in {folder} to resume from; start without resume (--resume)")
    if is_kept(folder) and not resume:
        raise TrainingError(
            f"a run that was stopped is kept in {folder}; go on with resume (--resume), or remove that folder first"
        )
    return folder


def is_kept(folder: Path) -> bool:
    """Tell whether ``folder`` keeps a run that was stopped, while it trained or pretrained."""
    return has_checkpoint(folder) or has_checkpoint(folder / PRETRAINING)
