"""Figures that are kept in a folder beside the options that they were made with, so that nothing runs twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from textsiam.atomic import write_atomically

Figures = dict[str, Any]


def kept_figures(path: Path, options: dict[str, Any]) -> Figures | None:
    """Read figures, if they are there and were made with these options (JSON values)."""
    if not path.exists():
        return None
    kept: Figures = json.loads(path.read_text(encoding="utf-8"))
    return kept if kept["options"] == options else None


def keep_figures(path: Path, options: dict[str, Any], figures: Figures) -> None:
    """Write figures and their options; a kill at any moment leaves what was there before or all of them."""
    write_atomically(path, json.dumps({"options": options, **figures}, indent=2))
