from __future__ import annotations

import json
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textsiam
from textsiam.data import audit as module
from textsiam.data.audit import Chain, audit
from textsiam.text.normalization import normalize_text

PLANTED = [
    ("red cat", "a red cat", 1),  # 1
    ("Red  cat", "blue dog", 0),
    ("A red cat", "red cat", 0),  # 3: contradicts 1
    ("a red cat", "scarlet cat", 1),
    ("scarlet cat", "crimson cat", 1),
    ("crimson cat", "red cat", 0),  # 6: joined by 1, 4, 5
    ("blue dog", "RED cat", 0),  # 7: repeats 2
    ("green bird", "green bird", 1),
    ("green bird", "Green Bird", 0),  # 9: contradicts 8
    ("", "blue dog", 0),
    ("one " * 200, "two", 0),
]


def test_what_was_planted_is_found_and_nothing_else() -> None:
    found = audit(PLANTED)
    assert (found.pairs, found.texts, found.graded) == (11, 9, False)
    assert found.label_mean == pytest.approx(4 / 11)
    assert found.contradictions == ((1, 3), (8, 9))
    assert found.repeats == ((2, 7),)
    assert found.self_pairs == (8, 9)
    assert found.self_pairs_not_same == (9,)
    assert found.broken_chains == 1
    assert found.chains == (Chain(row=6, texts=("crimson cat", "scarlet cat", "a red cat", "red cat")),)
    assert found.empty_texts == (10,)
    assert (found.lengths.median, found.lengths.longest) == (2, 200)
    assert found.scripts == {"Latin": 8, "no letters": 1}
    assert found.leakage_roc_auc is None  # there are not enough pairs of label 1
    assert found.leaks == {}
    assert json.loads(json.dumps(found.to_dict()))["chains"] == [
        {"row": 6, "texts": ["crimson cat", "scarlet cat", "a red cat", "red cat"]}
    ]


def test_a_text_far_longer_than_others_is_told() -> None:
    rows = [(f"word {n}", f"other {n}", n % 2) for n in range(300)]
    rows.insert(40, ("long " * 60, "short", 0))
    found = audit(rows)
    assert found.lengths.far_longer == (41,)
    assert (found.lengths.median, found.lengths.p99) == (2, 2)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.integers(0, 1)), min_size=1, max_size=14
    )
)
@settings(deadline=None, max_examples=60)
def test_contradictions_and_chains_by_hand(rows: list[tuple[str, str, int]]) -> None:
    labels_of = defaultdict(set)
    for a, b, label in rows:
        labels_of[frozenset((a, b))].add(label)
    contradicting = {key for key, labels in labels_of.items() if len(labels) == 2}
    found = audit(rows)
    assert {frozenset(rows[row - 1][:2]) for group in found.contradictions for row in group} == contradicting
    again = [key for key in labels_of if sum(frozenset(row[:2]) == key for row in rows) > 1]
    assert {frozenset(rows[row - 1][:2]) for group in found.repeats for row in group} == set(again) - contradicting
    same = [row[:2] for row in rows if row[2]]
    broken = []
    for number, (a, b, label) in enumerate(rows, 1):
        reached = {a}
        for _ in same:
            reached |= {text for pair in same if reached & set(pair) for text in pair}
        if not label and a != b and b in reached and labels_of[frozenset((a, b))] == {0}:
            broken.append(number)
    assert [chain.row for chain in found.chains] == broken
    assert found.broken_chains == len(broken)


def test_many_broken_chains_are_counted_and_some_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CHAINS", 2)
    rows = [(f"{n}", f"{n + 1}", 1) for n in range(6)] + [(f"{n}", f"{n + 3}", 0) for n in range(4)]
    found = audit(rows)
    assert found.broken_chains == 4
    assert [chain.row for chain in found.chains] == [7, 8]
    assert found.chains[0].texts == ("0", "1", "2", "3")


