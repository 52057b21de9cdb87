"""Every real corpus is read whole and right; counts are those of its documentation."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.data.split import split_pairs
from textsiam.text.normalization import normalize_text

pytestmark = pytest.mark.realdata


def cells(path: Path, delimiter: str, quoting: Literal[0, 3]) -> list[list[str]]:
    """Read a table in memory with the standard library, told what it is."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter, quoting=quoting))


@pytest.mark.parametrize(
    ("name", "count", "positions"),
    [
        ("qqp/dev.tsv", 10_000, (4, 5)),
        ("qqp/test.tsv", 10_000, (4, 5)),
        ("sick/SICK_train.txt", 4500, (2, 3)),
        ("sick/SICK_trial.txt", 500, (2, 3)),
        ("sick/SICK_test_annotated.txt", 4927, (2, 3)),
        ("lcqmc/LCQMC_dev.csv", 8802, (1, 2)),
    ],
)
def test_corpus_with_a_header_is_read_whole(real_data: Path, name: str, count: int, positions: tuple[int, int]) -> None:
    pairs = read_pairs(real_data / name, label_range=(1, 5) if "sick" in name else None)
    assert len(pairs) == count
    rows = cells(real_data / name, "," if "lcqmc" in name else "\t", csv.QUOTE_MINIMAL)[1:]
    assert pairs.text_a == [row[positions[0] - 1] for row in rows]
    assert pairs.text_b == [row[positions[1] - 1] for row in rows]


@pytest.mark.parametrize(
    ("name", "count", "columns"),
    [
        ("stsb/sts-train.csv", 5749, (6, 7, 5)),
        ("stsb/sts-dev.csv", 1500, (6, 7, 5)),
        ("stsb/sts-test.csv", 1379, (6, 7, 5)),
        ("mrpc/msr_paraphrase_train.txt", 4076, (4, 5, 1)),
        ("paws-wiki/dev.tsv", 8000, (2, 3, 4)),
    ],
)
def test_corpus_without_header_or_quotes_is_read_whole(
    real_data: Path, name: str, count: int, columns: tuple[int, int, int]
) -> None:
    pairs = read_pairs(real_data / name, columns=columns, label_range=(0, 5) if "stsb" in name else None)
    assert len(pairs) == count
    rows = cells(real_data / name, "\t", csv.QUOTE_NONE)
    assert pairs.text_a == [row[columns[0] - 1] for row in rows]
    assert pairs.text_b == [row[columns[1] - 1] for row in rows]
    assert pairs.report is not None
    assert "no header" in str(pairs.report)


def test_grades_of_sts_benchmark(real_data: Path) -> None:
    pairs = read_pairs(real_data / "stsb/sts-dev.csv", columns=(6, 7, 5), label_range=(0, 5))
    lines = (real_data / "stsb/sts-dev.csv").read_text(encoding="utf-8").splitlines()
    np.testing.assert_allclose(pairs.labels * 5, [float(line.split("\t")[4]) for line in lines], atol=1e-6)


@pytest.fixture(scope="module")
def quora(real_data: Path) -> Pairs:
    return read_pairs(real_data / "qqp/train.tsv")


def test_quora_is_read_whole(quora: Pairs, real_data: Path) -> None:
    assert len(quora) == 366_001
    assert round(float(quora.labels.mean()), 3) == 0.36
    rows = cells(real_data / "qqp/train.tsv", "\t", csv.QUOTE_MINIMAL)[1:]
    assert list(quora) == [(row[3], row[4], float(row[5])) for row in rows]


def test_quora_is_split_in_seconds_to_the_pair(quora: Pairs) -> None:
    started = time.perf_counter()
    split = split_pairs(quora, test=0.1, dev=0.05, seed=7)
    assert time.perf_counter() - started < 30  # a tenth of that on a free core
    rate = float(quora.labels.mean())
    for name, share in {"test": 0.1, "dev": 0.05}.items():
        side = getattr(split, name)
        assert len(side) == pytest.approx(share * len(quora), rel=0.01)
        assert abs(float(side.labels.mean()) - rate) < 0.01
    texts = [{normalize_text(text) for text in side.texts()} for side in split]
    assert len(set().union(*texts)) == sum(map(len, texts))
