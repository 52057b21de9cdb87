from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from textsiam.errors import DataError
from textsiam.training.vector_file import VectorFile

LINES = "the 0.5 -1 2e-1\nof 1 2 3\ncafé 4 5 6\n"


def _all(path: Path) -> list[tuple[str, list[float]]]:
    return [(word, vector.tolist()) for word, vector in VectorFile(path).vectors(lambda word: word)]


def _write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "vectors.txt"
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("header", ["", "3 3\n"])
def test_every_form_gives_the_same(tmp_path: Path, header: str, pack: Callable[[bytes], bytes]) -> None:
    path = _write(tmp_path, pack((header + LINES).encode("utf-8")))
    assert VectorFile(path).dim == 3
    expected = [("the", [0.5, -1, np.float32(0.2)]), ("of", [1, 2, 3]), ("café", [4, 5, 6])]
    assert _all(path) == expected


def test_spaces_at_ends_tabs_blank_lines_and_windows_ends_change_nothing(tmp_path: Path) -> None:
    plain = _all(_write(tmp_path, LINES))
    altered = LINES.replace("\n", " \r\n").replace("of 1 2 3", "of\t1\t2  3") + "\n \n"
    assert _all(_write(tmp_path, altered)) == plain


def test_words_may_have_spaces_in_them(tmp_path: Path) -> None:
    path = _write(tmp_path, "the 1 2\n. . . 3 4\nat me@example.org 5 6\na\u00a0b 7 8\n")
    assert [word for word, _ in _all(path)] == ["the", ". . .", "at me@example.org", "a\u00a0b"]


def test_only_wanted_words_are_given_under_their_keys(tmp_path: Path) -> None:
    file = VectorFile(_write(tmp_path, LINES.replace("of 1 2 3", "of 1 nan x")))
    found = list(file.vectors(lambda word: None if word == "of" else word.upper()))
    assert [key for key, _ in found] == ["THE", "CAFÉ"]
    assert {vector.dtype for _, vector in found} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the 1 2 3\nof 1 2\n", "line 2: has 3 fields, expected a word and 3 numbers"),
        ("the 1 2 3\nof 0.1 2 3 4\n", "line 2: has 4 numbers, expected a word and 3 numbers"),
        ("the 1 2 3\nof 1 two 3\n", "line 2: holds 'two', expected a finite number"),
        ("the 1 2 3\nof 1 NaN 3\n", "line 2: holds 'NaN', expected a finite number"),
        ("the 1 2 3\nof 1 2 1e39\n", "line 2: holds '1e39', expected a finite number"),
        ("the 1 2 3\nof 1 2 \xff\n", "line 2: holds 'ÿ', expected a finite number"),
        ("the one 2 3\n", "line 1: holds 'one', expected a finite number"),
        ("the\n", "line 1: holds no vector, expected a word and its numbers, or the number of words and of numbers"),
        ("\n", "line 1: holds no vector"),
        ("2 0\n", "line 1: holds no vector"),
        ("3 2\nthe 1 2\nof 1 2\n", "line 1: says 3 words, but 2 follow, expected the number of lines behind it"),
        ("1 2\nthe 1 2\nof 1 2\n", "line 1: says 1 words, but 2 follow"),
        ("2 4\nthe 1 2\nof 1 2\n", "line 2: has 3 fields, expected a word and 4 numbers"),
        ("", "is empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = _write(tmp_path, content)
    with pytest.raises(DataError) as caught:
        _all(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_file_that_was_cut_short(tmp_path: Path) -> None:
    path = _write(tmp_path, gzip.compress(LINES.encode("utf-8") * 50)[:-12])
    with pytest.raises(DataError, match="damaged or cut short"):
        _all(path)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "sizes"),
    [("glove6B_50d_2987.w2v.txt.gz", (2987, 50, 2987)), ("glove_twitter_25d_11925.txt.gz", (None, 25, 11925))],
)
def test_real_files(real_data: Path, name: str, sizes: tuple[int | None, int, int]) -> None:
    file = VectorFile(real_data / "wordvec" / name)
    vectors = dict(file.vectors(lambda word: word))
    assert (file.rows, file.dim, len(vectors)) == sizes
    norms = {word: float(np.linalg.norm(vector)) for word, vector in vectors.items()}
    closest = max(
        (word for word in vectors if word != "king"),
        key=lambda word: float(vectors[word] @ vectors["king"]) / norms[word] / norms["king"],
    )
    assert closest in {"prince", "queen", "lion", "kings", "great", "kingdom"}
