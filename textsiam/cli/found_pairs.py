"""What is written and told of found pairs, of one file or two."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from textsiam.atomic import atomic_path
from textsiam.cli.messages import say
from textsiam.index.found import FoundPair
from textsiam.index.recall import Recall


def write_pairs(pairs: Iterable[FoundPair], path: Path) -> None:
    """Write pairs as a CSV file, their rows counted from 1."""
    with atomic_path(path) as part, part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as text:
        text.write(",".join(FoundPair._fields) + "\n")
        # all texts in quotes: before Python 3.13 a lone carriage return would stand without
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        for row_a, row_b, text_a, text_b, probability, cosine in pairs:
            writer.writerow([row_a + 1, row_b + 1, text_a, text_b, round(probability, 6), round(cosine, 6)])


def tell_recall(recall: Recall | None) -> None:
    """Say how many pairs may have been missed, if any."""
    if recall is None:
        return
    if not recall.reaching:
        say(f"pairs may have been missed: of {recall.texts:,} sampled texts none is in one, so none can say how many")
        return
    share = recall.found / recall.reaching
    say(
        f"{share:.1%} of the pairs were found, by a sample of {recall.texts:,} texts compared with all others "
        f"({recall.found:,} of {recall.reaching:,})" + ("; more --neighbours find more" if share < 1 else "")
    )
