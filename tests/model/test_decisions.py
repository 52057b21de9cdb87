from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from textsiam.errors import OptionError
from textsiam.model.calibration import Calibration
from textsiam.model.decisions import Cut, Decision, Decisions, adopted, checked_threshold, chosen_by_training, decide

CUTS = (
    Cut(3.0, 100, 99, 0.93, 0.15),
    Cut(2.0, 200, 192, 0.91, 0.36),
    Cut(1.0, 400, 340, 0.80, 0.64),
    Cut(0.0, 600, 450, 0.70, 0.87),
    Cut(-9.0, 1000, 500, 0.45, 0.99),
)
DEV = Decisions(pairs=1000, same=500, cuts=CUTS)
PLAIN = Calibration()


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@pytest.mark.parametrize(("precision", "cut"), [(0.93, 0), (0.92, 0), (0.91, 1), (0.8, 2), (0.45, 4), (0.1, 4)])
def test_precision_takes_the_lowest_threshold_whose_bound_reaches_it(precision: float, cut: int) -> None:
    found = decide(PLAIN, DEV, precision=precision)
    assert found.threshold == pytest.approx(sigmoid(CUTS[cut].raw))
    assert (found.precision_low, found.recall_low) == (CUTS[cut].precision_low, CUTS[cut].recall_low)
    assert found.precision == CUTS[cut].right / CUTS[cut].called
    assert found.recall == CUTS[cut].right / 500
    assert found.policy == f"precision={precision:g}"


@pytest.mark.parametrize(("recall", "cut"), [(0.1, 0), (0.15, 0), (0.16, 1), (0.87, 3), (0.99, 4)])
def test_recall_takes_the_highest_threshold_whose_bound_reaches_it(recall: float, cut: int) -> None:
    assert decide(PLAIN, DEV, recall=recall).threshold == pytest.approx(sigmoid(CUTS[cut].raw))


def test_costs_are_least_at_the_threshold_that_they_give() -> None:
    """Count the costs of every threshold where probabilities are right, with ten thousand pairs of each probability."""
    probabilities = [place / 20 + 0.01 for place in range(20)]
    found = decide(PLAIN, None, cost=(3, 1))
    assert found.threshold == 0.75  # float32 holds it
    assert found.policy == "cost=3,1"
    assert found.precision is None

    def cost(threshold: float) -> float:
        return sum(3 * (1 - p) if p >= threshold else p for p in probabilities)

    assert cost(found.threshold) == min(cost(step / 1000) for step in range(1001))


def test_another_prior_is_what_reweighted_pairs_show() -> None:
    """Each same pair counts a ninth: 500 and 500 become 10 and 90 of 100."""
    rare = PLAIN.at(0.1)
    for cut, one in zip(CUTS, DEV.seen(rare), strict=True):
        right, wrong = cut.right / 9, cut.called - cut.right
        assert one.precision == pytest.approx(right / (right + wrong))
        odds = cut.precision_low / (1 - cut.precision_low) / 9
        assert one.precision_low == pytest.approx(odds / (1 + odds))
        assert (one.recall, one.recall_low) == (cut.right / 500, cut.recall_low)
        assert one.threshold == pytest.approx(sigmoid(cut.raw + math.log(1 / 9)))
    assert decide(rare, DEV, precision=0.5).threshold == pytest.approx(sigmoid(2 - math.log(9)))


def test_what_dev_cannot_promise_says_how_many_pairs_would() -> None:
    # the strictest cut: (0.99 - 0.93) / (0.99 - 0.95), squared, times 1,000; the next one: (0.05 / 0.01) squared
    with pytest.raises(OptionError) as caught:
        decide(PLAIN, DEV, precision=0.95)
    assert str(caught.value) == (
        "precision 0.95 cannot be promised: with 95% confidence, the 1,000 dev pairs (500 the same) show at most "
        "0.9300; about 2,250 dev pairs like these would show it"
    )
    with pytest.raises(OptionError, match=r"on dev itself no threshold had more than 0\.9900: more dev pairs alone"):
        decide(PLAIN, DEV, precision=0.995)
    with pytest.raises(OptionError, match=r"recall 0\.995 cannot be promised.*show at most 0\.9900; about 2,000 dev"):
        decide(PLAIN, DEV, recall=0.995)


