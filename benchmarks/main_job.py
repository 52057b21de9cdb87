"""Train and evaluate the README's rows on Quora Question Pairs, through the command line, one Markdown table out.

    python benchmarks/main_job.py --data ../shared/data/qqp --out /tmp/qqp

trains each row on train.tsv (best checkpoint, calibration and threshold by dev.tsv), evaluates it once on test.tsv, and
once more on the part of test.tsv that no question links to train.tsv. ``--rows`` takes some rows only; rows that were
finished with the same options are kept in OUT and only shown again. Minutes and memory are those of the whole training
process: reading, vocabulary, tokenizing and calibration included.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from textsiam import question_components, read_pairs
from textsiam.training.card import wilson_interval

LSTM = ["--encoder", "lstm", "--dim", "128", "--bidirectional", "--dropout", "0.1", "--learning-rate", "0.004"]
COSINE_LSTM = [*LSTM, "--units", "64", "--pooling", "mean", "--epochs", "4", "--head", "cosine"]
ROWS = {
    "bag-contrastive": [
        *("--encoder", "bag", "--dim", "256", "--head", "cosine", "--loss", "contrastive"),
        *("--epochs", "5", "--batch-size", "512", "--learning-rate", "0.005"),
    ],
    "lstm-cosine-embedding": [*COSINE_LSTM, "--loss", "cosine_embedding"],
    "lstm-contrastive": [*COSINE_LSTM, "--loss", "contrastive"],
    "lstm-mlp": [
        *(*LSTM, "--units", "128", "--epochs", "5", "--head", "mlp", "--loss", "bce"),
    ],
}


def run_row(name: str, data: Path, out: Path) -> dict[str, Any]:
    """Train and evaluate one row in processes of their own; returns its figures."""
    model = out / name
    command = [sys.executable, "-m", "textsiam", "train", str(data / "train.tsv"), "--dev", str(data / "dev.tsv")]
    minutes, megabytes = measure([*command, "--out", str(model), "--seed", "7", *ROWS[name]])
    details = json.loads((model / "config.json").read_text(encoding="utf-8"))["details"]
    return {
        "row": name,
        "options": ROWS[name],
        "minutes": minutes,
        "megabytes": megabytes,
        "pairs_per_second": details["pairs_per_second"],
        "machine": details["machine"],
        "threads": details["threads"],
        "test": evaluate(model, data / "test.tsv"),
        "unlinked": evaluate(model, unlinked_part(data, out)),
    }


def measure(command: list[str]) -> tuple[float, float]:
    """Run a command; returns its minutes and its peak memory in MB (of the largest single process)."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with status {status}")
    return (time.monotonic() - started) / 60, usage.ru_maxrss / (1024 if platform.system() == "Linux" else 1024**2)


def evaluate(model: Path, pairs: Path) -> dict[str, Any]:
    """Evaluate through the command line."""
    command = [sys.executable, "-m", "textsiam", "evaluate", str(model), str(pairs), "--json"]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def unlinked_part(data: Path, out: Path) -> Path:
    """Write the test pairs whose component, over train and test together, holds no training pair."""
    path = out / "test-unlinked.tsv"
    if path.exists():
        return path
    train, test = read_pairs(data / "train.tsv"), read_pairs(data / "test.tsv")
    components = question_components([*train, *test])
    fresh = ~np.isin(components[len(train) :], components[: len(train)])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["question1", "question2", "is_duplicate"])
        writer.writerows((a, b, int(label)) for a, b, label in test.select(np.flatnonzero(fresh)))
    return path


def table(results: list[dict[str, Any]]) -> str:
    """Lay the rows out in Markdown, accuracy with its 95 % Wilson interval."""
    lines = [
        "| model | accuracy (95 % interval) | ROC-AUC | AP "
        "| unlinked: accuracy | ROC-AUC | minutes | pairs/s | peak MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in results:
        test, fresh = row["test"], row["unlinked"]
        low, high = wilson_interval(round(test["accuracy"] * test["pairs"]), test["pairs"])
        lines.append(
            f"| {row['row']} | {test['accuracy']:.2%} ({low:.1%} to {high:.1%}) | {test['roc_auc']:.4f} | "
            f"{test['average_precision']:.4f} | {fresh['accuracy']:.2%} | {fresh['roc_auc']:.4f} | "
            f"{row['minutes']:.1f} | {row['pairs_per_second']:,.0f} | {row['megabytes']:,.0f} |"
        )
    first = results[0]
    sizes = f"{first['test']['pairs']:,} test pairs, {first['unlinked']['pairs']:,} of them unlinked to train"
    machines = sorted({f"{row['machine']}, {row['threads']} threads" for row in results})
    return "\n".join([*lines, "", f"{sizes}; {' or '.join(machines)}"])


def main() -> None:
    """Read the options, run what is not there yet, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv, dev.tsv and test.tsv of QQP")
    parser.add_argument("--out", type=Path, required=True, help="folder for the models and figures")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.rows:
        path = options.out / f"{name}.json"
        if not path.exists() or json.loads(path.read_text(encoding="utf-8"))["options"] != ROWS[name]:
            path.write_text(json.dumps(run_row(name, options.data, options.out), indent=2), encoding="utf-8")
    done = [options.out / f"{name}.json" for name in ROWS]
    print(table([json.loads(path.read_text(encoding="utf-8")) for path in done if path.exists()]))


if __name__ == "__main__":
    main()
