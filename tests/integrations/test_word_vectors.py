from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.integrations.toy_model import bag, random_model
from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.integrations.word_vectors import export_word_vectors
from textsiam.model.architecture import Architecture
from textsiam.training.vector_file import VectorFile
from textsiam.training.word_vectors import embed_words

TABLE = "encoder.embedding.weight"


def parsed(content: bytes) -> tuple[list[str], Array]:
    """Read the form as its definition says: two sizes, then a word and its numbers in each line, one space between."""
    header, *lines = content.decode("utf-8").removesuffix("\n").split("\n")
    count, dim = map(int, header.split(" "))
    fields = [line.split(" ") for line in lines]
    assert len(fields) == count
    assert {len(row) for row in fields} == {dim + 1}
    return [row[0] for row in fields], np.array([row[1:] for row in fields], dtype=np.float64).astype(np.float32)


def exported(tmp_path: Path, words: Iterable[str] | None = None) -> tuple[list[str], Array]:
    export_word_vectors(bag(), tmp_path / "v.txt", words=words)
    return parsed((tmp_path / "v.txt").read_bytes())


def test_tokens_that_begin_a_word_are_written_as_the_word_with_their_row_of_the_table(tmp_path: Path) -> None:
    model = bag()
    pieces = model.tokenizer.spellings
    starts = [token for token, piece in enumerate(pieces) if piece.startswith("▁") and piece != "▁"]
    count = export_word_vectors(model, tmp_path / "v.txt")
    words, vectors = parsed((tmp_path / "v.txt").read_bytes())
    assert count == len(words) == len(starts)
    assert words == [pieces[token][1:] for token in starts]
    assert "password" in words
    np.testing.assert_array_equal(vectors, model.weights[TABLE][starts])  # 9 digits lose nothing


def test_with_marks_every_token_is_written_as_the_vocabulary_spells_it(tmp_path: Path) -> None:
    model = bag()
    export_word_vectors(model, tmp_path / "v.txt", marks=True)
    words, vectors = parsed((tmp_path / "v.txt").read_bytes())
    tokens = [token for token, piece in enumerate(model.tokenizer.spellings) if piece not in ("", "▁")]
    assert words == [model.tokenizer.spellings[token] for token in tokens]
    assert {"▁password", "v"} <= set(words)
    assert tokens[0] == 2  # padding and the unknown token are not words
    np.testing.assert_array_equal(vectors, model.weights[TABLE][tokens])


def test_the_table_below_an_lstm_is_written_and_no_state(tmp_path: Path) -> None:
    model = random_model(Architecture(encoder="lstm", dim=6, units=10, head="cosine"))
    export_word_vectors(model, tmp_path / "v.txt")
    words, vectors = parsed((tmp_path / "v.txt").read_bytes())
    (token,) = model.tokenizer.encode(["harbour"])[0]
    np.testing.assert_array_equal(vectors[words.index("harbour")], model.weights[TABLE][token])


def test_given_words_are_written_once_with_the_vectors_of_their_texts(tmp_path: Path) -> None:
    model = random_model(Architecture(encoder="lstm", dim=6, units=10, head="cosine"))
    words = ["reset", "unseen", "reset", "\U0001f600", "Reset"]
    assert export_word_vectors(model, tmp_path / "v.txt", words=iter(words)) == 4
    written, vectors = parsed((tmp_path / "v.txt").read_bytes())
    assert written == ["reset", "unseen", "\U0001f600", "Reset"]
    np.testing.assert_allclose(vectors, model.encode(written), atol=1e-7)
    assert vectors.shape == (4, 10)
    assert not np.allclose(vectors[0], vectors[1])


def test_textsiam_starts_a_model_from_what_it_wrote(tmp_path: Path) -> None:
    model = bag()
    export_word_vectors(model, tmp_path / "v.txt.gz")
    read = embed_words(tmp_path / "v.txt.gz", ["how do i reset my password"], model.tokenizer.proto)
    starts = [token for token, piece in enumerate(model.tokenizer.spellings) if piece.startswith("▁") and piece != "▁"]
    assert read.whole == len(starts)
    assert read.covered[starts].all()
    scale = read.table[starts[0], 0] / model.weights[TABLE][starts[0], 0]  # one for all
    np.testing.assert_allclose(read.table[starts], model.weights[TABLE][starts] * scale, rtol=1e-5)


def test_our_reader_gives_back_every_word_and_number(tmp_path: Path) -> None:
    words = ["naïve", "犬", "3", "4.5", "e-mail", "#", "'"]
    export_word_vectors(bag(), tmp_path / "v.txt", words=words)
    file = VectorFile(tmp_path / "v.txt")
    assert (file.rows, file.dim) == (7, 8)
    found = dict(file.vectors(lambda word: word))
    assert list(found) == words
    np.testing.assert_array_equal(np.stack(list(found.values())), exported(tmp_path, words)[1])


def test_an_ending_compresses_and_equal_models_give_equal_bytes(tmp_path: Path) -> None:
    export_word_vectors(bag(), tmp_path / "plain.txt")
    for name in ("a.vec.gz", "b.vec.GZ"):
        export_word_vectors(bag(), tmp_path / name)
    packed = (tmp_path / "a.vec.gz").read_bytes()
    assert packed == (tmp_path / "b.vec.GZ").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "plain.txt").read_bytes()
    assert len(packed) < (tmp_path / "plain.txt").stat().st_size


def test_a_file_that_was_there_stays_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "v.txt"
    target.write_text("before")
    model = bag()

    def fail(texts: list[str]) -> Array:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "encode", fail)
    with pytest.raises(OSError, match=r"v\.txt"):
        export_word_vectors(model, target, words=["reset"])
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["v.txt"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["reset", "new york"], r"words\[1\] is 'new york', expected a word without white space in it"),
        (["reset", "a\u00a0b"], r"words\[1\] is 'a\\xa0b', expected"),
        ([""], r"words\[0\] is ''"),
        ([], "words is empty"),
        ("reset", "words is one text, expected a list"),
        (["reset", 3], r"words\[1\] is 3, expected a str"),
    ],
)
def test_words_that_the_form_has_no_room_for_are_named(tmp_path: Path, words: list[str], line: str) -> None:
    with pytest.raises(OptionError, match=line):
        export_word_vectors(bag(), tmp_path / "v.txt", words=words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("v.txt.zst", r"\.zst cannot be written; end it in \.gz"),
        ("none/v.txt", "there is no folder"),
        (".", "is a folder, expected a file"),
    ],
)
def test_a_path_that_cannot_hold_vectors_is_refused(tmp_path: Path, path: str, line: str) -> None:
    with pytest.raises(OptionError, match=line):
        export_word_vectors(bag(), tmp_path / path)


def test_what_cannot_be_exported_is_said(tmp_path: Path) -> None:
    letters = random_model(Architecture(encoder="bag", dim=4, head="cosine"), kind="char")
    with pytest.raises(OptionError, match="no token of this vocabulary begins a word and goes on; give words"):
        export_word_vectors(letters, tmp_path / "v.txt")
    assert export_word_vectors(letters, tmp_path / "v.txt", words=["reset"]) == 1
    with pytest.raises(OptionError, match="marks is True, but words are given"):
        export_word_vectors(bag(), tmp_path / "v.txt", words=["reset"], marks=True)
    with pytest.raises(OptionError, match="model is a path"):
        export_word_vectors("models/mine", tmp_path / "v.txt")  # type: ignore[arg-type] # the mistake
