from __future__ import annotations

import pytest

import textsiam.text.seen as seen_module
from textsiam.text.seen import Seen


def test_a_word_is_seen_from_its_second_time_on() -> None:
    seen = Seen()
    words = [f"word {i}" for i in range(50)]
    assert sum(map(seen.before, words)) < 5  # two words may share a slot
    assert all(map(seen.before, words))


def test_it_forgets_when_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_module, "_SLOTS", 64)
    seen = Seen()
    assert seen.before(b"first") is False
    for i in range(200):
        seen.before(f"word {i}".encode())
        assert sum(seen._slots) <= 16
