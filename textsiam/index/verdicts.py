"""What people say of pairs in an index: it must not contradict itself."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from textsiam.errors import OptionError
from textsiam.index.relations import Verdict, text_hash
from textsiam.text.normalization import normalize_text


def check_verdict(new: Verdict, others: Iterable[tuple[bytes, bytes, Verdict]]) -> None:
    """Raise OptionError for a verdict on an empty text, and for one of which ``others`` say the contrary.

    They do so where texts that are the same by a chain of verdicts are said not to be; an earlier one on the same two
    texts does not count.
    """
    if not all(map(normalize_text, (new.text_a, new.text_b))):
        raise OptionError("an empty text is not the same as anything, of which nothing can be said; mark two others")
    a, b = text_hash(new.text_a), text_hash(new.text_b)
    kept = [(one, other, verdict) for one, other, verdict in others if {one, other} != {a, b}]
    same: dict[bytes, list[bytes]] = defaultdict(list)
    for one, other, verdict in [*kept, (a, b, new)]:
        if verdict.label:
            same[one].append(other)
            same[other].append(one)
    denied = [*kept, (a, b, new)]
    for one, other, verdict in denied:
        if not verdict.label and other in _reached(one, same):
            raise OptionError(
                f"{new.text_a!r:.60} and {new.text_b!r:.60} cannot be {'the same' if new.label else 'different'}: with "
                f"earlier verdicts {verdict.text_a!r:.60} and {verdict.text_b!r:.60} would be both; change those first"
            )


def _reached(start: bytes, same: dict[bytes, list[bytes]]) -> set[bytes]:
    found, waiting = {start}, deque([start])
    while waiting:
        for other in same[waiting.popleft()]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
