from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.data.components import question_components
from textsiam.data.pairs import Pairs
from textsiam.data.split import GRADE_BINS, Split, set_dev_aside, split_pairs
from textsiam.errors import OptionError
from textsiam.text.normalization import normalize_text


def random_pairs(count: int, texts: int, seed: int, *, graded: bool = False) -> Pairs:
    rng = np.random.default_rng(seed)
    sides = rng.integers(texts, size=(count, 2)).tolist()
    labels = rng.random(count) * 4 + 1 if graded else (rng.random(count) < 0.3).astype(int)
    rows = [(f"Text {a}", f"text  {b}", label) for (a, b), label in zip(sides, labels.tolist(), strict=True)]
    return Pairs.from_rows(rows, label_range=(1, 5) if graded else None)


def keys(pairs: Pairs) -> set[str]:
    return {normalize_text(text) for text in pairs.texts()}


@settings(deadline=None, max_examples=40)
@given(st.integers(20, 120), st.integers(40, 400), st.integers(0, 5), st.sampled_from([0.0, 0.1, 0.3]), st.booleans())
def test_sides_share_no_text_and_lose_no_pair(count: int, texts: int, seed: int, dev: float, graded: bool) -> None:
    pairs = random_pairs(count, texts, seed, graded=graded)
    try:
        split, refusal = split_pairs(pairs, test=0.2, dev=dev, seed=seed), ""
    except OptionError as error:  # few large components
        split, refusal = None, str(error)
    if split is None:
        assert "would be empty" in refusal
        sizes = np.bincount(question_components(pairs))
        assert (
            len(sizes) == 1
            or f"{len(sizes)} components that cannot be divided, the largest with {sizes.max()} pair" in refusal
        )
        return
    assert len(split) == (3 if dev else 2)
    found = [keys(side) for side in split]
    assert sum(map(len, found)) == len(set().union(*found))
    assert sorted(pair for side in split for pair in side) == sorted(pairs)
    for side in split:
        rest = iter(pairs)
        assert all(pair in rest for pair in side)  # in their order
    assert split.report.got == {name: len(getattr(split, name)) for name in split.report.asked}
    for name, got in split.report.got.items():
        assert name == "train" or got <= split.report.asked[name] + len(pairs) // 4


@pytest.mark.parametrize(("test", "dev"), [(0.1, 0.0), (0.05, 0.05), (0.25, 0.15)])
def test_sizes_and_label_rates_are_hit(test: float, dev: float) -> None:
    pairs = random_pairs(5000, 12_000, 1)
    split = split_pairs(pairs, test=test, dev=dev, seed=3)
    rate = float(pairs.labels.mean())
    for name, share in {"test": test, "dev": dev}.items():
        if share:
            side = getattr(split, name)
            assert len(side) == round(share * 5000) == split.report.asked[name]
            assert abs(float(side.labels.mean()) - rate) <= 1 / len(side)
            assert split.report.label_rate[name] == pytest.approx(float(side.labels.mean()))
    assert split.report.asked["train"] == len(split.train)


def test_grades_keep_their_distribution() -> None:
    pairs = random_pairs(4000, 12_000, 2, graded=True)
    split = split_pairs(pairs, test=0.25, seed=0)
    edges = np.linspace(0, 1, GRADE_BINS + 1)
    whole, part = (np.histogram(side.labels, edges)[0] for side in (pairs, split.test))
    assert np.abs(part - whole / 4).max() <= 1
    assert split.test.graded
    assert split.test.label_range == (1, 5)


def test_a_component_too_large_for_a_side_stays_in_train() -> None:
    rows = [("hub", f"spoke {i}", i % 2) for i in range(300)] + [(f"a{i}", f"b{i}", i % 2) for i in range(700)]
    split = split_pairs(Pairs.from_rows(rows), test=0.2, dev=0.2, seed=5)
    assert "hub" in keys(split.train)
    assert [len(side) for side in split] == [600, 200, 200]
    assert (split.report.components, split.report.largest) == (701, 300)


def test_small_components_go_before_large_ones() -> None:
    rows = [(f"hub {i // 50}", f"spoke {i}", i % 2) for i in range(500)]
    rows += [(f"a{i}", f"b{i}", i % 2) for i in range(500)]
    pairs = Pairs.from_rows(rows)
    test = split_pairs(pairs, test=0.2, seed=1).test
    assert not any(text.startswith("hub") for text in test.texts())
    test = split_pairs(pairs, test=0.6, seed=1).test
    assert len(test) == 600
    assert any(text.startswith("hub") for text in test.texts())


