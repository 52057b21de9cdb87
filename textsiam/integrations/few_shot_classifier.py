"""FewShotClassifier: classes that are known by a few texts each, told apart by a model trained on pairs."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.integrations.class_scores import AUTO, OWN, ClassScorer, Known
from textsiam.integrations.sklearn_texts import TextColumnMixin, opened_model
from textsiam.model.decisions import checked_threshold
from textsiam.model.pair_model import PairModel
from textsiam.training.config import TEMPERATURE


class FewShotClassifier(
    TextColumnMixin,
    ClassifierMixin,  # type: ignore[misc] # scikit-learn ships no types
    BaseEstimator,  # type: ignore[misc]
):
    """Tell classes apart of which one or a few texts each are known, without training on them.

    A model that learned on pairs whether texts say the same compares a text with those of each class; the class that it
    is most like wins. Classes may be added at any time with ``partial_fit``. X is a list, array or Series of texts
    (n,), or a table with one column of them.

    Koch, Zemel, Salakhutdinov, "Siamese neural networks for one-shot image recognition", 2015 (one text of each class:
    both methods are then theirs); Snell, Swersky, Zemel, "Prototypical networks for few-shot learning", 2017.

    Parameters
    ----------
    model
        A PairModel, or the folder of one, as ``TextEncoder`` takes it.
    method
        "prototype": a text is compared with the mean of each class's vectors, of length 1 where cosines compare them.
        "neighbors": with every text of a class, of which the nearest count; for classes that say several things.
    n_neighbors
        Of "neighbors": how many texts of each class count, the mean of those that the text is most like.
    comparison
        "model": the log odds of the model's own comparison. "cosine": the cosine of the vectors. "auto": "cosine" for
        the head mlp, and for alignment with "prototype", else "model". The head mlp learns to judge texts that are near
        each other anyway: among many classes it finds the right one no more often than its own vectors do. Alignment,
        which compares tokens and not vectors, finds it far more often than they do: take "neighbors" with it.
    threshold
        Probability below which a text is none of the classes: the model's own, that it says the same as the best class
        (where cosines compare, as the nearest text of it). "model" is the model's own threshold; None has no such
        texts.
    outlier_label
        What ``predict`` gives a text that is none of the classes; without ``threshold`` there is no such text.
    device
        Of a model that is loaded, as ``PairModel.load`` takes it.

    Attributes
    ----------
    model_
        The PairModel.
    classes_
        The classes known so far, sorted.
    texts_, labels_
        The texts that are known, a list of m, and the class of each, (m,).
    n_features_in_
        1, the column of texts.
    """

    def __init__(
        self,
        model: PairModel | str | PathLike[str],
        *,
        method: str = "prototype",
        n_neighbors: int = 1,
        comparison: str = AUTO,
        threshold: float | str | None = None,
        outlier_label: Any = None,
        device: str | None = None,
    ) -> None:
        self.model = model
        self.method = method
        self.n_neighbors = n_neighbors
        self.comparison = comparison
        self.threshold = threshold
        self.outlier_label = outlier_label
        self.device = device

    def fit(self, X: Any, y: Any) -> Self:
        """Take X for all that is known of the classes y; a new fit forgets what was known.

        Raises OptionError for options that cannot be, a cell of X that is not a str and a missing class, naming the
        row, ModelFolderError for a folder that is not a model's, ValueError where shapes do not fit.
        """
        return self._learn(X, y, known=None, classes=None)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Add texts X of classes y, known or new ones; the first call is as ``fit``.

        ``classes``, if given, are all that y may have, so that a misspelled one is refused. Raises as ``fit``.
        """
        if classes is not None and (isinstance(classes, (str, bytes)) or not isinstance(classes, Iterable)):
            raise OptionError(f"classes is {classes!r:.60}, expected a list of the classes that y may have")
        return self._learn(X, y, known=self if hasattr(self, "model_") else None, classes=classes)

    def predict(self, X: Any) -> Array:
        """Return the class that each text is most like, (n,), or ``outlier_label`` where that misses the threshold."""
        texts, known, scorer = self._ready(X)
        scores = scorer.scores(texts, known)
        found = np.asarray(self.classes_[scores.argmax(axis=1)])
        limit = self._limit(self.model_)
        if limit is None:
            return found
        is_none = scorer.probabilities(texts, known, scores) < limit
        if not is_none.any():
            return found
        label = np.asarray(self.outlier_label)
        found = found.astype(np.result_type(found, label) if label.dtype.kind == found.dtype.kind else object)
        found[is_none] = self.outlier_label
        return found

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, float64 (n, C), in the order of ``classes_``; rows add up to 1.

        Where the model's own comparison is used, shares of the odds: what its probabilities of saying the same come to
        if a text is of exactly one class. Of cosines, a softmax at a temperature of 0.05, which nothing was fitted to.
        The threshold plays no part.
        """
        texts, known, scorer = self._ready(X)
        scores = scorer.scores(texts, known) / (TEMPERATURE if scorer.by_cosine else 1)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def decision_function(self, X: Any) -> Array:
        """Return how like each class each text is, float64 (n, C): log odds of saying the same, or cosines.

        Of two classes, as scikit-learn has it, that of the second less that of the first, (n,).
        """
        texts, known, scorer = self._ready(X)
        scores = scorer.scores(texts, known)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def _learn(self, X: Any, y: Any, *, known: FewShotClassifier | None, classes: Iterable[Any] | None) -> Self:
        """Learn the texts X behind those that are ``known``, if any are; ``classes`` are all that y may have."""
        texts, labels = self._checked_texts_and_labels(X, y, reset=known is None)
        if labels.dtype.kind == "f":  # others are classes, though it warned of many of them with one text each
            check_classification_targets(labels)
        if classes is not None:
            _check_among(labels, list(classes))
        model = opened_model(self.model, self.device) if known is None else known.model_
        self._scorer(model)
        self._limit(model)
        vectors = model.encode(texts)
        if known is not None:
            _check_same_kind(known.labels_, labels)
            texts = [*known.texts_, *texts]
            labels = np.concatenate([known.labels_, labels])
            vectors = np.concatenate([known._vectors, vectors])
        self.model_: PairModel = model
        self.texts_: list[str] = texts
        self.labels_: Array = labels
        self._vectors: Array = vectors
        self.classes_, self._places = np.unique(labels, return_inverse=True)
        return self

    def _ready(self, X: Any) -> tuple[list[str], Known, ClassScorer]:
        check_is_fitted(self, "model_")
        texts = self._checked_texts(X, reset=False)
        return texts, Known(self.texts_, self._vectors, self._places), self._scorer(self.model_)

    def _scorer(self, model: PairModel) -> ClassScorer:
        return ClassScorer(model, self.method, self.n_neighbors, self.comparison)

    def _limit(self, model: PairModel) -> float | None:
        """Give the probability below which a text is of no class; OptionError for a threshold that is none."""
        if np.ndim(self.outlier_label):
            raise OptionError(f"outlier_label is {self.outlier_label!r:.60}, expected one label")
        if self.threshold is None:
            return None
        if isinstance(self.threshold, str):
            if self.threshold != OWN:
                raise OptionError(f"threshold is {self.threshold!r}, expected a probability, {OWN!r} or None")
            return model.calibration.threshold
        return checked_threshold(self.threshold)


def _check_among(labels: Array, classes: list[Any]) -> None:
    unknown = ~np.isin(labels, classes)
    if unknown.any():
        raise OptionError(f"y has the class {labels[unknown].tolist()[0]!r}, which classes does not have")


def _check_same_kind(known: Array, labels: Array) -> None:
    """Raise OptionError for numbers beside words: NumPy would make words of both."""
    if isinstance(known[0], str) != isinstance(labels[0], str):
        raise OptionError(
            f"y has the class {labels.tolist()[0]!r}, but {known.tolist()[0]!r} is known; expected classes of one kind"
        )
