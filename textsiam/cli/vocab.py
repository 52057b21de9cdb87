"""``textsiam vocab build``: texts to a vocabulary and its provenance card."""

from __future__ import annotations

from pathlib import Path

from textsiam.cli.messages import say
from textsiam.cli.number_types import WholeNumber
from textsiam.cli.row_options import RowOptions
from textsiam.data.texts import iter_texts
from textsiam.errors import OptionError
from textsiam.text.vocabulary import build_vocabulary, card_path, check_vocabulary_path


def build(
    *files: Path,
    out: Path,
    size: WholeNumber = 16_000,
    type: str = "unigram",
    character_coverage: float = 0.9995,
    normalization: str = "nfkc_casefold",
    symbols: str = "",
    sample_size: WholeNumber = 1_000_000,
    seed: WholeNumber = 0,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
) -> None:
    """Build a vocabulary from pair files and text files.

    Parameters
    ----------
    files
        Pair files (CSV, TSV, JSONL, Parquet) and text files (.txt, a text a line), compressed or not.
    out
        Vocabulary to write (.model); its provenance card (.json) stands beside it.
    size
        Number of tokens; a corpus that has fewer makes a smaller vocabulary.
    type
        unigram, bpe, word or char.
    character_coverage
        Share of all characters that get a token; the rarest ones are unknown.
    normalization
        nfkc_casefold, nfkc or identity.
    symbols
        Pieces that always are a token of their own, separated by commas.
    sample_size
        Texts that are used at most, drawn at random if there are more.
    seed
        Of the draw.
    """
    if not files:
        raise OptionError("there are no FILES, expected at least one file of pairs or texts")
    _check_out(out, files)
    texts = iter_texts(files, **rows.how(), on_error="skip" if rows.skip else "raise")
    for file in files:
        rows.tell_header(file, need_label=False)
    vocabulary = build_vocabulary(
        texts,
        size=size,
        type=type,
        character_coverage=character_coverage,
        normalization=normalization,
        user_defined_symbols=[symbol for symbol in symbols.split(",") if symbol],
        sample_size=sample_size,
        seed=seed,
        show_progress=True,
    )
    vocabulary.save(out)
    notes = vocabulary.card["notes"]
    assert isinstance(notes, list)
    for note in notes:
        say(note)
    print(f"{out}: {vocabulary.size:,} tokens, sha256 {vocabulary.sha256[:16]}")


def _check_out(out: Path, files: tuple[Path, ...]) -> None:
    """Raise OptionError where the vocabulary or its card would overwrite one of ``files``, however it is spelled."""
    for written in (out, card_path(out)):
        for file in files:
            if written.exists() and file.exists() and written.samefile(file):
                raise OptionError(
                    f"--out {out} would overwrite {file}, which is one of the FILES to read; give another --out"
                )
    check_vocabulary_path(out)
