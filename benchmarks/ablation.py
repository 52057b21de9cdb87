"""What each piece brings on Quora Question Pairs: one small LSTM with and without it, over several seeds, in Markdown.

    python benchmarks/ablation.py --data ../shared/data/qqp --out /tmp/ablation --seeds 7 8

Each line trains on train.tsv, or on as many of its pairs as ``--pairs`` says, and is judged on dev.tsv, at the step and
the threshold that are best there: too well, but all lines alike, and test.tsv is not read. Differences are those to the
line named beside it, between runs of the same seed, and their mean. "unlinked" are the dev pairs that no chain of
questions links to the training pairs. Runs that were finished with the same options are kept in OUT and only shown
again. Minutes are without those of the vocabulary, which is learned once for all lines but those that need one of their
own.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
from command_line import run_train
from judging import accuracy
from kept import Figures, keep_figures, kept_figures
from splits import SEED, unlinked_to, write_folder
from timing import machine, markdown, on_threads, say, versions

from textsiam import PairModel, build_vocabulary, read_pairs
from textsiam.atomic import write_atomically
from textsiam.errors import import_extra

PLAIN = (
    *("--encoder", "lstm", "--dim", "128", "--bidirectional", "--units", "64", "--head", "mlp", "--epochs", "3"),
    *("--batch-size", "512", "--dropout", "0.1", "--learning-rate", "0.005", "--precision", "fp32"),
)
TEXTS, VOCABULARY = "texts.txt", "vocabulary.model"  # stand in OUT


@dataclass(frozen=True)
class Piece:
    """A line: the line that it is compared with, if any, and the options that it adds to that one's."""

    says: str
    to: str | None
    adds: tuple[str, ...] = ()


PIECES = {
    "plain": Piece("LSTM of 64, MLP head, 3 epochs", None),
    "char": Piece("with character n-grams", "plain", ("--char-ngrams", "3,4,5")),
    "bigrams": Piece("and bigrams", "char", ("--ngrams", "2")),
    "ngram-dropout": Piece("and ngram_dropout", "bigrams", ("--ngram-dropout", "0.5")),
    "wide": Piece("units 128", "char", ("--units", "128")),
    "dim": Piece("dim 256", "char", ("--dim", "256")),
    "pieces": Piece("vocabulary_size 32000", "char", ("--vocabulary-size", "32000")),
    "mean": Piece("pooling mean", "char", ("--pooling", "mean")),
    "no-dropout": Piece("dropout 0", "char", ("--dropout", "0")),
    "word-dropout": Piece("word_dropout 0.05", "char", ("--word-dropout", "0.05")),
    "subword-sampling": Piece("subword_sampling 0.05", "char", ("--subword-sampling", "0.05")),
    "label-smoothing": Piece("label_smoothing 0.1", "char", ("--label-smoothing", "0.1")),
    "averaging": Piece("averaging 0.999", "char", ("--averaging", "0.999")),
    "implied": Piece("implied 0.2", "char", ("--implied", "0.2")),
    "hard-negatives": Piece("hard_negatives 0.1", "char", ("--hard-negatives", "0.1")),
    "in-batch": Piece("loss bce+in_batch:0.1", "char", ("--loss", "bce+in_batch:0.1")),
    "balanced": Piece("balanced", "char", ("--balanced",)),
    "bf16": Piece("precision bf16", "char", ("--precision", "bf16")),
    "pretraining": Piece(
        "first pretrained on the questions, which the vocabulary then counts once each", "char", ("--texts", TEXTS)
    ),
}


def options_of(name: str) -> list[str]:
    """Give all options of a line; the one that it sets anew, with its value, goes from those of the other."""
    piece = PIECES[name]
    if piece.to is None:
        return [*PLAIN, *piece.adds]
    options = options_of(piece.to)
    if piece.adds[0] in options:
        place = options.index(piece.adds[0])
        del options[place : place + 2]
    return [*options, *piece.adds]


def run_piece(name: str, seed: str, train_file: Path, dev_file: Path, out: Path) -> Figures:
    """Train one line with one seed; its figures on dev, as JSON values."""
    place = out / f"{name}-{seed}"
    given = [str(texts_file(train_file, out)) if option == TEXTS else option for option in options_of(name)]
    if not {"--texts", "--vocabulary-size"}.intersection(given):
        given += ["--vocab", str(vocabulary_file(train_file, out))]
    minutes = run_train(train_file, place, ["--dev", str(dev_file), *given], seed=seed)
    model = PairModel.load(place)
    train, dev = read_pairs(train_file), read_pairs(dev_file)
    scores = model.score_pairs(zip(dev.text_a, dev.text_b, strict=True))
    roc_auc = import_extra("sklearn.metrics", "bench", "this benchmark").roc_auc_score
    fresh = unlinked_to(train, dev)
    return {
        "minutes": minutes,
        "machine": f"{machine()}; trained on {model.details['machine']}",
        "accuracy": accuracy(scores, dev.labels, model.calibration.threshold),
        "roc_auc": float(roc_auc(dev.labels > 0.5, scores)),
        "unlinked_roc_auc": float(roc_auc(dev.labels[fresh] > 0.5, scores[fresh])),
    }


