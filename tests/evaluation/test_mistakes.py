from __future__ import annotations

import pytest

import textsiam
from textsiam.evaluation.evaluate import evaluate
from textsiam.evaluation.evaluation import Evaluation
from textsiam.evaluation.mistakes import WORDS_EXPLAINED, Mistake, worst_mistakes
from textsiam.model.pair_model import PairModel

WORDS = ["red", "green", "blue", "cat", "dog", "bird", "sleeps", "runs"]
ROWS = [(f"{a} {b}", f"{b} {c}", (len(a) + len(c)) % 2) for a in WORDS[:4] for b in WORDS[2:6] for c in WORDS[4:]]
PAIRS = textsiam.read_pairs(ROWS)
GRADED = textsiam.read_pairs([(a, b, number % 6) for number, (a, b, _) in enumerate(ROWS)], label_range=(0, 5))


def brute_force(result: Evaluation, most: int) -> tuple[list[int], list[int]]:
    """Give the numbers of false positives by falling probability, and of false negatives by rising probability."""
    numbered = list(enumerate(zip(result.probabilities.tolist(), result.labels.tolist(), strict=True), 1))
    assert result.threshold is not None
    high = [(-p, number) for number, (p, label) in numbered if p >= result.threshold and label == 0]
    low = [(p, number) for number, (p, label) in numbered if p < result.threshold and label == 1]
    return [number for _, number in sorted(high)][:most], [number for _, number in sorted(low)][:most]


@pytest.mark.parametrize("most", [0, 3, 1000])
def test_the_worst_are_those_that_a_search_finds(model: PairModel, most: int) -> None:
    result = evaluate(model, PAIRS, draws=0)
    found = worst_mistakes(result, model, PAIRS, most)
    assert tuple([one.number for one in side] for side in found) == brute_force(result, most)
    assert most == 0 or all(found)
    for one in (*found[0], *found[1]):
        assert one.times == 1
        assert (one.text_a, one.text_b, one.label) == PAIRS[one.number - 1]
        assert one.probability == result.probabilities[one.number - 1]
        assert one.explanation == textsiam.explain(model, one.text_a, one.text_b)


def test_the_worst_grades_are_the_largest_errors(model: PairModel) -> None:
    result = evaluate(model, GRADED, draws=0)
    errors = (result.probabilities.astype(float) - result.labels).tolist()
    high, low = worst_mistakes(result, model, GRADED, 4)
    assert [one.probability - one.label for one in high] == pytest.approx(sorted(errors, reverse=True)[:4])
    assert [one.probability - one.label for one in low] == pytest.approx(sorted(errors)[:4])


def test_words_are_named_by_what_they_add(model: PairModel) -> None:
    explanation = textsiam.explain(model, "red cat sleeps here", "red dog sleeps now today")
    one = Mistake(number=1, text_a="", text_b="", probability=0.5, label=0.0, times=1, explanation=explanation)
    for sign in (1, -1):
        speaking = sorted(sign * word.contribution for word in explanation.words if sign * word.contribution > 0)
        assert [sign * part for _, _, part in one.words(sign)] == speaking[:-4:-1]


def test_long_texts_are_not_explained(model: PairModel) -> None:
    rows = [("red " * (WORDS_EXPLAINED - extra), "red", label) for extra, label in ((1, 0), (0, 0), (2, 1))]
    pairs = textsiam.read_pairs(rows)
    explained = {
        one.number: one.explanation is not None
        for one in worst_mistakes(evaluate(model, pairs, draws=0), model, pairs, 9)[0]
    }
    assert explained == {1: True, 2: False}
    unexplained = Mistake(number=1, text_a="a", text_b="b", probability=0.5, label=0.0, times=1, explanation=None)
    assert unexplained.words(1) == []


@pytest.mark.parametrize("show", [True, False])
def test_progress_is_shown_where_it_is_asked_for(
    model: PairModel, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, show: bool
) -> None:
    monkeypatch.setattr("textsiam.progress.PLAIN_SECONDS", 0.0)
    worst_mistakes(evaluate(model, PAIRS, draws=0), model, PAIRS, 1, show_progress=show)
    assert ("explaining mistakes: 1/2 pairs" in capsys.readouterr().err) == show


def test_equal_mistakes_are_shown_once_and_counted(model: PairModel) -> None:
    rows = [("red cat", "red cat now", 0), ("dog", "bird", 1), ("red cat now", "red cat", 0), ("red", "red", 0)] * 2
    pairs = textsiam.read_pairs(rows)
    high, low = worst_mistakes(evaluate(model, pairs, draws=0), model, pairs, 2)
    assert [(one.number, one.times) for one in high] == [(4, 2), (1, 4)]
    assert [(one.number, one.times) for one in low] == [(2, 2)]
