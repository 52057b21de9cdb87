"""Other corpora, by what is learned on Quora Question Pairs: STS Benchmark, SICK and PAWS-Wiki, in Markdown.

    python benchmarks/transfer.py --data ../shared/data --out /tmp/qqp --base lstm-mlp

``--data`` is the folder with qqp, stsb, sick and paws-wiki; OUT and the base are those of ``quality.py``, whose row
BASE is finished there. All go on from its model. STS Benchmark and SICK do so with their own grades (train, early
stopping and calibration by their dev parts, one look at test), PAWS-Wiki with QQP's train.tsv and half of PAWS's pairs,
step and threshold by QQP's dev.tsv; it is judged on the other half, which shares no sentence with the first, and on
QQP's test.tsv beside the base. A tenth of the first half is not trained on: it chooses a second threshold, for PAWS.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from command_line import run_train
from judging import Scored, figures
from kept import Figures, keep_figures, kept_figures
from quality import ROWS, SPLITS, accuracy_cell, result_path, roc_auc_cell
from splits import write_folder
from timing import machine, markdown, on_threads, say, versions

from textsiam import PairModel, Pairs, read_pairs, split_pairs
from textsiam.arrays import Array


@dataclass(frozen=True)
class Corpus:
    """A corpus with grades: its files, how ``textsiam`` is told to read them, how training goes on from the base."""

    says: str
    train: str
    dev: str
    test: str
    reading: tuple[str, ...]
    options: tuple[str, ...]


# by the dev part of STS-B, beside 4 epochs at 0.001 with the base's dropout, and CoSENT on cosines
OF_GRADES = ("--epochs", "8", "--learning-rate", "0.002", "--batch-size", "64", "--dropout", "0.3")
CORPORA = {
    "stsb": Corpus(
        says="STS Benchmark",
        train="stsb/sts-train.csv",
        dev="stsb/sts-dev.csv",
        test="stsb/sts-test.csv",
        reading=(
            "--columns",
            "6,7,5",
            "--no-header",
            "--delimiter",
            r"\t",
            "--quoting",
            "none",
            "--label-range",
            "0,5",
        ),
        options=OF_GRADES,
    ),
    "sick": Corpus(
        says="SICK relatedness",
        train="sick/SICK_train.txt",
        dev="sick/SICK_trial.txt",
        test="sick/SICK_test_annotated.txt",
        reading=("--columns", "sentence_A,sentence_B,relatedness_score", "--label-range", "1,5"),
        options=OF_GRADES,
    ),
}
PAWS = "paws"
# by QQP's dev and the tenth, beside 1 epoch at 0.001, 2 at 0.002, and training anew on both corpora (5 at 0.004)
PAWS_OPTIONS = ("--preset", "balanced", "--epochs", "3", "--learning-rate", "0.003")
PAWS_SHARES = {"test": 0.5, "dev": 0.05}
SEED = 7


def options_of(name: str, base: str) -> dict[str, Any]:
    """Everything that the figures of a row depend on, as JSON values."""
    if name == PAWS:
        return {"base": ROWS[base].key, "train": list(PAWS_OPTIONS)}
    return {"base": ROWS[base].key, "train": [*CORPORA[name].reading, *CORPORA[name].options]}


def graded(name: str, base: str, data: Path, out: Path) -> Figures:
    """Go on from the base's model on a corpus of grades; the correlations on its test part."""
    corpus, model = CORPORA[name], out / "transfer" / f"{name}-{base}"
    dev = ["--dev", str(data / corpus.dev)]
    minutes = run_train(data / corpus.train, model, [*dev, *start(base, out), *corpus.reading, *corpus.options])
    found = evaluated(model, data / corpus.test, corpus.reading)
    return {"minutes": minutes, "machine": machine(), **{key: found[key] for key in ("pairs", "pearson", "spearman")}}


def start(base: str, out: Path) -> list[str]:
    """Give the option by which training goes on from the base's model."""
    return ["--init", str(out / SPLITS[0] / base / "model")]


def evaluated(model: Path, pairs: Path, reading: Sequence[str]) -> Figures:
    """Evaluate through the command line."""
    command = [sys.executable, "-m", "textsiam", "evaluate", str(model), str(pairs), "--json", *reading]
    found: Figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found


