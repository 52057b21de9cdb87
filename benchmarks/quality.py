"""Accuracy on Quora Question Pairs: textsiam's rows, baselines and peers, in Markdown.

    pip install 'textsiam[bench]'
    python benchmarks/quality.py --data ../shared/data/qqp --out /tmp/qqp

fits each row on train.tsv, chooses threshold, checkpoint and settings on dev.tsv, and looks at test.tsv once. Columns
"unlinked" are the test pairs that no chain of questions links to train.tsv. ``--split disjoint`` fits and judges the
rows anew on a split of train.tsv alone whose sides share no component; its dev and test have train's share of
duplicates. ``--rows`` takes some rows only. Rows that were finished with the same options are kept in OUT and only
shown again, in whatever precision and on however many threads they ran. Each row has a process of its own; minutes are
those until it can score, with all settings that it tries.

Intervals are 95 % bootstrap intervals that draw whole components of the test pairs.
"""

from __future__ import annotations

import argparse
import platform
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baselines import majority, tfidf_cosine, tfidf_logistic
from command_line import trained
from judging import Scored, figures
from kept import Figures, keep_figures, kept_figures
from leakage import leakage
from peers import PACKAGES
from pretrained import minilm_cosine, model2vec_cosine, model2vec_pairs
from splits import disjoint_split, read_sides, unlinked_to
from timing import machine, markdown, on_threads, say, versions

from textsiam.training.presets import PRESETS


def sentence_transformers_lstm(folder: Path, _place: Path, **options: Any) -> Scored:
    """Import what imports torch only for the rows that need it."""
    from sentence_transformers_lstm import trained_for_minutes

    return trained_for_minutes(folder, **options)


@dataclass(frozen=True)
class Row:
    """A row: what the table calls it, what makes it, and with which options (JSON values)."""

    says: str
    make: Callable[..., Scored]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> dict[str, Any]:
        """All that its figures depend on, as JSON values: the options, and what presets and teachers stand for."""
        train, teachers = self.options.get("train", []), self.options.get("teachers", [])
        preset = {"preset": PRESETS[train[train.index("--preset") + 1]]} if "--preset" in train else {}
        return {**self.options, **preset, **({"taught": [ROWS[name].key for name in teachers]} if teachers else {})}


def textsiam_row(says: str, *options: str, teachers: tuple[str, ...] = ()) -> Row:
    """Give the row of a model that ``textsiam train`` makes with these options, or ``distill`` with rows' models."""
    return Row(says, trained, {"train": list(options)} | ({"teachers": list(teachers)} if teachers else {}))


