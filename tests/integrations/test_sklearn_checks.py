from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.integrations.numbers_as_texts import (
    DuplicateClassifierOfNumbers,
    FewShotClassifierOfNumbers,
    TextEncoderOfNumbers,
    model_of_words,
)

MODEL = model_of_words()
ESTIMATORS = [
    DuplicateClassifierOfNumbers(  # at 0.5, for the checks ask that predict_proba's largest be what is predicted
        encoder="bag",
        dim=16,
        head_units=16,
        epochs=8,
        learning_rate=0.05,
        vocabulary_type="word",
        device="cpu",
        threads=1,
        threshold=0.5,
    ),
    TextEncoderOfNumbers(MODEL),
    FewShotClassifierOfNumbers(MODEL),
    FewShotClassifierOfNumbers(MODEL, method="neighbors", n_neighbors=5),
]
ONE_COLUMN = "X of these estimators is one column: what has one dimension is one, and not refused"
NOT_HELD: dict[type, dict[str, str]] = {
    DuplicateClassifierOfNumbers: {
        "check_methods_subset_invariance": "float32 products of other batches round differently, by 1e-7 of a logit"
    },
    TextEncoderOfNumbers: {"check_fit1d": ONE_COLUMN, "check_fit2d_predict1d": ONE_COLUMN},
    FewShotClassifierOfNumbers: {"check_fit1d": ONE_COLUMN, "check_fit2d_predict1d": ONE_COLUMN},
}


def not_held(estimator: Any) -> dict[str, str]:
    return NOT_HELD[type(estimator)]


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=not_held)  # type: ignore[untyped-decorator] # scikit-learn ships no types
def test_scikit_learns_own_checks(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)
