from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import textsiam.text.word_table as word_table_module
from textsiam.text.word_table import LONGEST_WORD, Keys, WordTable, word_keys


def keys_of(words: list[bytes]) -> Keys:
    sizes = np.array([len(word) for word in words], np.int64)
    return word_keys(b"".join(words), np.cumsum(sizes) - sizes, sizes)


words_ = st.lists(st.binary(max_size=LONGEST_WORD) | st.text("ab\0", max_size=4).map(str.encode), max_size=60)


def test_a_key_is_the_bytes_and_the_length() -> None:
    data = b"x" + bytes(range(65, 65 + LONGEST_WORD)) + b"yz"
    for size in range(LONGEST_WORD + 1):
        key = word_keys(data, np.array([1]), np.array([size]))
        assert key.shape == (3, 1)
        written = b"".join(int(part).to_bytes(8, "little") for part in key[:, 0])
        assert written == data[1 : 1 + size].ljust(LONGEST_WORD, b"\0") + bytes([size])


@given(words=words_, batches=st.integers(1, 4))
def test_it_finds_what_was_added_and_nothing_else(words: list[bytes], batches: int) -> None:
    table = WordTable(64)
    distinct = list(dict.fromkeys(words))
    added = distinct[::2]
    numbers: dict[bytes, int] = {}
    for start in range(batches):
        batch = added[start::batches]
        numbers |= dict(zip(batch, table.add(keys_of(batch)).tolist(), strict=True))
    assert sorted(numbers.values()) == list(range(1, len(added) + 1))
    assert table.find(keys_of(words)).tolist() == [numbers.get(word, 0) for word in words]
    assert len(table) == len(added)


def test_keys_of_one_part() -> None:
    keys = np.random.default_rng(0).choice(2**62, size=1000, replace=False).astype(np.uint64)[None]
    table = WordTable(1000, parts=1)
    assert table.add(keys[:, :700]).tolist() == list(range(1, 701))
    assert table.find(keys).tolist() == [*range(1, 701), *[0] * 300]


def test_a_word_without_a_slot_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_table_module, "_PROBES", 1)
    words = [f"{i}".encode() for i in range(64)]
    table = WordTable(64)
    numbers = table.add(keys_of(words))
    assert 0 in numbers
    assert table.find(keys_of(words)).tolist() == numbers.tolist()
