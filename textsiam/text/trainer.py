"""SentencePiece's trainer, with the ways shut in which it drops texts, depends on the machine or writes to stderr."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterable, Iterator

import sentencepiece

from textsiam.errors import VocabularyError
from textsiam.text.checks import without_surrogates
from textsiam.text.tokenizer import PAD_ID, UNKNOWN_ID
from textsiam.text.vocabulary_options import (
    NORMALIZATIONS,
    PAD_PIECE,
    RESERVED_CHARACTERS,
    UNKNOWN_PIECE,
    VocabularyOptions,
)

# SentencePiece writes words of 8,000 bytes or more into a model (type word) that it then refuses to load, and its
# normalization can make 18 bytes of one character.
_PART_CHARACTERS = 400
# Up to the last character that white space follows, else (a longer word) a full part.
_PARTS = re.compile(rf".{{1,{_PART_CHARACTERS}}}(?!\S)|.{{1,{_PART_CHARACTERS}}}", re.DOTALL)
_RESERVED_TO_SPACE = str.maketrans(dict.fromkeys(RESERVED_CHARACTERS, " "))
_TOO_SMALL = re.compile(r"smaller than required_chars\. \d+ vs (\d+)")
_NOTHING_LEFT = ("!sentences_.empty()", "(all_chars_count) > (0)")
# Pieces' scores are sums over threads, in the order of the threads: a fixed number makes them equal on every machine.
_THREADS = 16
_FATAL_ONLY = 3
_LISTEN_SECONDS = 0.1  # Windows hears a Ctrl-C only between two waits


def train_sentencepiece(texts: Iterable[str], options: VocabularyOptions) -> bytes:
    """Give the serialised model of a vocabulary of at most ``options.size`` pieces.

    Raises VocabularyError where the texts hold nothing to learn from, or more characters than the size has room for;
    what the texts raise passes through. A Ctrl-C is heard at once, as SentencePiece, which does not listen to it and
    may take minutes, runs in a thread of its own; what that thread still does is thrown away.
    """
    worker = _Worker(texts, options)
    worker.start()
    while worker.is_alive():
        worker.join(_LISTEN_SECONDS)
    if worker.error is not None:
        raise worker.error
    return worker.proto


class _Worker(threading.Thread):
    """Trains in the background: ``proto``, or ``error``, is there when it has ended."""

    def __init__(self, texts: Iterable[str], options: VocabularyOptions) -> None:
        super().__init__(daemon=True)
        self.proto = b""
        self.error: BaseException | None = None
        self._texts, self._options = texts, options

    def run(self) -> None:
        try:
            self.proto = _train(self._texts, self._options)
        except BaseException as error:
            self.error = error


def _train(texts: Iterable[str], options: VocabularyOptions) -> bytes:
    model = io.BytesIO()
    parts = _Parts(texts)
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(parts),
            model_writer=model,
            vocab_size=options.size,
            hard_vocab_limit=False,  # a size too large for the texts shrinks
            model_type=options.type,
            character_coverage=options.character_coverage,
            normalization_rule_name=NORMALIZATIONS[options.normalization],
            user_defined_symbols=list(options.user_defined_symbols),
            pad_id=PAD_ID,
            pad_piece=PAD_PIECE,
            unk_id=UNKNOWN_ID,
            unk_piece=UNKNOWN_PIECE,
            bos_id=-1,
            eos_id=-1,
            max_sentence_length=4 * _PART_CHARACTERS,  # in bytes; longer ones would be dropped
            num_threads=_THREADS,
            minloglevel=_FATAL_ONLY,
        )
    except RuntimeError as error:
        if parts.error is None:
            raise _explained(error, options) from error
    if parts.error is not None:
        raise parts.error
    return model.getvalue()


def holds_reserved(text: str) -> bool:
    """Whether ``text`` has a character that SentencePiece reserves: training reads it as a space."""
    return any(character in text for character in RESERVED_CHARACTERS)


class _Parts:
    """The parts of texts for SentencePiece, which gives every exception of its iterator back as a RuntimeError.

    ``error`` is the exception itself.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.error: BaseException | None = None
        self._texts = texts

    def __iter__(self) -> Iterator[str]:
        try:
            yield from _parts(self._texts)
        except GeneratorExit:  # SentencePiece wants no more
            raise
        except BaseException as error:
            self.error = error
            raise


def _parts(texts: Iterable[str]) -> Iterator[str]:
    """Give what SentencePiece takes whole: long texts cut at white space, nothing reserved, no lone surrogates."""
    for text in texts:
        clean = without_surrogates(text).translate(_RESERVED_TO_SPACE)
        if len(clean) <= _PART_CHARACTERS:
            yield clean
        else:
            yield from _PARTS.findall(clean)


def _explained(error: RuntimeError, options: VocabularyOptions) -> VocabularyError:
    message = str(error)
    too_small = _TOO_SMALL.search(message)
    if too_small:
        return VocabularyError(
            f"vocabulary size {options.size} is too small for the characters of these texts: the least possible is "
            f"{too_small[1]}; raise it, or build one with character_coverage below {options.character_coverage}"
        )
    if any(sign in message for sign in _NOTHING_LEFT):
        return VocabularyError(
            "the texts hold nothing but white space and characters that the normalization "
            f"{options.normalization!r} removes; give texts with words in them"
        )
    return VocabularyError(f"SentencePiece cannot build this vocabulary: {' '.join(message.split())}")
