"""What spaCy's documents and spans ask a textsiam model, and where they keep its vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, cast
from weakref import WeakValueDictionary

import numpy as np
from spacy.tokens import Doc, Span

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.model.heads import cosine_similarity
from textsiam.model.pair_model import PairModel

PROBABILITY = "duplicate_probability"
_known: WeakValueDictionary[str, ModelHooks] = WeakValueDictionary()  # of this process, by what tells models apart


class ModelHooks:
    """Answers documents and spans with a model's vectors, in the place of spaCy's word vectors.

    A document's vector lies in its ``user_data``, which spaCy saves with it, under the key of a custom attribute of the
    characters that it is of: so that it is not taken for that of a part (``Span.as_doc``) or of a whole
    (``Doc.from_docs``). Pickled, it is what tells its model from others and no more: a document that goes to another
    process does not take the model along, and finds it again where the pipeline is loaded.
    """

    def __init__(self, key: str, model: PairModel | None = None) -> None:
        self.key, self._model = key, model
        # where a span has a hook for "vector_norm", spaCy takes its vector for the norm; without one it is right
        self._of_spans: dict[str, Callable[..., Any]] = {
            "vector": self.vector,
            "has_vector": self.has_vector,
            "similarity": self.similarity,
        }
        self._of_docs = self._of_spans | {"vector_norm": self.vector_norm}

    @property
    def model(self) -> PairModel:
        """The model; OptionError in a process that has not loaded it."""
        if self._model is None:
            raise OptionError(
                "the model of this document is not loaded in this process; load the pipeline that made it, spacy.load()"
            )
        return self._model

    def keep(self, doc: Doc, vector: Array) -> None:
        """Let a document have its vector, (D,)."""
        _data(doc)[self._place(doc)] = vector

    def keeps(self, doc: Doc) -> bool:
        """Say whether a document has its vector already."""
        return self._place(doc) in _data(doc)

    def hook(self, doc: Doc) -> None:
        """Let spaCy ask here for the vectors and similarities of a document and its spans."""
        doc.user_span_hooks.update(self._of_spans)
        doc.user_hooks.update(self._of_docs)

    def vector(self, text: Doc | Span) -> Array:
        """Return the vector of a document or span, float32 (D,)."""
        kept: Array | None = _data(text.doc).get(self._place(text))
        return self.model.encode([text.text])[0] if kept is None else kept

    def has_vector(self, text: Doc | Span) -> bool:
        """Say whether the model reads anything in the text: else its vector is zero."""
        return bool(self.vector(text).any())

    def vector_norm(self, text: Doc | Span) -> float:
        """Return the Euclidean norm of the vector."""
        return float(np.linalg.norm(self.vector(text)))

    def similarity(self, text: Doc | Span, other: object) -> float:
        """Return the cosine with another text's vector, in [-1, 1]; 0 where one of them is zero."""
        there = self.vector(other) if isinstance(other, Doc | Span) else self.model.encode([_text_of(other)])[0]
        return float(cosine_similarity(self.vector(text)[None], there[None])[0])

    def probability(self, text: Doc | Span, other: object, prior: float | None) -> float:
        """Return what ``PairModel.score`` gives."""
        return self.model.score(text.text, _text_of(other), prior=prior)

    def _place(self, text: Doc | Span) -> tuple[str, str, int, int]:
        """Give the key that spaCy has for a custom attribute of these characters."""
        if isinstance(text, Span):
            return ("._.", self.key, text.start_char, text.end_char)
        end = text[-1].idx + len(text[-1].text_with_ws) if len(text) else 0
        return ("._.", self.key, 0, end)

    def __reduce__(self) -> tuple[object, ...]:
        return _hooks_of_key, (self.key,)


def hooks_for(model: PairModel) -> ModelHooks:
    """Give the hooks of a model; the same for equal models of this process."""
    told = hashlib.blake2b(f"{model.fingerprint()} {model.calibration}".encode(), digest_size=16).hexdigest()
    hooks = _hooks_of_key(f"textsiam_{told}")
    hooks._model = hooks._model or model
    return hooks


def duplicate_probability(text: Doc | Span, other: object, prior: float | None = None) -> float:
    """Return the calibrated probability that two texts say the same, in [0, 1], as ``PairModel.score`` does.

    ``other`` is a document, a span or a str; ``prior`` as ``PairModel.score`` takes it. Raises OptionError for a
    document that no textsiam component has seen, and for any other kind of ``other``.
    """
    hook = text.doc.user_hooks.get("similarity")
    hooks = getattr(hook, "__self__", None)
    if not isinstance(hooks, ModelHooks):
        raise OptionError(
            f"_.{PROBABILITY} of a document without a textsiam model; run it through the pipeline that has the "
            'component, or nlp.get_pipe("textsiam")(doc)'
        )
    return hooks.probability(text, other, prior)


def _hooks_of_key(key: str) -> ModelHooks:
    hooks = _known.get(key)
    if hooks is None:
        hooks = _known[key] = ModelHooks(key)
    return hooks


def _text_of(other: object) -> str:
    """Give the text of what spaCy compares: a document, span, token or lexeme; or of a str."""
    text = other if isinstance(other, str) else getattr(other, "text", None)
    if not isinstance(text, str):
        raise OptionError(f"{other!r:.80} cannot be compared, expected a Doc, a Span, a Token or a str")
    return text


def _data(doc: Doc) -> dict[Any, Any]:
    """Give the ``user_data`` of a document, whose keys spaCy types as str, though its own are tuples."""
    return cast(dict[Any, Any], doc.user_data)


# here, so that documents that are unpickled have it too; what somebody else has by this name stays
for _kind in (Doc, Span):
    if not _kind.has_extension(PROBABILITY):
        _kind.set_extension(PROBABILITY, method=duplicate_probability)
