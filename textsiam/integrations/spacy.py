"""A spaCy pipeline component: documents and spans get a model's vectors, and ask it whether they say the same.

    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", config={"model": "models/mine"})
    a, b = nlp.pipe(["How do I reset my password?", "i forgot my password, what now"])
    a.vector, a.similarity(b), a._.duplicate_probability(b)

``similarity`` is the cosine of the two vectors, in [-1, 1], as it is in spaCy, whatever the model's pair head; what the
model has learned to tell is ``_.duplicate_probability``, the calibrated probability of ``PairModel.score``. The vectors
are those of ``PairModel.encode`` for the text; tokens keep the vectors that spaCy gives them.
"""

# No "from __future__ import annotations" here: some versions of spaCy read the factory's types as they stand.
import inspect
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from textsiam.errors import OptionError, import_extra
from textsiam.model.folder import read_folder, write_folder
from textsiam.model.pair_model import PairModel

try:
    from spacy import util
    from spacy.language import Language
    from spacy.pipeline import Pipe
    from spacy.tokens import Doc

    from textsiam.integrations.spacy_hooks import PROBABILITY, ModelHooks, hooks_for
except ModuleNotFoundError:
    import_extra("spacy", "spacy", "the spaCy component")
    raise

_ASSIGNS = ["doc.vector", "doc.user_data", f"doc._.{PROBABILITY}", f"span._.{PROBABILITY}"]


@Language.factory("textsiam", default_config={"model": None}, assigns=_ASSIGNS)
def make_textsiam(nlp: Language, name: str, model: str | None) -> "TextsiamPipe":
    """Make the component from a model folder; without one it waits for ``from_disk`` or ``from_bytes``.

    A pipeline that is saved holds the model, and needs the folder no more. So where spaCy makes a pipeline from its
    config, as ``spacy.load`` does, the folder is read when the first text comes, unless a saved model came before.
    Raises ModelFolderError for a folder that is missing or no model.
    """
    pipe = TextsiamPipe(name, folder=model)
    if model is not None and not _called_by("from_config"):
        pipe.hooks  # noqa: B018 - loads it now, so that a wrong path is told at once
    vars(nlp)["pipe"] = _HookingPipe(nlp)
    return pipe


