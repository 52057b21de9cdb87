"""Vocabularies as data: a SentencePiece model and the card that says where it comes from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from textsiam import __version__
from textsiam.atomic import atomic_path, write_atomically
from textsiam.errors import OptionError, VocabularyError
from textsiam.progress import progress
from textsiam.text.corpus import Corpus, read_corpus
from textsiam.text.tokenizer import read_token_model
from textsiam.text.trainer import holds_reserved, train_sentencepiece
from textsiam.text.vocabulary_options import VocabularyOptions, as_symbols

CARD_FORMAT = 1
_SUFFIX = ".model"


@dataclass(frozen=True)
class Vocabulary:
    """A serialised SentencePiece model (padding 0, unknown 1) and its provenance card, which holds JSON values only."""

    proto: bytes
    card: dict[str, object]

    @cached_property
    def size(self) -> int:
        """Pieces, padding and unknown among them; VocabularyError where the proto is no such model."""
        return _size(self.proto)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the proto in hexadecimal."""
        return _sha256(self.proto)

    def save(self, path: str | Path) -> None:
        """Write ``NAME.model`` and beside it the card, ``NAME.json``, with the folders that are missing.

        Both are complete before either takes its place; a kill between the two leaves a pair that ``load`` refuses.
        Raises what ``check_vocabulary_path`` raises, before anything is written.
        """
        path = Path(path)
        check_vocabulary_path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as part:
            part.write_bytes(self.proto)
            write_atomically(card_path(path), json.dumps(self.card, indent=2, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Read ``NAME.model`` and, where it is there, its card ``NAME.json``; without one the card's notes say so.

        Raises VocabularyError for a file that is missing, is no SentencePiece model or is not the one of its card.
        """
        path = Path(path)
        if not path.name:
            raise VocabularyError(f"{path}: is a folder, expected a vocabulary, a file NAME{_SUFFIX}")
        beside = card_path(path)
        if beside == path:
            model = path.with_suffix(_SUFFIX)
            raise VocabularyError(f"{path}: has the name of a vocabulary's card, expected the vocabulary, {model}")
        proto = _read(path, "vocabulary")
        card = _read_card(beside) if beside.exists() else None
        if card is not None and card.get("sha256") != _sha256(proto):
            raise VocabularyError(
                f"{path}: not the file that {beside.name} describes (another SHA-256): one of the two was altered "
                f"or cut short; build the vocabulary again, or remove {beside.name} to use it as it is"
            )
        try:
            size = _size(proto)
        except VocabularyError as error:
            raise VocabularyError(f"{path}: {error}") from error
        if card is None:
            note = f"without a card ({beside.name}): nothing is known about where this vocabulary comes from"
            card = {"format": CARD_FORMAT, "size": size, "sha256": _sha256(proto), "notes": [note]}
        return cls(proto, card)

    def __repr__(self) -> str:
        return f"Vocabulary({self.card.get('size')} tokens, sha256 {self.sha256[:16]})"


def build_vocabulary(
    texts: Iterable[str],
    *,
    size: int = 16_000,
    type: str = "unigram",
    character_coverage: float = 0.9995,
    normalization: str = "nfkc_casefold",
    user_defined_symbols: Sequence[str] = (),
    sample_size: int = 1_000_000,
    seed: int = 0,
    show_progress: bool = False,
) -> Vocabulary:
    """Learn a vocabulary of at most ``size`` pieces (to 1,000,000) from any stream of texts, read once.

    The stream may be larger than memory: a uniform sample of ``sample_size`` texts (drawn with ``seed``) is learned
    from, and the card's notes, human sentences under ``card["notes"]``, say so; so they do where the texts give fewer
    pieces than ``size``. Equal texts, in the same order, and options give equal bytes, whatever the number of cores.

    ``type``: "unigram", "bpe", "word" or "char". ``character_coverage``: the share, 0.98 to 1, of all characters
    that the vocabulary must hold; the rarest beyond it are unknown. ``normalization``: "nfkc_casefold", "nfkc" or
    "identity". ``user_defined_symbols``: each is always one piece, before any normalization (with "word" only where it
    stands as a word of its own); no white space in them.

    Raises OptionError that lists every wrong option, VocabularyError where the texts are empty or blank or hold more
    characters than ``size`` has room for (it says the least possible size).
    """
    options = VocabularyOptions(
        size=size,
        type=type,
        character_coverage=character_coverage,
        normalization=normalization,
        user_defined_symbols=as_symbols(user_defined_symbols),
        sample_size=sample_size,
        seed=seed,
    )
    with progress("reading texts", None, "texts", show=show_progress) as bar:
        corpus = read_corpus(texts, sample_size=sample_size, seed=seed, bar=bar)
        if not corpus.sample:
            empty = "there are no texts" if corpus.texts == 0 else f"all {corpus.texts:,} texts are blank"
            raise VocabularyError(f"{empty}; a vocabulary is built from texts with words in them")
        bar.note(f"learning a {type} vocabulary from {len(corpus.sample):,} texts; this can take minutes")
        proto = train_sentencepiece(corpus.sample, options)
    return Vocabulary(proto, _card(proto, corpus, options))


def card_path(path: Path) -> Path:
    """Give where the card of the vocabulary at ``path`` stands: ``NAME.json`` beside ``NAME.model``."""
    return path.with_suffix(".json")


def check_vocabulary_path(path: Path) -> None:
    """Raise unless a vocabulary can be saved as ``path`` without loss of anything but an earlier vocabulary's card.

    OptionError where the name does not end in ``.model``, VocabularyError where ``NAME.json`` is no vocabulary's card.
    """
    if path.suffix != _SUFFIX:
        raise OptionError(
            f"path (--out) is {str(path)!r}, expected a name that ends in {_SUFFIX}, such as vocab/mine.model"
        )
    beside = card_path(path)
    if not beside.exists():
        return
    try:
        found = json.loads(_read(beside, "vocabulary's card"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not {"format", "sha256"} <= found.keys():
        raise VocabularyError(
            f"{beside}: not a vocabulary's card, and the card of {path.name} would overwrite it; "
            "save the vocabulary under another name, or move that file away"
        )


def _card(proto: bytes, corpus: Corpus, options: VocabularyOptions) -> dict[str, object]:
    size = _size(proto)
    return {
        "format": CARD_FORMAT,
        "created_by": f"textsiam {__version__}",
        "source": {
            "sha256": corpus.sha256,
            "texts": corpus.texts,
            "characters": corpus.characters,
            "sampled": len(corpus.sample),
        },
        "options": options.as_card(),
        "requested_size": options.size,
        "size": size,
        "sha256": _sha256(proto),
        "notes": _notes(size, corpus, options.size),
    }


def _notes(size: int, corpus: Corpus, requested_size: int) -> list[str]:
    notes = []
    if corpus.sampled:
        notes.append(f"built on a sample of {len(corpus.sample):,} of {corpus.texts:,} texts")
    if corpus.blank_texts:
        notes.append(f"left out as blank: {corpus.blank_texts:,} of {corpus.texts:,} texts")
    reserved = sum(map(holds_reserved, corpus.sample))
    if reserved:
        notes.append(f"NUL and U+2585, which SentencePiece reserves, were read as a space (texts: {reserved:,})")
    if size < requested_size:
        notes.append(f"asked for {requested_size:,} pieces, these texts give no more than {size:,}")
    return notes


def _size(proto: bytes) -> int:
    return read_token_model(proto).size


def _sha256(proto: bytes) -> str:
    return hashlib.sha256(proto).hexdigest()


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise VocabularyError(
            f"{path}: there is no such {what}; build one with: textsiam vocab build FILE... --out {path}"
        ) from error
    except OSError as error:
        raise VocabularyError(f"{path}: cannot be read as a {what} ({error.strerror})") from error


def _read_card(path: Path) -> dict[str, object]:
    try:
        card = json.loads(_read(path, "vocabulary's card").decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise VocabularyError(f"{path}: not a vocabulary's card (no JSON: {error}); restore or remove it") from error
    if not isinstance(card, dict) or "format" not in card:
        raise VocabularyError(f"{path}: not a vocabulary's card (no 'format' in it); restore or remove it")
    if card["format"] != CARD_FORMAT:
        raise VocabularyError(
            f"{path}: the card has format {card['format']!r}, this textsiam reads {CARD_FORMAT}; update textsiam"
        )
    return card
