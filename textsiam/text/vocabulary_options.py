"""What a vocabulary is built with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from textsiam.errors import OptionError, check_choice

TYPES = ("unigram", "bpe", "word", "char")
# our name -> SentencePiece's; "nmt" cleans control and zero-width characters besides
NORMALIZATIONS = {"nfkc_casefold": "nmt_nfkc_cf", "nfkc": "nmt_nfkc", "identity": "identity"}
PAD_PIECE, UNKNOWN_PIECE = "<pad>", "<unk>"
RESERVED_CHARACTERS = "\0\u2585"  # SentencePiece ends words at the first and drops whole texts for the second

_MOST_PIECES = 1_000_000
_LONGEST_SYMBOL = 1_000  # characters; SentencePiece refuses models with pieces of 8,000 bytes
_LEAST_COVERAGE = 0.98  # SentencePiece takes no less


@dataclass(frozen=True, kw_only=True)
class VocabularyOptions:
    """Options of ``build_vocabulary``, checked together: OptionError lists every mistake."""

    size: int
    type: str
    character_coverage: float
    normalization: str
    user_defined_symbols: tuple[str, ...]
    sample_size: int
    seed: int

    def __post_init__(self) -> None:
        mistakes = list(self._mistakes())
        if mistakes:
            raise OptionError("; ".join(mistakes))

    def as_card(self) -> dict[str, object]:
        """Give the options other than the size, which the card names on its own."""
        card = asdict(self)
        del card["size"]
        return card | {"user_defined_symbols": list(self.user_defined_symbols)}

    def _mistakes(self) -> Iterator[str]:
        for option, got, allowed in (("type", self.type, TYPES), ("normalization", self.normalization, NORMALIZATIONS)):
            try:
                check_choice(option, got, allowed)
            except OptionError as error:
                yield str(error)
        # Type word gives a symbol two pieces: as it stands, and as a word of its own.
        symbol_pieces = len(self.user_defined_symbols) * (2 if self.type == "word" else 1)
        least = 3 + symbol_pieces  # padding, unknown and one piece
        if not isinstance(self.size, int) or not least <= self.size <= _MOST_PIECES:
            symbols = f" (padding, unknown, one piece, {symbol_pieces} of symbols)" if symbol_pieces else ""
            yield f"size is {self.size!r}, expected a whole number from {least}{symbols} to {_MOST_PIECES:,}"
        coverage = self.character_coverage
        if not isinstance(coverage, (int, float)) or not _LEAST_COVERAGE <= coverage <= 1:
            yield f"character_coverage is {coverage!r}, expected a number from {_LEAST_COVERAGE} to 1"
        if not isinstance(self.sample_size, int) or self.sample_size < 1:
            yield f"sample_size is {self.sample_size!r}, expected a whole number from 1"
        if not isinstance(self.seed, int) or self.seed < 0:
            yield f"seed is {self.seed!r}, expected a whole number from 0"
        yield from _symbol_mistakes(self.user_defined_symbols)


def as_symbols(symbols: Sequence[str]) -> tuple[str, ...]:
    """Give the symbols as a tuple; OptionError for one str in the place of many."""
    if isinstance(symbols, (str, bytes)):
        raise OptionError(f"user_defined_symbols is {symbols!r}, expected a sequence of str; put it into a list")
    return tuple(symbols)


def _symbol_mistakes(symbols: tuple[str, ...]) -> Iterator[str]:
    for position, symbol in enumerate(symbols):
        name = f"user_defined_symbols[{position}] is {symbol!r:.60}"
        if not isinstance(symbol, str) or not 1 <= len(symbol) <= _LONGEST_SYMBOL:
            yield f"{name}, expected a str of 1 to {_LONGEST_SYMBOL:,} characters"
        elif symbol in (PAD_PIECE, UNKNOWN_PIECE):
            yield f"{name}, which is the piece for padding or unknown; take another"
        elif symbol in symbols[:position]:
            yield f"{name}, the same as an earlier one; give each once"
        elif any(_never_in_a_symbol(character) for character in symbol):
            yield f"{name}, expected no white space, NUL, U+2581, U+2585 or lone surrogate in it"


def _never_in_a_symbol(character: str) -> bool:
    # SentencePiece writes a space as U+2581, so a symbol with either is never found in a text.
    return character.isspace() or character in RESERVED_CHARACTERS + "\u2581" or "\ud800" <= character <= "\udfff"