def test_whole_components_come_as_near_as_they_can() -> None:
    rows = [(f"hub {i // 7}", f"spoke {i}", i % 2) for i in range(700)]
    split = split_pairs(Pairs.from_rows(rows), test=0.1, seed=2)  # 70 pairs in components of 7, 3 or 4 of each label
    assert len(split.test) == 70


def test_seed_decides() -> None:
    pairs = random_pairs(500, 2000, 4)
    prints = [split_pairs(pairs, seed=seed).test.fingerprint() for seed in (0, 0, 1)]
    assert prints[0] == prints[1] != prints[2]


def test_split_unpacks_and_names_its_sides() -> None:
    pairs = random_pairs(200, 2000, 4)
    split = split_pairs(pairs, test=0.1)
    train, test = split
    assert isinstance(split, Split)
    assert (split.train, split.dev, split.test) == (train, None, test)
    train, dev, test = split = split_pairs(pairs, test=0.1, dev=0.1)
    assert (split.train, split.dev, split.test) == (train, dev, test)
    lines = str(split.report).splitlines()
    assert [line.split()[:3] for line in lines[:3]] == [
        ["train", "160", "pairs"],
        ["dev", "20", "pairs"],
        ["test", "20", "pairs"],
    ]
    assert "components, the largest with" in lines[3]


@pytest.mark.parametrize(
    ("test", "dev", "message"),
    [
        (0.0, 0.0, "test is 0.0"),
        (1.0, 0.0, "test is 1.0"),
        (-0.1, 0.0, "test is -0.1"),
        (float("nan"), 0.0, "test is nan"),
        (10, 0.0, "test is 10"),
        ("0.1", 0.0, "test is '0.1'"),
        (0.1, None, "dev is None"),
        (0.1, -0.1, "dev is -0.1"),
        (0.1, 1.0, "dev is 1.0"),
        (0.5, 0.5, "leave something to train on"),
        (0.001, 0.0, "test would be empty"),
        (0.5, 0.001, "dev would be empty"),
    ],
)
def test_shares_that_cannot_be_are_refused(test: float, dev: float, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        split_pairs(random_pairs(100, 1000, 0), test=test, dev=dev)


def test_pairs_that_cannot_be_divided() -> None:
    one = Pairs.from_rows([("a", f"b{i}", i % 2) for i in range(10)])
    with pytest.raises(OptionError, match=r"test would be empty: .* the 10 pairs form 1 component that cannot be"):
        split_pairs(one, test=0.5)
    with pytest.raises(OptionError, match=r"dev would be empty: a share of 0\.5 .* form 1 component that cannot be"):
        set_dev_aside(one, 0.5, seed=0)
    with pytest.raises(OptionError, match=r"train would be empty: .* the 1 pair forms 1 component that cannot be"):
        split_pairs(one[:1], test=0.9)
    some = Pairs.from_rows([(f"a{i}", f"b{i}", 1) for i in range(5)])
    with pytest.raises(OptionError, match=r"the 5 pairs form 5 components .*, the largest with 1 pair$"):
        split_pairs(some, test=0.05)
    two = Pairs.from_rows([("a", "b", 1), ("c", "d", 1)])
    with pytest.raises(OptionError, match="train would be empty"):
        split_pairs(two, test=0.9)
    with pytest.raises(OptionError, match="no pairs"):
        split_pairs(two.select([]))


def test_what_read_pairs_takes_is_split(tmp_path: Path) -> None:
    rows = [(f"a{i}", f"b{i}", i % 2) for i in range(20)]
    path = tmp_path / "pairs.csv"
    path.write_text("text_a,text_b,label\n" + "".join(f"{a},{b},{label}\n" for a, b, label in rows), encoding="utf-8")
    expected = split_pairs(Pairs.from_rows(rows), test=0.2, seed=3)
    for source in (rows, path, str(path)):
        split = split_pairs(source, test=0.2, seed=3)
        assert [list(side) for side in split] == [list(side) for side in expected]


def test_dev_is_set_aside_as_test_is_split_off() -> None:
    pairs = random_pairs(500, 2000, 4)
    assert [list(side) for side in set_dev_aside(pairs, 0.1, seed=7)] == [
        list(side) for side in split_pairs(pairs, test=0.1, seed=7)
    ]


@pytest.mark.parametrize("seed", [-1, True, 1.5, None])
def test_seeds_that_cannot_be_are_refused(seed: int) -> None:
    with pytest.raises(OptionError, match=r"seed is .*, expected an integer of at least 0"):
        split_pairs(Pairs.from_rows([("a", "b", 1), ("c", "d", 0)]), test=0.5, seed=seed)