class TextsiamPipe(Pipe):
    """Gives documents the vectors and answers of a model: ``vector``, ``similarity``, ``_.duplicate_probability``.

    Documents keep their vectors when they are saved, but not where spaCy asks for them: a document that was read by
    itself (``Doc.from_bytes``, ``DocBin``) goes through the component once more, which then encodes nothing. Documents
    that come back from the processes of ``nlp.pipe(..., n_process=2)`` need nothing, unless the component was taken
    over from another pipeline (``add_pipe(..., source=nlp)``).
    """

    def __init__(self, name: str = "textsiam", model: PairModel | None = None, folder: str | None = None) -> None:
        self.name, self.folder = name, folder
        self._model = model
        self._hooks = None if model is None else hooks_for(model)

    @property
    def pair_model(self) -> PairModel:  # not "model": by that name spaCy looks for one of its own
        """The model; OptionError where none was given, ModelFolderError where its folder is none."""
        if self._model is None:
            if self.folder is None:
                raise OptionError(
                    f"the component {self.name!r} has no model; give its folder: "
                    'nlp.add_pipe("textsiam", config={"model": "models/mine"})'
                )
            self._model = PairModel.load(self.folder)
        return self._model

    @property
    def hooks(self) -> ModelHooks:
        """What documents ask, shared with components of equal models; raises as ``pair_model`` does."""
        if self._hooks is None:
            self._hooks = hooks_for(self.pair_model)
        return self._hooks

    def __call__(self, doc: Doc) -> Doc:
        """Give a document its vector and answers."""
        self._annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Do so with many documents, ``batch_size`` at a time, which are encoded together."""
        handle_error = self.get_error_handler()
        left = iter(stream)
        while docs := list(islice(left, batch_size)):
            try:
                self._annotate(docs)
            except Exception as error:
                handle_error(self.name, self, docs, error)
            else:
                yield from docs

    def restore(self, doc: Doc) -> None:
        """Let a document that has its vector ask for it; others stay as they are."""
        if self.hooks.keeps(doc):
            self.hooks.hook(doc)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the model folder into a folder, unless "model" is to be left out.

        A model that was stored in "fp16" or "int8" is stored so again.
        """
        util.to_disk(path, {"model": self._save}, exclude)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "TextsiamPipe":
        """Take the model that ``to_disk`` wrote; raises as ``PairModel.load`` does."""
        util.from_disk(path, {"model": self._load}, exclude)
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Give what ``to_disk`` writes as bytes, nothing of which is executable."""
        getters: dict[str, Callable[[], Any]] = {"model": self._files}
        return util.to_bytes(getters, exclude)

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "TextsiamPipe":
        """Take the model that ``to_bytes`` gave; raises as ``PairModel.load`` does."""
        setters: dict[str, Callable[[Any], None]] = {"model": self._take_files}
        util.from_bytes(data, setters, exclude)
        return self

    def _save(self, folder: Path) -> None:
        self.pair_model.save(folder, self.pair_model.details.get("weights", "fp32"))

    def _load(self, folder: Path) -> None:
        self._model = PairModel.load(folder)
        self._hooks = hooks_for(self._model)

    def _files(self) -> dict[str, bytes]:
        with tempfile.TemporaryDirectory() as temporary:
            self._save(Path(temporary) / "model")
            return read_folder(Path(temporary) / "model")

    def _take_files(self, files: dict[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            write_folder(Path(temporary) / "model", files)
            self._load(Path(temporary) / "model")

    def _annotate(self, docs: list[Doc]) -> None:
        hooks = self.hooks
        new = [doc for doc in docs if not hooks.keeps(doc)]
        for doc, vector in zip(new, self.pair_model.encode([doc.text for doc in new]), strict=True):
            hooks.keep(doc, vector.copy())  # of its own, so that one document does not hold those of all
        for doc in docs:
            hooks.hook(doc)
        if _called_by("_apply_pipes"):
            # a process of nlp.pipe sends documents on as bytes, and for each spaCy would warn that it loses the hooks
            warnings.filterwarnings("ignore", message=r"\[W109\]")

    def __reduce__(self) -> tuple[object, ...]:
        handler = vars(self).get("error_handler")
        return type(self), (self.name, self._model, self.folder), {"error_handler": handler} if handler else None

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class _HookingPipe:
    """``nlp.pipe`` that sets the hooks of documents again when they come from other processes, where spaCy loses them.

    spaCy makes such documents anew from bytes, and asks no component about them.
    """

    def __init__(self, nlp: Language) -> None:
        self.nlp = nlp

    def __call__(
        self,
        texts: Iterable[Any],
        *,
        as_tuples: bool = False,
        batch_size: int | None = None,
        disable: Iterable[str] = (),
        component_cfg: dict[str, dict[str, Any]] | None = None,
        n_process: int = 1,
    ) -> Iterator[Any]:
        disable = [disable] if isinstance(disable, str) else list(disable)  # one name alone is no list of letters
        pipe: Any = type(self.nlp).pipe  # of two signatures
        found: Iterator[Any] = pipe(
            self.nlp,
            texts,
            as_tuples=as_tuples,
            batch_size=batch_size,
            disable=disable,
            component_cfg=component_cfg,
            n_process=n_process,
        )
        if as_tuples or n_process == 1:  # the former calls nlp.pipe itself
            return found
        return self._restored(found, disable)

    def _restored(self, docs: Iterator[Doc], disable: list[str]) -> Iterator[Doc]:
        for doc in docs:
            for name, pipe in self.nlp.pipeline:
                if isinstance(pipe, TextsiamPipe) and name not in disable:
                    pipe.restore(doc)
            yield doc


def _called_by(name: str) -> bool:
    """Say whether a function or method of spaCy's module ``language`` is running: spaCy itself does not tell."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == name and frame.f_globals["__name__"] == Language.__module__:
            return True
        frame = frame.f_back
    return False
