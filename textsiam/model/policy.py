"""The decision policy of a model folder, read and replaced without the weights."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from textsiam.errors import ModelFolderError
from textsiam.model.calibration import Calibration
from textsiam.model.decisions import Decision, Decisions, adopted
from textsiam.model.folder import as_json, read_folder, write_folder

CALIBRATION, DECISIONS = "calibration.json", "decisions.json"


def policy_files(calibration: Calibration, decisions: Decisions | None) -> dict[str, bytes]:
    """Give the files of a folder that hold them."""
    files = {CALIBRATION: as_json(dataclasses.asdict(calibration))}
    return files if decisions is None else {**files, DECISIONS: as_json(decisions.to_dict())}


def calibration_of(files: Mapping[str, bytes]) -> Calibration:
    """Read the calibration from a folder's files; raises ValueError, KeyError or TypeError where it is none."""
    return Calibration(**json.loads(files[CALIBRATION]))


def decisions_of(files: Mapping[str, bytes]) -> Decisions | None:
    """Read what dev promises, None where the folder does not keep it; raises as ``calibration_of`` does."""
    return Decisions(**json.loads(files[DECISIONS])) if DECISIONS in files else None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a folder says of probabilities and thresholds; ``graded``: the model learned grades."""

    folder: Path
    calibration: Calibration
    decisions: Decisions | None
    graded: bool

    def replace(self, decision: Decision) -> None:
        """Make a decision the folder's own: calibration and card change, all other files stay; raises as ``save``."""
        files = read_folder(self.folder)
        calibration, card = adopted(decision, self.calibration, files.get("README.md", b"").decode())
        write_folder(self.folder, {**files, **policy_files(calibration, None), "README.md": card.encode()})


def read_policy(folder: Path) -> Policy:
    """Read the policy of a model folder; raises ModelFolderError as ``PairModel.load`` does."""
    files = read_folder(folder)
    try:
        return Policy(
            folder=folder,
            calibration=calibration_of(files),
            decisions=decisions_of(files),
            graded=bool(json.loads(files["config.json"])["details"].get("graded")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFolderError(f"{folder} was altered: its files do not make a model ({error!r})") from error
