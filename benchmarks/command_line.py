"""Training through textsiam's command line, as a user does it, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from judging import Scored
from splits import read_sides

from textsiam import PairModel

SEED = "7"


def run_train(train: Path, out: Path, options: Sequence[str], command_name: str = "train", seed: str = SEED) -> float:
    """Run ``textsiam train``, or another command that trains, and return its minutes.

    Those of reading, vocabulary, tokenizing and calibration are among them.
    """
    command = [sys.executable, "-m", "textsiam", command_name, str(train), "--out", str(out), "--overwrite"]
    command += ["--seed", seed, *options]
    started = time.monotonic()
    status = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    return (time.monotonic() - started) / 60


def trained(
    folder: Path, place: Path, train: Sequence[str], teachers: Sequence[str] = (), precision: str = "auto"
) -> Scored:
    """Train on train.tsv (best checkpoint, calibration and threshold by dev.tsv), score dev and test in NumPy.

    ``train`` are the options of ``textsiam train``, or with ``teachers``, rows that are finished, of ``textsiam
    distill``; the model is kept in ``place``/model.
    """
    model_folder = place / "model"
    options, command_name = ["--dev", str(folder / "dev.tsv"), "--precision", precision, *train], "train"
    for teacher in teachers:
        options, command_name = [*options, "--teacher", str(place.parent / teacher / "model")], "distill"
    minutes = run_train(folder / "train.tsv", model_folder, options, command_name)
    details = json.loads((model_folder / "config.json").read_text(encoding="utf-8"))["details"]
    model, sides = PairModel.load(model_folder), read_sides(folder)
    dev, test = (
        model.score_pairs(zip(sides[side].text_a, sides[side].text_b, strict=True)) for side in ("dev", "test")
    )
    return Scored(
        dev=dev,
        test=test,
        minutes=minutes,
        threshold=model.calibration.threshold,
        parameters=details["parameters"],
        setting=f"{details['pairs_per_second']:,.0f} pairs/s, best of {details['steps']:,} steps "
        f"{details['best_step']:,}, {details['threads']} threads, {details['precision']}, "
        f"trained on {details['machine']}",
    )