SPELLED = ("--dim", "128", "--char-ngrams", "3,4,5")
LSTM = ("--encoder", "lstm", *SPELLED, "--bidirectional")
LONG_LSTM = (*LSTM, "--learning-rate", "0.004", "--units", "128", "--epochs", "5", "--dropout", "0.15")
WIDE_LSTM = (*LSTM, "--units", "256", "--dropout", "0.15")
BIGRAMS = ("--ngrams", "2", "--ngram-dropout", "0.5", "--batch-size", "512", "--learning-rate", "0.004")
IN_BATCH = ("--loss", "bce+in_batch:0.1")
TEACHERS = ("lstm-256-in-batch", "lstm-256-alignment", "accurate", "lstm-256-mlp")
COSINE_LSTM = (
    *("--encoder", "lstm", "--dim", "128", "--bidirectional", "--dropout", "0.1", "--learning-rate", "0.004"),
    *("--units", "64", "--pooling", "mean", "--epochs", "4", "--head", "cosine"),
)
BAG = ("--encoder", "bag", *SPELLED, "--ngrams", "2", "--epochs", "5", "--dropout", "0.2", "--batch-size", "512")
SAW_QQP = "whose training saw QQP's duplicates"
PEER = {"learning_rate": 0.004, "minutes_of": "lstm-contrastive"}
ROWS = {
    "fast": textsiam_row("preset fast", "--preset", "fast"),
    "bag": textsiam_row("bag of tokens and their bigrams, MLP head", *BAG, "--head", "mlp"),
    "bag-contrastive": textsiam_row(
        "plain bag, cosine alone, contrastive loss",
        *("--encoder", "bag", "--dim", "256", "--head", "cosine", "--loss", "contrastive"),
        *("--epochs", "5", "--batch-size", "512", "--learning-rate", "0.005"),
    ),
    "lstm-cosine-embedding": textsiam_row(
        "LSTM of 64, cosine alone, cosine-embedding loss", *COSINE_LSTM, "--loss", "cosine_embedding"
    ),
    "lstm-contrastive": textsiam_row(
        "LSTM, cosine alone, contrastive loss",
        *(*LSTM, "--learning-rate", "0.004", "--units", "128", "--pooling", "mean", "--epochs", "5"),
        *("--dropout", "0.1", "--head", "cosine", "--loss", "contrastive"),
    ),
    "lstm-mlp": textsiam_row("LSTM, MLP head", *LONG_LSTM, "--head", "mlp"),
    "balanced": textsiam_row("preset balanced", "--preset", "balanced"),
    "lstm-256-mlp": textsiam_row(
        "LSTM of 256, MLP head", *WIDE_LSTM, "--learning-rate", "0.003", "--epochs", "5", "--head", "mlp"
    ),
    "accurate": textsiam_row("preset accurate", "--preset", "accurate"),
    "lstm-256-in-batch": textsiam_row(
        "LSTM of 256 with bigrams, MLP head, in_batch besides, 7 epochs",
        *(*WIDE_LSTM, *BIGRAMS, *IN_BATCH, "--epochs", "7", "--head", "mlp"),
    ),
    "lstm-256-alignment": textsiam_row(
        "LSTM of 256 with bigrams, alignment head, in_batch besides",
        *(*WIDE_LSTM, *BIGRAMS, *IN_BATCH, "--epochs", "5", "--head", "alignment"),
    ),
    "student": textsiam_row(
        "LSTM of 256 with bigrams, MLP head, distilled from four of these rows (minutes without theirs)",
        *(*WIDE_LSTM, *BIGRAMS, "--epochs", "7", "--head", "mlp", "--extra-pairs", "0.25"),
        teachers=TEACHERS,
    ),
    "student-of-two": textsiam_row(
        "the same, distilled from two of them: preset accurate, and with in_batch besides",
        *(*WIDE_LSTM, *BIGRAMS, "--epochs", "7", "--head", "mlp", "--extra-pairs", "0.25"),
        teachers=("lstm-256-in-batch", "accurate"),
    ),
    "majority": Row("the larger class", majority),
    "leakage": Row("no text: who is paired with whom, boosted trees", leakage),
    "tfidf-cosine": Row("TF-IDF cosine", tfidf_cosine),
    "tfidf-logistic": Row("TF-IDF pair features, logistic regression", tfidf_logistic),
    "st-lstm-contrastive": Row(
        "sentence-transformers: LSTM, ContrastiveLoss, as many minutes",
        sentence_transformers_lstm,
        {"loss": "contrastive", **PEER},
    ),
    "st-lstm-online-contrastive": Row(
        "sentence-transformers: LSTM, OnlineContrastiveLoss, as many minutes",
        sentence_transformers_lstm,
        {"loss": "online_contrastive", **PEER},
    ),
    "st-lstm-cosine": Row(
        "sentence-transformers: LSTM, CosineSimilarityLoss, as many minutes",
        sentence_transformers_lstm,
        {"loss": "cosine_similarity", **PEER},
    ),
    "minilm-cosine": Row(f"all-MiniLM-L6-v2, {SAW_QQP}: cosine", minilm_cosine),
    "model2vec-cosine": Row(f"model2vec of MiniLM, {SAW_QQP}: cosine", model2vec_cosine, {"dimensions": 256}),
    "model2vec-pairs": Row(
        f"model2vec of MiniLM, {SAW_QQP}: its model for pairs",
        model2vec_pairs,
        {"dimensions": 256, "learning_rates": [0.001, 0.0003]},
    ),
}
SPLITS = ("published", "disjoint")


def run_row(name: str, options: dict[str, Any], split: str, folder: Path, out: Path) -> Figures:
    """Fit and judge one row in this process; returns its figures as JSON values."""
    place = out / split / name
    scored = ROWS[name].make(folder, place, **options)
    megabytes = peak_megabytes()
    sides = read_sides(folder)
    parts = {"unlinked": unlinked_to(sides["train"], sides["test"])} if split == "published" else {}
    return {"megabytes": megabytes, "machine": machine(), **figures(scored, sides["dev"], sides["test"], parts)}


def peak_megabytes() -> float:
    """Peak memory so far, of this process or the largest one that it started."""
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return peak / (1024 if platform.system() == "Linux" else 1024**2)


def result_path(out: Path, split: str, name: str) -> Path:
    """Where a row's figures are kept."""
    return out / f"{name}.{split}.json"


def finished(out: Path, split: str, name: str) -> Figures | None:
    """Read the figures of a row, if it was finished with the options that it has now."""
    return kept_figures(result_path(out, split, name), ROWS[name].key)


def with_precision(row: Row, options: dict[str, Any], precision: str) -> dict[str, Any]:
    """Add the precision in which rows of textsiam are trained."""
    return {**options, "precision": precision} if row.make is trained else options


