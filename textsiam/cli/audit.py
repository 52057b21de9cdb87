"""``textsiam audit``: what is wrong with a file of labelled pairs, before anything is trained on it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cyclopts import Parameter

from textsiam.atomic import atomic_path
from textsiam.cli.messages import say
from textsiam.cli.number_types import WholeNumber
from textsiam.cli.outputs import check_new
from textsiam.cli.pair_options import LabelOptions, read_labelled
from textsiam.cli.row_options import RowOptions
from textsiam.errors import OptionError, import_extra

if TYPE_CHECKING:
    from textsiam.data.audit import Audit, Leak
    from textsiam.data.pairs import Pairs

SHOWN = 5  # rows and chains of each kind
MOST_PROBABLE = 0.2  # labels of a suspect
TRUSTED = 0.7  # ROC-AUC of the models that suspect


def audit(
    pairs: Path,
    /,
    *,
    test: Annotated[list[Path] | None, Parameter(negative=())] = None,
    suspects: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    seed: WholeNumber = 0,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
    labels: LabelOptions = LabelOptions(),  # noqa: B008 - frozen
) -> None:
    """Look through labelled pairs: contradictions, repeats, leaks into other files, and what the pairs give away.

    Parameters
    ----------
    pairs
        File of labelled pairs.
    test
        Another file of labelled pairs, such as test or dev, in which texts of PAIRS are looked for; may come again.
    suspects
        CSV file to write: pairs whose label is likely wrong, the likeliest first. Four quick models, each trained
        without the pairs that it judges, find them; this takes minutes.
    overwrite
        Replace that file if it is there.
    seed
        Of what is drawn.
    as_json
        Print JSON, with all rows, instead of a summary.
    """
    import textsiam

    if suspects is not None:
        check_new(suspects, "--suspects", overwrite=overwrite, inputs=(pairs, *(test or ())))
    names = [str(path) for path in test or []]
    if len(set(names)) < len(names):
        raise OptionError(f"--test names {max(names, key=names.count)} twice")
    others = {str(path): read_labelled(path, rows, labels) for path in test or []}
    given = read_labelled(pairs, rows, labels)
    if suspects is not None and given.graded:
        raise OptionError("--suspects looks among labels of 0 and 1, these are graded; leave it out")
    found = textsiam.audit(given, others=others, seed=seed)
    print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else "\n".join(_lines(found)))
    if suspects is not None:
        _write_suspects(given, suspects, seed)


def _write_suspects(pairs: Pairs, out: Path, seed: int) -> None:
    """Write the pairs whose label has a probability of at most 0.2, by rising probability."""
    from textsiam.training.suspects import label_probabilities

    probabilities = label_probabilities(pairs, seed=seed, show_progress=True)
    judged = np.where(pairs.labels > 0.5, probabilities, 1 - probabilities)
    roc_auc = import_extra("sklearn.metrics", "train", "looking for suspects").roc_auc_score(pairs.labels > 0.5, judged)
    if roc_auc < TRUSTED:
        say(f"models without these labels have ROC-AUC {roc_auc:.2f} on them, near chance: do not trust the suspects")
    rows = [row for row in np.argsort(probabilities, kind="stable").tolist() if probabilities[row] <= MOST_PROBABLE]
    with atomic_path(out) as part, part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "text_a", "text_b", "label", "label_probability"])
        for row in rows:
            text_a, text_b, label = pairs[row]
            writer.writerow([row + 1, text_a, text_b, int(label), f"{probabilities[row]:.4f}"])
    say(f"{out}: {len(rows):,} pairs whose label is likely wrong, of {len(pairs):,}")


def _lines(found: Audit) -> Iterator[str]:
    lengths = found.lengths
    label = f"mean grade {found.label_mean:.3f} (0 to 1)" if found.graded else f"{found.label_mean:.1%} the same"
    yield _line("pairs", found.pairs, f"{label}; rows count from 1, a header is none")
    yield _line(
        "distinct texts",
        found.texts,
        f"half have up to {lengths.median:.0f} words, 99 of 100 up to {lengths.p99:.0f}, the longest {lengths.longest}",
    )
    yield _line("", "", ", ".join(f"{name} {count:,}" for name, count in found.scripts.items()))
    yield _line(
        "contradictions",
        len(found.contradictions),
        _groups(found.contradictions, "the same two texts, different labels"),
    )
    yield _line("broken chains", found.broken_chains, "not the same, but joined by pairs that are")
    for chain in found.chains[:SHOWN]:
        yield f"    row {chain.row}: " + " = ".join(chain.texts)
    yield _line("repeats", len(found.repeats), _groups(found.repeats, "the same two texts and label again"))
    selves = f"a text with itself{_examples(found.self_pairs)}"
    if found.self_pairs_not_same:
        selves += f"; {len(found.self_pairs_not_same):,} called not the same{_examples(found.self_pairs_not_same)}"
    yield _line("self pairs", len(found.self_pairs), selves)
    yield _line("empty texts", len(found.empty_texts), f"pairs with one{_examples(found.empty_texts)}")
    yield _line("far longer texts", len(lengths.far_longer), f"pairs with one{_examples(lengths.far_longer)}")
    if found.leakage_roc_auc is not None:
        larger = max(found.label_mean, 1 - found.label_mean)
        yield _line(
            "without a word", "", f"who is paired with whom: ROC-AUC {found.leakage_roc_auc:.3f} (0.5: nothing)"
        )
        yield _line("", "", f"and accuracy {found.leakage_accuracy:.1%} (the larger class alone: {larger:.1%})")
    for name, leak in found.leaks.items():
        yield from _leak(name, leak)


def _leak(name: str, leak: Leak) -> Iterator[str]:
    yield f"{name}: {leak.pairs:,} pairs"
    yield _line("  texts in both", leak.shared_texts, f"of its {leak.texts:,}")
    yield _line("  pairs in both", leak.same_pairs, "the same two texts, whatever the label")
    yield _line("  linked pairs", leak.linked_pairs, "share a text with PAIRS, directly or over others")


def _line(name: str, count: int | str, remark: str) -> str:
    shown = f"{count:,}" if isinstance(count, int) else count
    return f"{name:<18}{shown:>10}   {remark}".rstrip()


def _examples(rows: Sequence[int]) -> str:
    return f": rows {', '.join(map(str, rows[:SHOWN]))}{', ...' if len(rows) > SHOWN else ''}" if rows else ""


def _groups(groups: Sequence[Sequence[int]], what: str) -> str:
    shown = "; ".join(", ".join(map(str, rows[:SHOWN])) + ", ..." * (len(rows) > SHOWN) for rows in groups[:SHOWN])
    return f"{what}: rows {shown}{'; ...' if len(groups) > SHOWN else ''}" if groups else what
