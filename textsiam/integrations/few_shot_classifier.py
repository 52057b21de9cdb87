"""FewShotClassifier: classes that are known by a few texts each, told apart by a model trained on pairs."""

from __future__ import annotations

from numbers import Real
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.integrations.class_scores import Known, check_method, neighbor_log_odds, prototype_log_odds
from textsiam.integrations.sklearn_texts import TextColumnMixin, opened_model
from textsiam.model.pair_model import PairModel

MODEL = "model"  # the threshold that means: the model's own


class FewShotClassifier(
    TextColumnMixin,
    ClassifierMixin,  # type: ignore[misc] # scikit-learn ships no types
    BaseEstimator,  # type: ignore[misc]
):
    """Tell classes apart of which one or a few texts each are known, without training on them.

    A model that learned on pairs whether texts say the same says how likely a text says the same as those of a class;
    the likeliest class wins. Classes may be added at any time with ``partial_fit``. X is a list, array or Series of
    texts (n,), or a table with one column of them.

    Koch, Zemel, Salakhutdinov, "Siamese neural networks for one-shot image recognition", 2015 (one text of each class:
    both methods are then theirs); Snell, Swersky, Zemel, "Prototypical networks for few-shot learning", 2017.

    Parameters
    ----------
    model
        A PairModel, or the folder of one, as ``TextEncoder`` takes it.
    method
        "prototype" (a text is compared with the mean of each class's vectors, in the cosine head those of length 1) or
        "neighbors" (with every text of a class, of which the nearest count: for classes that say several things, and
        for the head "alignment", which has no vectors to average).
    n_neighbors
        Of "neighbors": the texts of each class, those with the highest log odds, whose mean log odds count.
    threshold
        Probability of saying the same as its likeliest class below which a text is none of them; "model" is the
        model's own threshold, None has no such texts.
    outlier_label
        What ``predict`` gives a text that is none of the classes.
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
        threshold: float | str | None = None,
        outlier_label: Any = None,
        device: str | None = None,
    ) -> None:
        self.model = model
        self.method = method
        self.n_neighbors = n_neighbors
        self.threshold = threshold
        self.outlier_label = outlier_label
        self.device = device

    def fit(self, X: Any, y: Any) -> Self:
        """Take X for all that is known of the classes y; a new fit forgets what was known.

        Raises OptionError for options that cannot be, and a cell of X that is not a str, naming its row,
        ModelFolderError for a folder that is not a model's, ValueError where shapes do not fit.
        """
        return self._learn(X, y, None)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Add texts X of classes y, known or new ones; the first call is as ``fit``.

        ``classes``, if given, are all that y may have, so that a misspelled one is refused. Raises as ``fit``.
        """
        if classes is not None and not np.isin(y, classes).all():
            raise OptionError(f"y has the class {np.setdiff1d(y, classes).tolist()[0]!r}, which classes does not have")
        return self._learn(X, y, self if hasattr(self, "model_") else None)

    def predict(self, X: Any) -> Array:
        """Return the likeliest class of each text, (n,), or ``outlier_label`` where none reaches the threshold."""
        odds = self._class_log_odds(X)
        found = self.classes_[odds.argmax(axis=1)]
        if self.threshold is None:
            return np.asarray(found)
        limit = self.model_.calibration.threshold if self.threshold == MODEL else self.threshold
        is_none = np.exp(-np.logaddexp(0, -odds.max(axis=1))) < limit
        if not is_none.any():
            return np.asarray(found)
        label = np.asarray(self.outlier_label)
        same_kind = label.dtype.kind == found.dtype.kind
        found = found.astype(np.result_type(found, label) if same_kind else object)
        found[is_none] = self.outlier_label
        return np.asarray(found)

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, float64 (n, C), in the order of ``classes_``; rows add up to 1.

        It is what the probabilities of saying the same come to if a text is of exactly one class: shares of their odds.
        The threshold plays no part.
        """
        odds = self._class_log_odds(X)
        shares = np.exp(odds - odds.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def decision_function(self, X: Any) -> Array:
        """Return the log odds that each text says the same as each class, float64 (n, C).

        Of two classes, as scikit-learn has it, those of the second less those of the first, (n,).
        """
        odds = self._class_log_odds(X)
        return odds[:, 1] - odds[:, 0] if odds.shape[1] == 2 else odds

    def _learn(self, X: Any, y: Any, known: FewShotClassifier | None) -> Self:
        """Learn the texts X behind those that are ``known``, if any are."""
        texts, labels = self._checked_texts_and_labels(X, y, reset=known is None)
        check_classification_targets(labels)
        model = opened_model(self.model, self.device) if known is None else known.model_
        check_method(self.method, self.n_neighbors, model)
        _check_threshold(self.threshold)
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

    def _class_log_odds(self, X: Any) -> Array:
        check_is_fitted(self)
        texts, known = self._checked_texts(X, reset=False), Known(self.texts_, self._vectors, self._places)
        check_method(self.method, self.n_neighbors, self.model_)
        if self.method == "prototype":
            return prototype_log_odds(self.model_, texts, known)
        return neighbor_log_odds(self.model_, texts, known, n_neighbors=self.n_neighbors)


def _check_same_kind(known: Array, labels: Array) -> None:
    """Raise OptionError for numbers beside words: NumPy would make words of both."""
    if isinstance(known[0], str) != isinstance(labels[0], str):
        raise OptionError(f"y has the class {labels[0]!r}, but {known[0]!r} is known; expected classes of one kind")


def _check_threshold(threshold: object) -> None:
    is_number = isinstance(threshold, Real) and not isinstance(threshold, bool)
    if threshold is None or threshold == MODEL or (is_number and 0 <= float(threshold) <= 1):  # type: ignore[arg-type]
        return
    raise OptionError(f"threshold is {threshold!r}, expected a probability, 0 to 1, 'model' or None")
