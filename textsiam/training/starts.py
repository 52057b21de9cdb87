"""What a run starts from besides a random draw: another model, word vectors, an encoder of the user's own."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import OptionError
from textsiam.model.architecture import CUSTOM, Architecture
from textsiam.model.custom import PYTHON_ALONE, EncoderFactory
from textsiam.model.pair_model import PairModel
from textsiam.model.seen_texts import SeenTexts
from textsiam.model.weights import EMBEDDING
from textsiam.text.vocabulary import Vocabulary
from textsiam.training.config import TrainConfig
from textsiam.training.preparation import Material, check_vocabulary_options
from textsiam.training.word_vectors import check_vectors, embed_words

OF_HEAD = ("head", "head_units", "alignment_units")
# what may differ from the model that a run goes on from: the head starts anew, and a text's cut has no weights
MAY_DIFFER = (*OF_HEAD, "max_tokens")


@dataclass(frozen=True, kw_only=True)
class Start:
    """What is put into the drawn network before the first step.

    ``weights`` by their names; of the embedding only ``rows``, bool (V,), if given, which are also not trained if
    ``frozen``. ``fingerprint`` is that of all this; ``details`` are what the model folder says of it, JSON values, and
    ``note`` is what is to be told.
    """

    weights: Mapping[str, Array] = field(default_factory=dict)
    rows: Array | None = None
    frozen: bool = False
    fingerprint: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the caller gave a run to start from; each may be None."""

    model: PairModel | None = None
    vectors: Path | None = None
    factory: EncoderFactory | None = None

    @classmethod
    def of(
        cls, init: PairModel | str | Path | None, vectors: str | Path | None, encoder: EncoderFactory | None
    ) -> Origin:
        """Load ``init`` where it is a folder; a model with a custom encoder brings its factory along."""
        if encoder is not None and not callable(encoder):
            raise OptionError(
                f"encoder is {encoder!r}, expected a function that makes a torch.nn.Module for a vocabulary's size"
            )
        model = PairModel.load(init, encoder=encoder) if isinstance(init, str | Path) else init
        if model is not None and not isinstance(model, PairModel):
            raise OptionError(f"init is a {type(model).__name__}, expected a PairModel or the folder of one")
        factory = encoder if encoder is not None or model is None else model.encoder_factory
        return cls(model=model, vectors=None if vectors is None else Path(vectors), factory=factory)

    def options(self, config: TrainConfig | None) -> TrainConfig:
        """Give the options to train with: those of the model where there are none, and encoder custom with a factory.

        Raises OptionError where the encoder's options do not go with the factory, or there is none for a custom one.
        """
        if config is not None and not isinstance(config, TrainConfig):
            raise OptionError(
                f"config is a {type(config).__name__}, expected a TrainConfig; TrainConfig(**options) makes one"
            )
        if config is None:
            config = TrainConfig() if self.model is None else TrainConfig.like(self.model)
        if self.factory is None:
            if config.encoder == CUSTOM:
                raise OptionError(f"encoder is {CUSTOM!r}, which {PYTHON_ALONE}")
            return config
        if config.encoder not in (CUSTOM, TrainConfig().encoder):
            raise OptionError(f"encoder is {config.encoder!r} in the options, but a factory is given; leave one out")
        if config.char_ngrams:
            raise OptionError(
                f"char_ngrams is {config.char_ngrams!r}, but an encoder of your own embeds tokens itself; leave it out"
            )
        return dataclasses.replace(config, encoder=CUSTOM)

    def check(self, config: TrainConfig, vocabulary: Vocabulary | None) -> None:
        """Raise OptionError for what does not go together, DataError for vectors that cannot be read."""
        if vocabulary is not None and not isinstance(vocabulary, Vocabulary):
            raise OptionError(f"vocabulary is {vocabulary!r:.80}, expected a Vocabulary; Vocabulary.load reads one")
        if self.model is not None:
            check_vocabulary_options(config, "that of init")
        if self.model is not None and vocabulary is not None:
            raise OptionError("a vocabulary is given, but init (--init) brings its own; leave one of them out")
        if self.vectors is None and config.freeze_vectors:
            raise OptionError("freeze_vectors is true, but there are no vectors (--vectors); leave it out")
        if self.vectors is not None and config.char_ngrams:
            raise OptionError(
                f"char_ngrams is {config.char_ngrams!r}, but what tokens start from is in the vectors (--vectors); "
                'leave one out (char_ngrams "" shares nothing)'
            )
        if self.vectors is not None:
            for name, other in (("init (--init)", self.model), ("an encoder of your own", self.factory)):
                if other is not None:
                    raise OptionError(
                        f"vectors (--vectors) and {name} are given, but both bring embeddings; leave one out"
                    )
            check_vectors(self.vectors, config.dim)
        if self.model is not None:
            check_encoder(config, self.model.architecture)

    def vocabulary(self) -> Vocabulary | None:
        """Give the vocabulary of the model, with what there was to say of it."""
        if self.model is None:
            return None
        return Vocabulary(self.model.tokenizer.proto, {"notes": self.model.details.get("vocabulary_notes", [])})

    def seen_texts(self, pairs: Pairs) -> SeenTexts | None:
        """Hash the texts of training pairs, and add those that the model was trained on; None where it kept none.

        Texts without labels, and those that a teacher was trained on, are not among them.
        """
        seen = SeenTexts.of(pairs.texts())
        if self.model is None:
            return seen
        return None if self.model.seen_texts is None else seen | self.model.seen_texts

    def start(self, material: Material, config: TrainConfig, *, show_progress: bool) -> Start:
        """Give what is put into the network; reads the vectors, with the errors of ``embed_words``."""
        if self.model is not None:
            return _from_model(self.model, config, graded=material.pairs.graded)
        if self.vectors is None:
            return Start()
        found = embed_words(
            self.vectors, material.pairs.texts(), material.vocabulary.proto, show_progress=show_progress
        )
        return Start(
            weights={EMBEDDING: found.table},
            rows=found.covered,
            frozen=config.freeze_vectors,
            fingerprint=found.fingerprint(),
            details={"vectors": found.details() | {"frozen": config.freeze_vectors}},
            note=f"word vectors: {found.summary()}",
        )


