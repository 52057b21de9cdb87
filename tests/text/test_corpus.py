from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from textsiam.errors import OptionError
from textsiam.progress import progress
from textsiam.text.corpus import Corpus, read_corpus


def read(texts: Iterable[str], sample_size: int = 1000, seed: int = 0) -> Corpus:
    with progress("reading", None, "texts", show=False) as bar:
        corpus = read_corpus(texts, sample_size=sample_size, seed=seed, bar=bar)
        assert bar.done == corpus.texts
    return corpus


def fingerprint_by_hand(texts: list[str]) -> str:
    stream = b""
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        stream += len(encoded).to_bytes(8, "little") + encoded
    return hashlib.sha256(stream).hexdigest()


def test_counts_and_fingerprint() -> None:
    texts = ["abc", "", "  ", "\u00fc\ud800", "abc", "\u3000\t"]
    corpus = read(texts)
    assert corpus == Corpus(["abc", "\u00fc\ud800", "abc"], 6, 3, 3 + 0 + 2 + 2 + 3 + 2, fingerprint_by_hand(texts))
    assert not corpus.sampled


def test_fingerprint_sees_order_borders_and_blank_texts() -> None:
    variants = [["ab", "c"], ["c", "ab"], ["a", "bc"], ["abc"], ["ab", "c", ""], ["ab", " ", "c"], []]
    assert len({read(texts).sha256 for texts in variants}) == len(variants)


def test_an_iterator_is_read_once_and_only_the_sample_is_held() -> None:
    given_out = 0

    def stream() -> Iterator[str]:
        nonlocal given_out
        for i in range(10_000):
            given_out += 1
            yield f"text {i}"

    corpus = read(stream(), sample_size=50)
    assert given_out == corpus.texts == 10_000
    assert len(corpus.sample) == len(set(corpus.sample)) == 50
    assert corpus.sampled


def test_the_sample_depends_on_the_seed_alone() -> None:
    texts = [f"text {i}" for i in range(5000)]
    assert read(texts, 100, seed=3).sample == read(iter(texts), 100, seed=3).sample
    assert set(read(texts, 100, seed=3).sample) != set(read(texts, 100, seed=4).sample)


def test_as_many_as_the_sample_size_is_no_sample() -> None:
    texts = [f"text {i}" for i in range(20)]
    assert read([*texts, " "], 20).sample == texts
    assert not read([*texts, " "], 20).sampled
    assert read(texts, 19).sampled


def test_every_text_has_the_same_chance() -> None:
    count, size, runs = 40, 10, 100
    places = Counter(int(text) for seed in range(runs) for text in read(map(str, range(count)), size, seed=seed).sample)
    expected = runs * size / count
    deviation = (expected * (1 - size / count)) ** 0.5
    assert all(abs(places[i] - expected) < 5 * deviation for i in range(count))
    first, last = (sum(places[i] for i in part) for part in (range(20), range(20, 40)))
    assert abs(first - last) < 5 * deviation * (count**0.5)


@pytest.mark.parametrize("wrong", [None, 3, b"bytes", ["list"]])
def test_what_is_no_text_is_named_by_position(wrong: object) -> None:
    texts: list[object] = ["a", "b", wrong]
    with pytest.raises(OptionError, match=r"texts\[2\] is"):
        read(texts)  # type: ignore[arg-type] # what a caller without a type checker may do


def test_one_text_in_the_place_of_many() -> None:
    with pytest.raises(OptionError, match="texts is one str"):
        read("abc")
