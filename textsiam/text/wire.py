"""Fields of a serialised protocol buffer, which is what SentencePiece models and results are."""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _COUNTED, _FOUR_BYTES = 0, 1, 2, 5  # wire types
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Give (field number, value) of each field in the order of the message: int for varints, else the raw bytes.

    Raises ValueError at a group (deprecated; SentencePiece has none), IndexError where a varint is cut short.
    """
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        if kind == _COUNTED:
            size, position = _varint(message, position)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"wire type {kind} at byte {position}")
        yield number, message[position : position + size]
        position += size


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """Give the number that starts at ``position``, seven bits a byte from the lowest, and where it ends."""
    byte = message[position]
    position += 1
    if byte < 0x80:  # nearly always
        return byte, position
    value = byte & 0x7F
    shift = 7
    while byte & 0x80:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
    return value, position
