from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import textsiam


@pytest.fixture
def splits() -> ModuleType:
    return importlib.import_module("splits")


def test_written_pairs_are_read_back_as_they_are(splits: ModuleType, tmp_path: Path) -> None:
    rows = [('say "yes"', "a\ttab", 1.0), ("", "two\nlines", 0.0), ('"', " spaces ", 0.0), ("plain", "é 日本", 1.0)]
    splits.write_folder(tmp_path / "split", {"train": rows, "dev": rows[:1]})
    assert list(textsiam.read_pairs(tmp_path / "split" / "train.tsv")) == rows
    assert sorted(path.name for path in tmp_path.iterdir()) == ["split"]


def test_disjoint_sides_share_no_component_and_are_made_once(splits: ModuleType, tmp_path: Path) -> None:
    pairs = textsiam.sample_pairs(400)
    splits.write_folder(tmp_path / "all", {"train": pairs})
    folder = splits.disjoint_split(tmp_path / "all" / "train.tsv", tmp_path, held_out=40)
    sides = splits.read_sides(folder)
    everything = [row for side in splits.SIDES for row in sides[side]]
    assert sorted(everything) == sorted(pairs)
    assert len(sides["dev"]) == pytest.approx(40, abs=4)
    assert len(sides["test"]) == pytest.approx(40, abs=4)
    components = textsiam.question_components(everything)
    ends = np.cumsum([len(sides[side]) for side in splits.SIDES])
    train, dev, test = (set(part.tolist()) for part in np.split(components, ends[:-1]))
    assert len(train | dev | test) == len(train) + len(dev) + len(test)
    (tmp_path / "all" / "train.tsv").unlink()  # not read again
    assert splits.disjoint_split(tmp_path / "all" / "train.tsv", tmp_path, held_out=40) == folder


def test_unlinked_pairs_have_no_chain_to_train(splits: ModuleType) -> None:
    train = textsiam.Pairs.from_rows([("a", "b", 1), ("c", "d", 0)])
    test = textsiam.Pairs.from_rows([("x", "y", 1), ("d", "e", 0), ("e", "f", 1), ("y", "z", 0), ("B", "g", 0)])
    # d links (d, e) to train, e links (e, f) to that; capitals make no other question
    assert splits.unlinked_to(train, test).tolist() == [True, False, False, True, False]