def with_minutes(options: dict[str, Any], minutes: float | None, out: Path, split: str) -> dict[str, Any]:
    """Replace ``minutes_of``, a row, by its minutes, or by the given ones."""
    options = dict(options)
    if "minutes_of" in options:
        like = options.pop("minutes_of")
        measured = finished(out, split, like)
        if minutes is None and measured is None:
            raise SystemExit(f"the row {like} is not finished: run it first, or say how long with --minutes")
        options["minutes"] = minutes if minutes is not None else (measured or {})["minutes"]
    return options


def table(results: dict[str, dict[str, Figures]], notes: list[str]) -> str:
    """Lay out the figures by split and row; a row that was not run on a split has dashes there."""
    head = ["", "parameters", "minutes", "peak MB", "accuracy (95 % interval)", "ROC-AUC (95 % interval)", "AP"]
    head += ["unlinked: accuracy", "ROC-AUC", "disjoint: accuracy (95 % interval)", "ROC-AUC (95 % interval)"]
    lines = []
    for name, row in ROWS.items():
        published, disjoint = (results[split].get(name) for split in SPLITS)
        first = published or disjoint
        if first is None:
            continue
        test, fresh = (published or {}).get("test"), (published or {}).get("unlinked")
        apart = (disjoint or {}).get("test")
        lines.append(
            [
                row.says,
                "-" if first["parameters"] is None else f"{first['parameters']:,}",
                f"{first['minutes']:.1f}",
                f"{first['megabytes']:,.0f}",
                *(accuracy_cell(test), roc_auc_cell(test), f"{test['average_precision']:.4f}" if test else "-"),
                *(f"{fresh['accuracy']:.2%}" if fresh else "-", f"{fresh['roc_auc']:.4f}" if fresh else "-"),
                *(accuracy_cell(apart), roc_auc_cell(apart)),
            ]
        )
    return markdown(head, lines, [*sizes(results), *settings(results), *notes])


def accuracy_cell(part: Figures | None) -> str:
    """Accuracy in percent, with its interval."""
    if part is None:
        return "-"
    low, high = part["accuracy_interval"]
    return f"{part['accuracy']:.2%} ({low:.1%} to {high:.1%})"


def roc_auc_cell(part: Figures | None) -> str:
    """ROC-AUC with its interval."""
    if part is None:
        return "-"
    low, high = part["roc_auc_interval"]
    return f"{part['roc_auc']:.4f} ({low:.3f} to {high:.3f})"


def sizes(results: dict[str, dict[str, Figures]]) -> list[str]:
    """Say how many pairs each set of figures is of, and how many of them are duplicates."""
    lines = {}
    for split in SPLITS:
        for figures_of_row in results[split].values():
            for part in ("test", "unlinked"):
                if part in figures_of_row:
                    found = figures_of_row[part]
                    lines[f"{split} {part}"] = f"{found['pairs']:,} pairs, {found['label_mean']:.1%} duplicates"
    return [f"{name}: {line}" for name, line in lines.items()]


def settings(results: dict[str, dict[str, Figures]]) -> list[str]:
    """Say what was chosen on dev, and on which machine each row ran."""
    return [
        f"{name}, {split}: {row['setting'] or 'nothing to choose'}; threads {row['threads']}; {row['machine']}"
        for split in SPLITS
        for name, row in results[split].items()
    ]


def main() -> None:
    """Read the options, run what is not there yet, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv, dev.tsv and test.tsv of QQP")
    parser.add_argument("--out", type=Path, required=True, help="folder for the models and figures")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--split", nargs="+", default=["published"], choices=SPLITS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"), help="of textsiam's rows")
    parser.add_argument("--minutes", type=float, help="training time of sentence-transformers; else that of our LSTM")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for split in options.split:
        folder = options.data if split == "published" else disjoint_split(options.data / "train.tsv", options.out)
        for name in options.rows:
            if finished(options.out, split, name) is None:
                say(f"{name}, {split} split")
                chosen = with_minutes(ROWS[name].options, options.minutes, options.out, split)
                chosen = with_precision(ROWS[name], chosen, options.precision)
                found = on_threads(options.threads, run_row, name, chosen, split, folder, options.out)
                path = result_path(options.out, split, name)
                keep_figures(path, ROWS[name].key, {"threads": options.threads, **found})
    done = {split: {name: finished(options.out, split, name) for name in ROWS} for split in SPLITS}
    shown = {split: {name: row for name, row in rows.items() if row is not None} for split, rows in done.items()}
    print(table(shown, [f"{versions(*PACKAGES)}"]))


if __name__ == "__main__":
    main()