def drawn_pairs(train_file: Path, count: int, out: Path) -> Path:
    """Draw so many of the training pairs, once."""
    folder = out / f"pairs-{count}"
    if not folder.exists():
        pairs = read_pairs(train_file)
        if count > len(pairs):
            raise SystemExit(f"--pairs is {count:,}, but {train_file} has {len(pairs):,}")
        rows = np.sort(np.random.default_rng(SEED).permutation(len(pairs))[:count])
        write_folder(folder, {"train": pairs.select(rows)})
    return folder / "train.tsv"


def vocabulary_file(train_file: Path, out: Path) -> Path:
    """Learn the vocabulary that a run would learn by itself, once."""
    path = out / VOCABULARY
    if not path.exists():
        build_vocabulary(read_pairs(train_file).texts()).save(path)
    return path


def texts_file(train_file: Path, out: Path) -> Path:
    """Write the distinct texts of the training pairs, one a line, once."""
    path = out / TEXTS
    if not path.exists():
        texts = dict.fromkeys(" ".join(text.split()) for text in read_pairs(train_file).texts())
        write_atomically(path, "".join(f"{text}\n" for text in texts if text))
    return path


def table(results: dict[str, dict[str, Figures]], notes: Sequence[str]) -> str:
    """Lay out the figures by line and seed: means over the seeds, and differences to the line compared with."""
    lines = []
    for name, by_seed in results.items():
        piece = PIECES[name]
        other = results.get(piece.to or "", {})
        shared = [seed for seed in by_seed if seed in other]
        steps = [100 * (by_seed[seed]["accuracy"] - other[seed]["accuracy"]) for seed in shared]
        lines.append(
            [
                piece.says,
                PIECES[piece.to].says if piece.to else "-",
                ", ".join(by_seed),
                f"{mean(run['minutes'] for run in by_seed.values()):.1f}",
                f"{mean(run['accuracy'] for run in by_seed.values()):.2%}",
                f"{mean(steps):+.2f} ({', '.join(f'{step:+.2f}' for step in steps)})" if steps else "-",
                f"{mean(run['roc_auc'] for run in by_seed.values()):.4f}",
                f"{mean(run['unlinked_roc_auc'] for run in by_seed.values()):.4f}",
            ]
        )
    head = ["", "compared with", "seeds", "minutes", "dev accuracy", "points more", "ROC-AUC", "unlinked ROC-AUC"]
    return markdown(head, lines, notes)


def main() -> None:
    """Read the options, run what is not there yet, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv and dev.tsv of QQP")
    parser.add_argument("--out", type=Path, required=True, help="folder for the models and figures")
    parser.add_argument("--rows", nargs="*", default=list(PIECES), choices=list(PIECES))
    parser.add_argument("--seeds", nargs="+", default=["7", "8"])
    parser.add_argument("--pairs", type=int, help="training pairs drawn from train.tsv; else all")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    train_file, dev_file, out = options.data / "train.tsv", options.data / "dev.tsv", options.out
    if options.pairs is not None:
        train_file = drawn_pairs(train_file, options.pairs, out)
        out = train_file.parent
    results: dict[str, dict[str, Figures]] = {}
    for name in PIECES:
        for seed in options.seeds:
            path, asked = out / f"{name}-{seed}.json", {"train": options_of(name), "threads": options.threads}
            if name in options.rows and kept_figures(path, asked) is None:
                say(f"{name}, seed {seed}")
                found = on_threads(options.threads, run_piece, name, seed, train_file, dev_file, out)
                keep_figures(path, asked, found)
            if (kept := kept_figures(path, asked)) is not None:
                results.setdefault(name, {})[seed] = kept
    notes = [
        f"{name}, seed {seed}: threads {options.threads}; {run['machine']}"
        for name, by_seed in results.items()
        for seed, run in by_seed.items()
    ]
    drawn = "all training pairs" if options.pairs is None else f"{options.pairs:,} training pairs"
    print(table(results, [drawn, *notes, versions("textsiam")]))


if __name__ == "__main__":
    main()
