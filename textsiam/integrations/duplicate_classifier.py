"""DuplicateClassifier: textsiam.train as a scikit-learn classifier of pairs of texts."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from textsiam.arrays import Array
from textsiam.data.labels import WORDS
from textsiam.data.pairs import Pairs
from textsiam.errors import OptionError
from textsiam.integrations.classifier_training import options_of, with_dev
from textsiam.integrations.sklearn_texts import checked_table, checked_table_and_labels, column_names, text_cells
from textsiam.model.calibration import log_odds
from textsiam.model.decisions import checked_threshold
from textsiam.training.config import TrainConfig

TINY = np.finfo(np.float64).tiny  # the least distance from a threshold


class DuplicateClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Learn from labelled pairs whether two texts say the same, with a calibrated probability.

    X is a list of (text a, text b), an array of texts (n, 2), or a pandas or polars DataFrame of two columns; y has two
    classes, such as 0 and 1. What is not given (None) is as ``config`` or ``preset`` has it, or else as
    textsiam.TrainConfig. For folds that share no text, give a cross-validation with ``GroupKFold`` the groups
    ``textsiam.question_components(X)``.

    Parameters
    ----------
    config
        A TrainConfig, which has every option of training; those given besides win. What an encoder or head that is
        given besides has no use for is left out of it.
    preset
        "fast", "balanced" or "accurate", in place of ``config``.
    encoder, dim, units, layers, bidirectional, pooling, ngrams, head, head_units, loss, epochs, batch_size, \
learning_rate, dropout, positive_weight, vocabulary_size, vocabulary_type, device, threads
        As of TrainConfig. Where neither ``batch_size`` nor ``config`` is given, a batch has at most an eighth of the
        pairs of X, so that small sets can be trained on.
    pos_label
        The class of y that means that the texts are the same. None: of words, true or yes, in any case, or the one
        beside false or no; else the greater one (1 of 0 and 1, True of False and True), of which a warning tells where
        both classes are words of your own.
    threshold
        Probability from which on ``predict`` calls a pair the same. None: the model's own, which had the best accuracy
        on dev; 0.5 makes it the likelier class.
    random_state
        Seed of everything random, or a numpy RandomState to draw one from; None: that of ``config``, mostly 0. Equal
        seeds give equal weights, unlike elsewhere in scikit-learn with None too.
    verbose
        Show progress on stderr.

    Attributes
    ----------
    model_
        The PairModel; ``model_.save(folder)`` keeps it.
    classes_
        The two classes, sorted.
    n_features_in_
        2, the columns of texts.
    feature_names_in_
        Their names, if X was a table whose names this version of scikit-learn reads: of pandas always.
    """

    def __init__(  # noqa: PLR0913 - a grid search reaches what has a name here
        self,
        *,
        config: TrainConfig | None = None,
        preset: str | None = None,
        encoder: str | None = None,
        dim: int | None = None,
        units: int | None = None,
        layers: int | None = None,
        bidirectional: bool | None = None,
        pooling: str | None = None,
        ngrams: int | None = None,
        head: str | None = None,
        head_units: int | None = None,
        loss: str | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        dropout: float | None = None,
        positive_weight: float | None = None,
        vocabulary_size: int | None = None,
        vocabulary_type: str | None = None,
        device: str | None = None,
        threads: int | None = None,
        pos_label: Any = None,
        threshold: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.config = config
        self.preset = preset
        self.encoder = encoder
        self.dim = dim
        self.units = units
        self.layers = layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.ngrams = ngrams
        self.head = head
        self.head_units = head_units
        self.loss = loss
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.dropout = dropout
        self.positive_weight = positive_weight
        self.vocabulary_size = vocabulary_size
        self.vocabulary_type = vocabulary_type
        self.device = device
        self.threads = threads
        self.pos_label = pos_label
        self.threshold = threshold
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, *, dev: tuple[Any, Any] | None = None) -> Self:
        """Train on pairs X and their classes y, calibrate, and choose the threshold.

        ``dev``, (X, y) of pairs to calibrate on that are not trained on. Without, a tenth of the pairs, sharing no text
        with the others, is set aside; of small sets up to a third, so that ten of the rarer class are among them.
        Raises OptionError for a cell that is not a text, naming its row, for classes that are not two, and for options
        as TrainConfig does; TrainingError, a RuntimeError, for pairs of which no dev part can be set aside, or with
        which training cannot start; ValueError where shapes do not fit.
        """
        from textsiam.training.train import train  # torch: a fitted classifier predicts without it

        table, labels = checked_table_and_labels(self, X, y, reset=True)
        texts = self._texts_of(table)
        _check_binary(labels)
        if self.threshold is not None:
            checked_threshold(self.threshold)
        classes = np.unique(labels)
        same = _same_place(classes.tolist(), self.pos_label)
        pairs = _pairs(texts, labels, classes, same)
        config = options_of(self, len(pairs))
        if dev is None:
            pairs, dev_pairs = with_dev(pairs, config.seed)
        else:
            table, labels = checked_table_and_labels(self, *_both_parts(dev), reset=False)
            dev_pairs = _pairs(self._texts_of(table), labels, classes, same)
        model = train(pairs, dev=dev_pairs, config=config, show_progress=bool(self.verbose))
        # together: where training fails, an earlier model keeps the classes that it learned
        self.model_, self.classes_, self._same = model, classes, same
        return self

    def predict(self, X: Any) -> Array:
        """Return the class of each pair, (n,): the same if its probability reaches the threshold."""
        _, is_same = self._log_odds(X)
        places = np.where(is_same, self._same, 1 - self._same)
        return np.asarray(self.classes_[places])

    def predict_proba(self, X: Any) -> Array:
        """Return the calibrated probabilities of both classes, float64 (n, 2), in the order of ``classes_``.

        With a threshold other than 0.5, the likelier class is not always the one predicted.
        """
        logits, _ = self._log_odds(X)
        signs = np.where(np.arange(2) == self._same, -1, 1)
        return np.asarray(np.exp(-np.logaddexp(0, logits[:, None] * signs)))

    def decision_function(self, X: Any) -> Array:
        """Return the distance of log odds from the threshold's, float64 (n,), above 0 where classes_[1] is predicted.

        For a threshold that is no probability below 1, which all or none reach, log probabilities take their place.
        """
        logits, is_same = self._log_odds(X)
        threshold = self._threshold()
        if 0 < threshold < 1:
            beyond = logits - log_odds(threshold)
        else:
            beyond = -np.logaddexp(0, -logits) if threshold >= 1 else np.logaddexp(0, logits)
        # probabilities are compared in float32: near the threshold, signs follow what they say
        beyond = np.where(is_same, np.maximum(beyond, TINY), np.minimum(beyond, -TINY))
        return np.asarray(beyond if self._same else -beyond)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.string = True
        return tags

    def _log_odds(self, X: Any) -> tuple[Array, Array]:
        """Give the log odds that the texts of each pair are the same, float64 (n,), and whether they are called so."""
        check_is_fitted(self, "model_")
        texts_a, texts_b = self._texts_of(checked_table(self, X, reset=False))
        scores = self.model_.score_details(zip(texts_a, texts_b, strict=True))
        return self.model_.calibration.logit(scores.raw), scores.probabilities >= self._threshold()

    def _threshold(self) -> float:
        return self.model_.calibration.threshold if self.threshold is None else checked_threshold(self.threshold)

    def _texts_of(self, table: Array) -> tuple[list[str], list[str]]:
        """Give both columns of a table, (n, 2); OptionError where it has others, or a cell that is not a str."""
        names = column_names(self, table.shape[1])
        if table.shape[1] != 2:
            raise OptionError(f"X has {table.shape[1]} columns ({', '.join(names)}), expected two: text a and text b")
        return text_cells(table[:, 0], names[0]), text_cells(table[:, 1], names[1])


