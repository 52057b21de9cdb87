from __future__ import annotations

import pytest

from textsiam.text.wire import fields


def test_fields_of_every_kind_in_their_order() -> None:
    long = b"x" * 300  # whose size takes two bytes
    message = b"\x08\x96\x01" + b"\x12\x03abc" + b"\x1d\0\0\x80\x3f" + b"\x21" + bytes(8) + b"\x12\xac\x02" + long
    expected = [(1, 150), (2, b"abc"), (3, b"\0\0\x80\x3f"), (4, bytes(8)), (2, long)]
    assert list(fields(message)) == expected
    assert list(fields(b"")) == []
    assert list(fields(b"\x80\x01\x01")) == [(16, 1)]


def test_what_is_no_message() -> None:
    with pytest.raises(ValueError, match="wire type 3 at byte 1"):
        list(fields(b"\x0b"))
    with pytest.raises(IndexError):
        list(fields(b"\x08\x96"))
