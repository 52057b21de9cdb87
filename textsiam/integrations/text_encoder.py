"""TextEncoder: texts to vectors, as a step of a scikit-learn Pipeline."""

from __future__ import annotations

from os import PathLike
from typing import Any, Self

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from textsiam.arrays import Array, unit_vectors
from textsiam.integrations.sklearn_texts import TextColumnMixin, opened_model
from textsiam.model.pair_model import PairModel


class TextEncoder(
    TextColumnMixin,
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc] # scikit-learn ships no types
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Turn texts into the vectors of a trained model, float32 (n, D).

    X is a list, array or Series of texts (n,), or a table with one column of them. ``fit`` learns nothing: it loads the
    model and looks at X. Columns that come out are called textencoder0, textencoder1 ...

    Parameters
    ----------
    model
        A PairModel, or the folder of one. A clone, of which a grid search makes many, copies a PairModel's weights; a
        folder is loaded by ``fit``, so that it costs them nothing.
    normalize
        Give vectors length 1, so that their dot products are cosines; an empty text keeps the zero vector.
    device
        Of a model that is loaded: None, "cpu" or "cuda", as ``PairModel.load`` takes it.

    Attributes
    ----------
    model_
        The PairModel.
    n_features_in_
        1, the column of texts.
    feature_names_in_
        Its name, if X was a table whose names this version of scikit-learn reads: of pandas always.
    """

    def __init__(
        self, model: PairModel | str | PathLike[str], *, normalize: bool = False, device: str | None = None
    ) -> None:
        self.model = model
        self.normalize = normalize
        self.device = device

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn gives every step a y
        """Load the model and check X.

        Raises OptionError for a model that is none, and a cell of X that is not a str, naming its row, ModelFolderError
        for a folder that is not a model's, ValueError for an X of another shape.
        """
        self._checked_texts(X, reset=True)
        self.model_ = opened_model(self.model, self.device)
        self._n_features_out = self.model_.architecture.vector_size
        return self

    def transform(self, X: Any) -> Array:
        """Return the texts' vectors, float32 (n, D), never NaN; raises as ``fit``, NotFittedError before it."""
        check_is_fitted(self, "model_")
        vectors = self.model_.encode(self._checked_texts(X, reset=False))
        return unit_vectors(vectors) if self.normalize else vectors

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # vectors are float32, whatever texts come in
        return tags
