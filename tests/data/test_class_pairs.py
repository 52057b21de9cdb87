from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas
import pytest

import textsiam
from textsiam.data.class_pairs import class_pairs, separate_pairs
from textsiam.errors import OptionError

SIZES = {"red": 40, "green": 25, "blue": 7, "one of a kind": 1}
CLASSES = [name for name, size in SIZES.items() for _ in range(size)]
TEXTS = [f"text {number}" for number in range(len(CLASSES))]
CLASS_OF = dict(zip(TEXTS, CLASSES, strict=True))


def is_right(pairs: textsiam.Pairs) -> bool:
    return all((CLASS_OF[a] == CLASS_OF[b]) == bool(label) and a != b for a, b, label in pairs)


def test_pairs_to_train_on_link_each_class_and_say_what_is_true() -> None:
    pairs = class_pairs(TEXTS, CLASSES, seed=3)
    assert is_right(pairs)
    assert len(pairs) == 2 * 72
    assert pairs.labels.mean() == 0.5
    of_text = Counter(text for a, b, label in pairs if label for text in (a, b))
    assert set(of_text.values()) == {2}  # a ring
    linked = textsiam.question_components(pairs.select(pairs.labels == 1))
    assert len(set(linked.tolist())) == 3


def test_more_rounds_are_other_rings_and_equal_seeds_equal_pairs() -> None:
    pairs = class_pairs(TEXTS, CLASSES, rounds=3, seed=3)
    assert is_right(pairs)
    assert len(pairs) == 3 * 2 * 72
    same = Counter(frozenset((a, b)) for a, b, label in pairs if label)
    assert len(same) > 2 * 72
    assert list(pairs) == list(class_pairs(TEXTS, CLASSES, rounds=3, seed=3))
    assert list(pairs) != list(class_pairs(TEXTS, CLASSES, rounds=3, seed=4))


@pytest.mark.parametrize("seed", range(5))
def test_pairs_to_judge_on_take_each_text_once(seed: int) -> None:
    pairs = separate_pairs(TEXTS, CLASSES, seed=seed)
    assert is_right(pairs)
    assert max(Counter(pairs.texts()).values()) == 1
    assert pairs.labels.mean() == 0.5
    assert len(pairs) >= 30
    assert list(pairs) == list(separate_pairs(TEXTS, CLASSES, seed=seed))


def test_every_class_is_paired_with_every_other() -> None:
    classes = np.arange(1000) % 5
    pairs = separate_pairs([str(number) for number in range(1000)], list(classes))
    assert len(pairs) == 500
    met = Counter(frozenset((int(a) % 5, int(b) % 5)) for a, b, label in pairs if not label)
    assert len(met) == 10
    assert min(met.values()) > 10


def test_two_texts_of_a_class_are_joined_once() -> None:
    pairs = class_pairs(["a", "b", "c"], [1, 1, 2])
    assert Counter(label for *_, label in pairs) == {1: 1, 0: 1}


@pytest.mark.parametrize("make", [class_pairs, separate_pairs])
@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([1, 1], "there are 3 texts and 2 classes, expected one for each text"),
        ([1, 1, 1], "3 texts of 1 classes make no pairs of both labels"),
        ([], "there are 3 texts and 0 classes"),
        ("abb", "classes is one text, expected a class for each text"),
        ([1, 2, 3], "3 texts of 3 classes make no pairs of both labels; .* two texts in one of them"),
    ],
)
def test_what_makes_no_pairs_is_told(make: Callable[..., object], classes: list[int], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        make(["a", "b", "c"], classes)


def test_rounds_are_checked() -> None:
    with pytest.raises(OptionError, match="rounds is 0"):
        class_pairs(TEXTS, CLASSES, rounds=0)


@pytest.mark.parametrize("make", [class_pairs, separate_pairs])
def test_a_series_is_taken_in_its_order_whatever_its_index(make: Callable[..., textsiam.Pairs]) -> None:
    frame = pandas.DataFrame({"text": TEXTS, "class": CLASSES}).sample(frac=1, random_state=0)
    part = frame[frame["class"] != "one of a kind"]
    for some in (frame, part):
        pairs = make(some["text"], some["class"])
        assert is_right(pairs)
        assert list(pairs) == list(make(list(some["text"]), list(some["class"])))
        assert list(pairs) == list(make((text for text in some["text"]), (one for one in some["class"])))


@pytest.mark.parametrize("make", [class_pairs, separate_pairs])
def test_what_is_no_list_of_texts_is_told(make: Callable[..., textsiam.Pairs]) -> None:
    with pytest.raises(OptionError, match="texts is one text, expected a list of texts"):
        make("abc", [1, 1, 2])
    with pytest.raises(OptionError, match=r"texts\[1\] is 3, expected a str"):
        make(["a", 3, "c"], [1, 1, 2])
    with pytest.raises(OptionError, match="0 texts of 0 classes make no pairs"):
        make([], [])


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 11])
@pytest.mark.parametrize("seed", [0, 1])
def test_small_classes_give_half_as_many_pairs_as_texts(size: int, seed: int) -> None:
    classes = np.arange(100 * size) % 100
    pairs = separate_pairs([str(number) for number in range(100 * size)], classes, seed=seed)
    assert all((int(a) % 100 == int(b) % 100) == bool(label) for a, b, label in pairs)
    assert max(Counter(pairs.texts()).values()) == 1
    assert pairs.labels.mean() == 0.5
    assert len(pairs) > 0.8 * 50 * size


@pytest.mark.parametrize(
    "sizes", [(2, 1, 1), (3, 1), (3, 2), (3, 3), (2, 2, 1), (2, 2, 2), (4, 1), (5, 2), (7, 1), (2, 9)]
)
def test_a_few_texts_make_pairs_wherever_they_can(sizes: tuple[int, ...]) -> None:
    classes = np.repeat(np.arange(len(sizes)), sizes)
    for seed in range(30):
        pairs = separate_pairs([str(number) for number in range(len(classes))], classes, seed=seed)
        assert Counter(label for *_, label in pairs).keys() == {0, 1}
        assert max(Counter(pairs.texts()).values()) == 1
        assert all((classes[int(a)] == classes[int(b)]) == bool(label) for a, b, label in pairs)


def test_texts_that_make_pairs_of_one_label_alone_are_told() -> None:
    for classes in ([1, 1, 2], [1, 1, 2, 2]):
        with pytest.raises(OptionError, match=r"texts of 2 classes make no pairs of both labels; .* for separate"):
            separate_pairs([str(number) for number in range(len(classes))], classes)
