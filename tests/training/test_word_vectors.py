from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import textsiam
from textsiam.errors import DataError, OptionError
from textsiam.text.tokenizer import Tokenizer, read_processor
from textsiam.text.vocabulary import Vocabulary
from textsiam.training import word_vectors
from textsiam.training.vector_file import VectorFile
from textsiam.training.word_vectors import TokenVectors, check_vectors, embed_words

TEXTS = [
    "The runner is running, running home",
    "runners run in Paris?",
    "a runner ran; the winner was winning",
    "Paris, paris: who is winning",
] * 5
WORDS = ("the", "The", "runner", "running", "winning", "winner", "Paris", "paris", "in", "is", "?", "nothing", "run")


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return textsiam.build_vocabulary(TEXTS, size=48, type="bpe")


def _write(path: Path, words: tuple[str, ...] = WORDS, dim: int = 5) -> Path:
    rng = np.random.default_rng(4)
    lines = [f"{word} {' '.join(f'{number:.4f}' for number in rng.normal(0, 3, dim))}\n" for word in words]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _pieces(proto: bytes) -> list[str]:
    processor = read_processor(proto)
    return list(processor.id_to_piece(list(range(processor.get_piece_size()))))


def by_hand(path: Path, texts: list[str], proto: bytes) -> dict[int, list[float]]:
    """Compose the vectors token by token, as the docstring says, before they are scaled."""
    of_word: dict[str, list[float]] = {}
    for word, vector in VectorFile(path).vectors(lambda word: word):
        of_word.setdefault(word.lower(), vector.tolist())
    counts: Counter[str] = Counter()
    for word in " ".join(texts).lower().split():
        counts.update({word, re.sub(r"^\W+|\W+$", "", word)})
    tokenizer, found = Tokenizer(proto), {}
    for token, piece in enumerate(_pieces(proto)):
        if token < 2:
            continue
        if piece.startswith("\u2581") and piece[1:] in of_word:
            found[token] = of_word[piece[1:]]
            continue
        total, weight = [0.0] * 5, 0
        for word, count in counts.items():
            if word in of_word and piece in tokenizer.pieces(word):
                total = [old + count * new for old, new in zip(total, of_word[word], strict=True)]
                weight += count
        if weight:
            found[token] = [number / weight for number in total]
        elif piece in of_word:
            found[token] = of_word[piece]
    return found


def _check(found: TokenVectors, expected: dict[int, list[float]]) -> None:
    assert set(np.flatnonzero(found.covered)) == set(expected)
    numbers = [number for vector in expected.values() for number in vector]
    scale = (sum(number * number for number in numbers) / len(numbers)) ** -0.5
    for token, vector in expected.items():
        np.testing.assert_allclose(found.table[token], np.array(vector) * scale, rtol=1e-4, atol=1e-5)
    assert not found.table[~found.covered].any()
    assert float(np.square(found.table[found.covered]).mean()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("kind", ["bpe", "unigram", "word", "char"])
def test_tokens_are_composed_as_by_hand(tmp_path: Path, kind: str) -> None:
    proto = textsiam.build_vocabulary(TEXTS, size=48, type=kind).proto
    path = _write(tmp_path / "v.txt")
    expected = by_hand(path, TEXTS, proto)
    found = embed_words(path, TEXTS, proto)
    _check(found, expected)
    words = {word.lower() for word in WORDS}
    whole = [piece for piece in _pieces(proto)[2:] if piece.startswith("\u2581") and piece[1:] in words]
    assert found.whole == len(whole)
    if kind in ("bpe", "unigram"):
        assert 0 < len(whole) < len(expected) < len(found.covered) - 2  # each way to get a vector, and none, occurs


def test_the_first_of_words_that_the_vocabulary_does_not_tell_apart_is_taken(tmp_path: Path) -> None:
    texts = ["Paris paris rains"] * 9
    (tmp_path / "v.txt").write_text("Paris 1 -1\nparis 9 9\nPARIS 8 8\n", encoding="utf-8")
    folding, cased = (
        textsiam.build_vocabulary(texts, size=60, type="word", normalization=rule).proto
        for rule in ("nfkc_casefold", "nfkc")
    )
    found = embed_words(tmp_path / "v.txt", texts, folding)
    assert found.table[_pieces(folding).index("\u2581paris")].tolist() == [1, -1]
    found, pieces = embed_words(tmp_path / "v.txt", texts, cased), _pieces(cased)
    rows = [found.table[pieces.index(f"\u2581{word}")] for word in ("Paris", "paris")]
    assert (rows[1] / rows[0]).tolist() == pytest.approx([9, -9])


def test_a_script_without_spaces_finds_its_words_inside(tmp_path: Path) -> None:
    texts = ["怎么学习中文", "怎么学习英文", "中文怎么说", "学习中文怎么开始"] * 10
    proto = textsiam.build_vocabulary(texts, size=16, type="unigram").proto
    inside = [piece for piece in _pieces(proto)[2:] if not piece.startswith("\u2581") and piece in "怎么学习中文"]
    assert inside
    (tmp_path / "v.txt").write_text("".join(f"{word} 1 2\n" for word in inside), encoding="utf-8")
    found = embed_words(tmp_path / "v.txt", texts, proto)
    assert found.covered.sum() == len(inside)


def test_rare_words_are_forgotten_where_there_are_too_many(
    vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor = read_processor(vocabulary.proto)
    texts = ["winner winning"] * 3 + [f"text{number}" for number in range(50)] + ["winner winning"]
    assert len(word_vectors._word_counts(texts, processor)) == 52
    monkeypatch.setattr(word_vectors, "MOST_WORDS", 6)
    counts = word_vectors._word_counts(texts, processor)
    assert (counts["winner"], counts["winning"]) == (4, 4)
    assert len(counts) <= 6


def test_a_file_of_another_size_or_language(tmp_path: Path, vocabulary: Vocabulary) -> None:
    path = _write(tmp_path / "v.txt")
    check_vectors(path, 5)
    with pytest.raises(OptionError, match=r"dim is 128, but the vectors of .*v\.txt have 5 numbers; give dim 5"):
        check_vectors(path, 128)
    path = _write(tmp_path / "other.txt", ("слово", "дом"))
    with pytest.raises(DataError, match=r"other\.txt: has no word of the vocabulary"):
        embed_words(path, TEXTS, vocabulary.proto)


def test_vectors_of_zeros_stay_zeros(tmp_path: Path, vocabulary: Vocabulary) -> None:
    (tmp_path / "v.txt").write_text("the 0 0\n", encoding="utf-8")
    found = embed_words(tmp_path / "v.txt", TEXTS, vocabulary.proto)
    assert found.covered.any()
    assert not found.table.any()


@pytest.mark.realdata
def test_real_vectors_of_real_texts(real_data: Path) -> None:
    pairs = textsiam.read_pairs(real_data / "sick" / "SICK_trial.txt", columns=(2, 3, 4), label_range=(1, 5))
    proto = textsiam.build_vocabulary(pairs.texts(), size=600).proto
    path = real_data / "wordvec" / "glove_twitter_25d_11925.txt.gz"
    found = embed_words(path, pairs.texts(), proto)
    assert found.covered.mean() > 0.9
    assert 0.5 < found.whole / len(found.covered) < found.covered.mean()
    assert embed_words(path, pairs.texts(), proto).fingerprint() == found.fingerprint()
    pieces = _pieces(proto)
    dog, cat, on = (found.table[pieces.index(f"\u2581{word}")] for word in ("dog", "cat", "on"))
    assert dog @ cat / np.linalg.norm(cat) > dog @ on / np.linalg.norm(on)
