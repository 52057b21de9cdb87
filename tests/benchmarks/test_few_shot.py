from __future__ import annotations

import csv
import importlib
from pathlib import Path

import pytest

import textsiam


def test_classes_are_groups_that_are_the_same() -> None:
    few_shot = importlib.import_module("few_shot")
    rows = [("a", "b", 1), ("b", "c", 1), ("c", "d", 0), ("d", "e", 1), ("f", "F ", 1)]
    known, asked = few_shot.classes_of(textsiam.read_pairs(rows))
    assert sorted(zip(known, asked, strict=True)) == [("a", "b"), ("d", "e"), ("f", "F ")]


def test_a_model_is_trained_and_names_texts_of_classes_that_it_has_not_seen(tmp_path: Path) -> None:
    few_shot = importlib.import_module("few_shot")
    with (tmp_path / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text_a", "text_b", "label"])
        writer.writerows((a, b, int(label)) for a, b, label in textsiam.sample_pairs(1_500, seed=3))
    found = few_shot.train_and_name(tmp_path / "pairs.csv", "alignment", 1, [2, 5], 20)
    with pytest.raises(SystemExit, match="classes and 20 questions are too few for 21"):
        few_shot.train_and_name(tmp_path / "pairs.csv", "alignment", 1, [2, 21], 20)
    assert [(ones[0].asked, ones[1].asked) for ones in found.values()] == [(20, 20), (20, 20)]
    assert found["cosine"][0].right > 12
    table = few_shot.table({"alignment": found}, [2, 5], ["seed 7"])
    right = found["model"][1].right
    assert f"| alignment | model | {found['model'][0].right / 20:.1%} (" in table
    assert f"| {right / 20:.1%} (" in table
    assert "| of 2 | of 5 |" in table