def test_so_many_pairs_do_show_it() -> None:
    beta = pytest.importorskip("scipy.stats").beta
    right, called = 950, 1000
    low = float(beta.ppf(0.001, right, called - right + 1))
    few = Decisions(pairs=2000, same=1000, cuts=(Cut(0.0, called, right, low, 0.5),))
    with pytest.raises(OptionError, match="about ") as caught:
        decide(PLAIN, few, precision=0.94)
    wanted = int(str(caught.value).split("about ")[1].split()[0].replace(",", ""))
    many = wanted / 2000
    assert float(beta.ppf(0.001, right * many, (called - right) * many + 1)) == pytest.approx(0.94, abs=0.002)


@pytest.mark.parametrize(
    ("goals", "problem"),
    [
        ({}, "give one of precision, recall and cost, got none"),
        ({"precision": 0.9, "recall": 0.9}, "got precision and recall"),
        ({"precision": 1.0}, r"precision is 1\.0, expected a share above 0 and below 1"),
        ({"recall": 0}, "recall is 0, expected a share"),
        ({"precision": "0.9"}, "precision is '0.9', expected a share"),
        ({"cost": (1, 0)}, r"cost is \(1, 0\), expected two numbers above 0"),
        ({"cost": 3}, "cost is 3, expected two numbers"),
        ({"cost": (1, 2, 3)}, "expected two numbers"),
        ({"cost": (math.inf, 1)}, "expected two numbers"),
    ],
)
def test_goals_that_cannot_be_are_refused(goals: dict[str, Any], problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        decide(PLAIN, DEV, **goals)


def test_a_model_that_keeps_nothing_of_dev_says_so() -> None:
    with pytest.raises(OptionError, match="a precision needs what dev pairs show, which this model does not keep"):
        decide(PLAIN, None, precision=0.9)


def test_a_decision_is_adopted_and_told() -> None:
    card = (
        "# A model\n| threshold | 0.5 (highest accuracy on dev) |\n\n"
        "The probabilities assume that the share of same pairs is that of dev, 0.500.\n\nThe end.\n"
    )
    decision = decide(PLAIN.at(0.1), DEV, recall=0.6)
    calibration, told = adopted(decision, PLAIN, card)
    assert (calibration.threshold, calibration.policy) == (decision.threshold, "recall=0.6")
    assert (calibration.prior, calibration.dev_prior) == (0.1, 0.5)
    low = decision.precision_low
    assert told == (
        f"# A model\n| threshold | {decision.threshold:.4f} (recall=0.6, precision at least {low:.4f} with 95% "
        "confidence, recall at least 0.6400 with 95% confidence) |\n\n"
        "The probabilities assume that the share of same pairs is 0.1; on dev it was 0.500.\n\nThe end.\n"
    )
    given, told = adopted(Decision(0.25, "given", 0.5), calibration, told)
    assert given == Calibration(threshold=0.25, policy="given", dev_threshold=0.5)
    assert "| threshold | 0.2500 (given) |" in told
    # the same pairs are called the same at the prior's own threshold
    raw = np.array([cut.raw for cut in CUTS])
    assert (calibration.probability(raw) >= calibration.threshold).tolist() == [True, True, True, False, False]


@pytest.mark.parametrize("cut", [(math.nan, 1, 1, 0.5, 0.5), (0.0, 1, 1, "0.5", 0.5), (0.0, 1)])
def test_cuts_of_an_altered_file_are_refused(cut: Any) -> None:
    with pytest.raises((OptionError, TypeError)):
        Decisions(pairs=1, same=1, cuts=(cut,))


@pytest.mark.parametrize("prior", [0.9999, 1e-12])
def test_cuts_that_float32_does_not_part_are_one(prior: float) -> None:
    """Whatever is told of a threshold is what it does: it calls as many dev pairs as told."""
    cuts = tuple(Cut(20.0 - step, 10 * (step + 1), 10 * (step + 1) - step, 0.5, 0.1) for step in range(30))
    calibration = Calibration(slope=2.0).at(prior)
    seen = Decisions(pairs=400, same=280, cuts=cuts).seen(calibration)
    assert 1 < len(seen) <= 30
    assert (prior < 0.5) == (len(seen) == 30)
    probabilities = calibration.probability(np.array([cut.raw for cut in cuts]))
    for one in seen:
        called = [cut for cut, probability in zip(cuts, probabilities, strict=True) if probability >= one.threshold]
        assert one.recall == called[-1].right / 280


def test_a_card_of_an_earlier_version_keeps_its_second_sentence() -> None:
    card = "The probabilities assume that the share of same pairs is that of dev, 0.500. The dev figures: less.\n"
    told = adopted(Decision(0.7, "given", 0.1), PLAIN, card)[1]
    assert told == (
        "The probabilities assume that the share of same pairs is 0.1; on dev it was 0.500. The dev figures: less.\n"
    )


def test_thresholds_are_rounded_as_probabilities_are() -> None:
    threshold = decide(PLAIN, None, cost=(7, 3)).threshold
    assert threshold == float(np.float32(0.7)) != 0.7
    assert adopted(Decision(0.7, "given", 0.5), PLAIN, "")[0].threshold == threshold


def test_what_training_chose_is_kept_beside_a_decision() -> None:
    trained = Calibration(threshold=0.45, prior=0.3)
    changed, _ = adopted(decide(trained.at(0.1), DEV, cost=(3, 1)), trained, "")
    changed, _ = adopted(Decision(0.25, "given", 0.2), changed, "")
    assert chosen_by_training(changed, graded=False) == Decision(0.45, "accuracy", 0.3)
    assert chosen_by_training(changed, graded=True).policy == "half"
    back, _ = adopted(chosen_by_training(changed, graded=False), changed, "")
    assert back == dataclasses.replace(trained, threshold=float(np.float32(0.45)))


@pytest.mark.parametrize("earlier", [{"policy": "given"}, {"policy": "accuracy", "prior": 0.1, "dev_prior": 0.5}])
def test_what_an_earlier_version_replaced_is_not_made_up(earlier: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="replaced by an earlier textsiam"):
        chosen_by_training(Calibration(**earlier), graded=False)


def test_the_card_tells_of_going_back_as_training_did() -> None:
    card = (
        "| threshold | 0.4500 (highest accuracy on dev) |\n\nThe probabilities assume that the share of same pairs is "
    )
    card += "that of dev, 0.300.\n"
    trained = Calibration(threshold=0.45, prior=0.3)
    changed, told = adopted(Decision(0.25, "given", 0.2), trained, card)
    assert "is 0.2; on dev it was 0.300" in told
    assert adopted(chosen_by_training(changed, graded=False), changed, told)[1] == card


@pytest.mark.parametrize("number", [np.float32(0.3), np.float64(0.3), np.float16(0.3), Fraction(3, 10), 0.3])
def test_a_threshold_is_any_real_number(number: float) -> None:
    threshold = checked_threshold(number)
    assert type(threshold) is float
    assert threshold == float(np.float32(number))


@pytest.mark.parametrize("whole", [1, np.int64(1), np.uint8(1)])
def test_a_whole_threshold_is_one(whole: int) -> None:
    assert checked_threshold(whole) == 1.0


@pytest.mark.parametrize("wrong", [True, np.True_, "0.3", None, 1 + 0j, np.float32(1.5), np.int64(-1), math.nan])
def test_what_is_no_probability_is_no_threshold(wrong: Any) -> None:
    with pytest.raises(OptionError, match=r"^limit is .*, expected a probability from 0 to 1"):
        checked_threshold(wrong, "limit")