def test_leaks_into_other_pairs_are_counted() -> None:
    other = [
        ("red cat", "white cat", 1),  # its first text is known
        ("white cat", "black cat", 0),  # linked to it
        ("Blue dog", "red cat", 1),  # the same two texts as rows 2 and 7
        ("horse", "cow", 0),
    ]
    leak = audit(PLANTED, others={"test": other}).leaks["test"]
    assert (leak.pairs, leak.texts, leak.shared_texts, leak.same_pairs, leak.linked_pairs) == (4, 6, 2, 1, 3)


def test_the_choice_of_pairs_can_tell_the_label() -> None:
    rows = [(f"{n}{a}", f"{n}{b}", 1) for n in range(40) for a, b in ("xy", "yz", "zx")]
    rows += [(f"{n}v", f"{n}w", 0) for n in range(120)]
    found = audit(rows)
    assert found.leakage_roc_auc == pytest.approx(1)
    assert found.leakage_accuracy == 1


def test_grades_have_no_chains_and_no_leakage() -> None:
    rows = [("a", "b", 5), ("b", "c", 5), ("a", "c", 0), ("b", "a", 4)]
    found = audit(textsiam.read_pairs(rows, label_range=(0, 5)))
    assert found.graded
    assert found.contradictions == ((1, 4),)
    assert (found.broken_chains, found.chains, found.leakage_roc_auc) == (0, (), None)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True])
def test_seeds_out_of_range_are_refused(seed: Any) -> None:
    with pytest.raises(textsiam.OptionError, match="expected an integer from 0 to"):
        audit(PLANTED, seed=seed)


@pytest.mark.parametrize("others", ["test.csv", ["test.csv"]])
def test_others_need_names(others: Any) -> None:
    with pytest.raises(textsiam.OptionError, match="expected pairs by name"):
        audit(PLANTED, others=others)


def test_no_pairs_have_nothing_wrong() -> None:
    found = audit(textsiam.Pairs.from_rows([("a", "b", 1)]).select([]))
    assert (found.pairs, found.texts, found.contradictions, found.scripts) == (0, 0, (), {})


@pytest.mark.realdata
def test_on_qqp_it_finds_what_a_search_by_hand_finds(real_data: Path) -> None:
    train, test = (textsiam.read_pairs(real_data / "qqp" / f"{side}.tsv") for side in ("train", "test"))
    started = time.monotonic()
    found = audit(train, others={"test": test})
    assert time.monotonic() - started < 180
    rows = [(normalize_text(a), normalize_text(b), label) for a, b, label in train]
    labels_of, near, pairs_of = defaultdict(set), defaultdict(set), defaultdict(list)
    for number, (a, b, label) in enumerate(rows, 1):
        labels_of[frozenset((a, b))].add(label)
        pairs_of[frozenset((a, b))].append(number)
        if label:
            near[a].add(b)
            near[b].add(a)
    assert set(found.contradictions) == {tuple(pairs_of[key]) for key, labels in labels_of.items() if len(labels) > 1}
    assert found.self_pairs == tuple(number for number, (a, b, _) in enumerate(rows, 1) if a == b)

    def distance(start: str, goal: str) -> int:
        steps, waiting = {start: 0}, deque([start])
        while waiting and goal not in steps:
            text = waiting.popleft()
            for other in near[text] - steps.keys():
                steps[other] = steps[text] + 1
                waiting.append(other)
        return steps.get(goal, 0)

    chains = {chain.row: chain.texts for chain in found.chains}
    assert found.broken_chains == len(chains)
    for number, (a, b, label) in enumerate(rows, 1):
        if not label and a != b and labels_of[frozenset((a, b))] == {0} and near[a] and near[b]:
            assert len(chains.get(number, " ")) - 1 == distance(a, b)
    texts, theirs = {text for row in rows for text in row[:2]}, {normalize_text(text) for text in test.texts()}
    leak = found.leaks["test"]
    assert (leak.texts, leak.shared_texts) == (len(theirs), len(theirs & texts))
    assert leak.same_pairs == sum(frozenset(map(normalize_text, pair[:2])) in labels_of for pair in test)
    components = textsiam.question_components([*train, *test])
    assert leak.linked_pairs == int(np.isin(components[len(train) :], components[: len(train)]).sum())