def paws(name: str, base: str, data: Path, out: Path) -> Figures:
    """Go on from the base's model with half of PAWS beside QQP; accuracy on the other half and on QQP's test pairs."""
    folder, model_folder = paws_folder(data, out), out / "transfer" / f"{name}-{base}"
    dev = ["--dev", str(data / "qqp" / "dev.tsv")]
    minutes = run_train(folder / "train.tsv", model_folder, [*dev, *start(base, out), *PAWS_OPTIONS])
    model = PairModel.load(model_folder)
    sides = {"qqp": (data / "qqp", "dev", "test"), "paws": (folder, "paws-dev", "paws-test")}
    found: Figures = {"minutes": minutes, "machine": machine()}
    for corpus, (place, dev_name, test_name) in sides.items():
        dev_pairs, test_pairs = (read_pairs(place / f"{part}.tsv") for part in (dev_name, test_name))
        own = Scored(
            dev=scores_of(model, dev_pairs),
            test=scores_of(model, test_pairs),
            minutes=minutes,
            threshold=model.calibration.threshold,
        )
        found[corpus] = figures(own, dev_pairs, test_pairs, {})["test"]
        if corpus == PAWS:
            found["paws_by_its_dev"] = figures(replace(own, threshold=None), dev_pairs, test_pairs, {})["test"]
    return found


def scores_of(model: PairModel, pairs: Pairs) -> Array:
    """Probabilities of pairs, float32 (n,)."""
    return model.score_pairs(zip(pairs.text_a, pairs.text_b, strict=True))


def paws_folder(data: Path, out: Path) -> Path:
    """Make the files of the row, once: QQP's train.tsv with PAWS's pairs behind it, and PAWS's other parts."""
    folder = out / PAWS
    if not folder.exists():
        pairs = read_pairs(data / "paws-wiki" / "dev.tsv", columns=(2, 3, 4), header=False, quoting="none")
        split = split_pairs(pairs, **PAWS_SHARES, seed=SEED)
        say(f"PAWS-Wiki:\n{split.report}")
        train, dev, test = split
        write_folder(
            folder,
            {"train": chain(read_pairs(data / "qqp" / "train.tsv"), train), "paws-dev": dev, "paws-test": test},
        )
    return folder


MAKERS: dict[str, Callable[[str, str, Path, Path], Figures]] = {**dict.fromkeys(CORPORA, graded), PAWS: paws}


def table(results: dict[str, Figures], base: str, base_test: Figures | None) -> str:
    """Lay out what is finished."""
    lines = []
    for name, found in results.items():
        minutes = f"{found['minutes']:.1f}"
        if name == PAWS:
            lines += [
                ["PAWS-Wiki, other half, threshold of QQP's dev", *cells(found["paws"]), minutes],
                ["PAWS-Wiki, other half, threshold of PAWS's dev", *cells(found["paws_by_its_dev"]), minutes],
                ["QQP test, trained with PAWS", *cells(found["qqp"]), minutes],
            ]
            if base_test is not None:
                lines.append(["QQP test, trained without", *cells(base_test), ""])
        else:
            correlations = f"Spearman {found['spearman']:.4f}, Pearson {found['pearson']:.4f}"
            lines.append([CORPORA[name].says, f"{found['pairs']:,}", correlations, "", minutes])
    notes = [
        f"base: {base}",
        *(f"{name}: threads {found['threads']}; {found['machine']}" for name, found in results.items()),
    ]
    return markdown(
        ("", "pairs", "accuracy or correlation", "ROC-AUC", "minutes"), lines, [*notes, versions("textsiam")]
    )


def cells(part: Figures) -> list[str]:
    """Pairs, accuracy and ROC-AUC with their intervals."""
    return [f"{part['pairs']:,}", accuracy_cell(part), roc_auc_cell(part)]


def main() -> None:
    """Read the options, run what is not there yet, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with qqp, stsb, sick and paws-wiki")
    parser.add_argument("--out", type=Path, required=True, help="folder of quality.py, with the row BASE finished")
    bases = [name for name, row in ROWS.items() if "train" in row.options]
    parser.add_argument("--base", required=True, choices=bases)
    parser.add_argument("--rows", nargs="*", default=list(MAKERS), choices=list(MAKERS))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    base = kept_figures(result_path(options.out, SPLITS[0], options.base), ROWS[options.base].key)
    if base is None and options.rows:
        raise SystemExit(
            f"the row {options.base} is not finished in {options.out}: run quality.py --rows {options.base}"
        )
    results = {}
    for name, make in MAKERS.items():
        path, asked = options.out / f"{name}.{options.base}.json", options_of(name, options.base)
        if name in options.rows and kept_figures(path, asked) is None:
            say(name)
            found = on_threads(options.threads, make, name, options.base, options.data, options.out)
            keep_figures(path, asked, {"threads": options.threads, **found})
        if (kept := kept_figures(path, asked)) is not None:
            results[name] = kept
    print(table(results, options.base, None if base is None else base["test"]))


if __name__ == "__main__":
    main()