def _pairs(texts: tuple[list[str], list[str]], labels: Array, classes: Array, same: int) -> Pairs:
    """Give pairs that are labelled 1 where their class is that in the place ``same``."""
    unknown = ~np.isin(labels, classes)
    if unknown.any():
        raise OptionError(f"dev has the class {_listed(labels[unknown][:1])}, expected {_listed(classes)}")
    return Pairs.from_rows(zip(*texts, (labels == classes[same]).astype(int).tolist(), strict=True))


def _both_parts(dev: object) -> tuple[Any, Any]:
    if not isinstance(dev, tuple | list) or len(dev) != 2:
        raise OptionError(f"dev is of type {type(dev).__name__}, expected (X, y): pairs, and the class of each")
    return dev[0], dev[1]


def _same_place(classes: list[Any], pos_label: Any) -> int:
    """Give the place, among both sorted classes, of the one that means that the texts are the same."""
    if pos_label is not None:
        if pos_label not in classes:
            raise OptionError(f"pos_label is {pos_label!r}, expected one of the classes of y, {_listed(classes)}")
        return classes.index(pos_label)
    if not isinstance(classes[0], str):
        return 1
    meanings = [WORDS.get(label.lower()) for label in classes]
    if meanings[0] == meanings[1]:
        warnings.warn(
            f"y has the classes {_listed(classes)}; {classes[1]!r} is taken to mean that the texts are the same; give "
            "pos_label to say which one does",
            stacklevel=3,
        )
        return 1
    return meanings.index(1.0) if 1.0 in meanings else 1 - meanings.index(0.0)


def _check_binary(labels: Array) -> None:
    """Raise ValueError, in the words that scikit-learn asks for, unless ``labels`` has two classes."""
    kind = type_of_target(labels, input_name="y", raise_unknown=True)
    if kind != "binary":
        raise OptionError(f"Only binary classification is supported. The type of the target is {kind}.")
    classes = np.unique(labels)
    if len(classes) < 2:
        raise OptionError(f"y has one class, {_listed(classes)}, expected two: pairs that are the same, and others")


def _listed(classes: Any) -> str:
    return " and ".join(repr(label) for label in np.asarray(classes).tolist())
