"""What a model folder keeps of dev and training texts; the decision policy, replaced without the weights."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textsiam.errors import ModelFolderError
from textsiam.model.calibration import FALLS, Calibration
from textsiam.model.decisions import Decision, Decisions, adopted
from textsiam.model.folder import as_json, read_folder, write_folder
from textsiam.model.seen_texts import SeenTexts

CALIBRATION, DECISIONS, SEEN_TEXTS = "calibration.json", "decisions.json", "seen_texts.bin"


def kept_files(calibration: Calibration, decisions: Decisions | None, seen: SeenTexts | None) -> dict[str, bytes]:
    """Give the files of a folder that hold these; None has no file."""
    files = {CALIBRATION: as_json(dataclasses.asdict(calibration))}
    files |= {} if decisions is None else {DECISIONS: as_json(decisions.to_dict())}
    return files if seen is None else {**files, SEEN_TEXTS: seen.to_bytes()}


def kept_parts(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Read calibration, decisions and seen_texts from a folder's files; ValueError, KeyError or TypeError of others."""
    return {
        "calibration": Calibration(**json.loads(files[CALIBRATION])),
        "decisions": Decisions(**json.loads(files[DECISIONS])) if DECISIONS in files else None,
        "seen_texts": SeenTexts.from_bytes(files[SEEN_TEXTS]) if SEEN_TEXTS in files else None,
    }


def is_calibrated(details: Mapping[str, Any]) -> bool:
    """Tell by a model's details whether probabilities were fitted to dev: not if it was imported without such pairs."""
    return details.get("calibrated") is not False


UNCALIBRATED = "not calibrated: its probabilities and its threshold mean nothing; import it with dev pairs (--dev)"


def doubt(details: Mapping[str, Any], calibration: Calibration) -> str | None:
    """Say why a model's probabilities are not to be relied on; None where they are."""
    if not is_calibrated(details):
        return UNCALIBRATED
    return None if calibration.rises else FALLS


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a folder says of probabilities and thresholds, ``details`` of the model besides."""

    folder: Path
    calibration: Calibration
    decisions: Decisions | None
    details: Mapping[str, Any]

    @property
    def graded(self) -> bool:
        """Whether the model learned grades."""
        return bool(self.details.get("graded"))

    def replace(self, decision: Decision) -> None:
        """Make a decision the folder's own: calibration and card change, all other files stay; raises as ``save``."""
        files = read_folder(self.folder)
        calibration, card = adopted(decision, self.calibration, files.get("README.md", b"").decode())
        write_folder(self.folder, {**files, **kept_files(calibration, None, None), "README.md": card.encode()})


def read_policy(folder: Path) -> Policy:
    """Read the policy of a model folder; raises ModelFolderError as ``PairModel.load`` does."""
    files = read_folder(folder)
    try:
        parts = kept_parts(files)
        return Policy(
            folder=folder,
            calibration=parts["calibration"],
            decisions=parts["decisions"],
            details=dict(json.loads(files["config.json"])["details"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFolderError(f"{folder} was altered: its files do not make a model ({error!r})") from error
