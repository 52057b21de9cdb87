from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from textsiam.text.flat import flat_of, merged, positions_within

rows_of_ids = st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=4), max_size=12)


@given(rows=rows_of_ids)
def test_lists_end_to_end(rows: list[list[int]]) -> None:
    ids, lengths = flat_of(rows)
    assert (ids.dtype.name, lengths.dtype.name) == ("int32", "int64")
    assert ids.tolist() == [token for row in rows for token in row]
    assert lengths.tolist() == [len(row) for row in rows]
    assert positions_within(lengths).tolist() == [position for row in rows for position in range(len(row))]


@given(rows=rows_of_ids, data=st.data())
def test_two_kinds_are_merged_in_their_order(rows: list[list[int]], data: st.DataObject) -> None:
    first = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), np.bool_)
    ones = flat_of([row for row, is_first in zip(rows, first, strict=True) if is_first])
    others = flat_of([row for row, is_first in zip(rows, first, strict=True) if not is_first])
    ids, lengths = merged(first, ones, others)
    assert (ids.tolist(), lengths.tolist()) == tuple(part.tolist() for part in flat_of(rows))