def check_encoder(options: Mapping[str, Any] | Architecture, model: Architecture) -> None:
    """Raise OptionError for the first of the encoder's ``options`` that is not as the ``model`` has it."""
    given = dataclasses.asdict(options) if isinstance(options, Architecture) else options
    for part in dataclasses.fields(Architecture):
        has = getattr(model, part.name)
        # the size of a custom encoder comes from its module, and is compared with the weights
        skipped = part.name in MAY_DIFFER or (part.name == "dim" and model.encoder == CUSTOM)
        if not skipped and given.get(part.name, has) != has:
            raise OptionError(
                f"{part.name} is {given[part.name]!r}, but the model to go on from (--init) has {has!r}; leave it out "
                "(in Python: TrainConfig.like(model))"
            )


def _from_model(model: PairModel, config: TrainConfig, *, graded: bool) -> Start:
    same_head = all(getattr(config, name) == getattr(model.architecture, name) for name in OF_HEAD)
    same_labels = model.details.get("graded", graded) == graded
    keeps_head = same_head and same_labels
    weights = {name: weight for name, weight in model.weights.items() if keeps_head or name.startswith("encoder.")}
    digest = hashlib.sha256()
    for name in sorted(model.weights):
        digest.update(name.encode() + model.weights[name].tobytes())
    taken = "encoder and head" if keeps_head else "encoder"
    details = {
        "sha256": digest.hexdigest(),
        "taken": taken,
        "train": model.details.get("train"),
        "init": model.details.get("init"),
    }
    return Start(
        weights=weights,
        fingerprint=f"{digest.hexdigest()} {taken}",
        details={"init": details},
        note=f"init: {taken} taken over{'' if keeps_head else ', the head starts anew'}",
    )
