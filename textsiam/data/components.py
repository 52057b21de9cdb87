"""Which pairs hang together: pairs that share a text, directly or over other pairs, form one component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from textsiam.data.numbering import number_keys, text_keys
from textsiam.data.pairs import Pairs
from textsiam.errors import OptionError, import_extra
from textsiam.progress import progress
from textsiam.text.normalization import normalize_text


def question_components(pairs: Pairs | Iterable[Sequence[object]]) -> NDArray[np.int64]:
    """Give the component of each pair, int64 (n,), numbered from 0 by first appearance.

    ``pairs``: Pairs, or rows that start with text a and text b. Two pairs are in one component if a chain of pairs
    leads from one to the other, each sharing a text with the next; texts are the same if ``normalize_text`` makes
    them equal. Raises OptionError for anything else, such as a path.
    """
    is_table = hasattr(pairs, "columns") and not isinstance(pairs, Pairs)  # which would be read by its columns
    if isinstance(pairs, str) or is_table or not isinstance(pairs, Iterable):
        shown = f"a {type(pairs).__name__}" if is_table else f"{pairs!r:.80}"
        raise OptionError(f"pairs is {shown}, expected pairs; read them first with textsiam.read_pairs")
    sparse = import_extra("scipy.sparse", "train", "finding components")
    csgraph = import_extra("scipy.sparse.csgraph", "train", "finding components")
    texts = pairs.texts() if isinstance(pairs, Pairs) else _texts(pairs)
    with progress("finding components", None, "texts", show=False) as bar:
        keys = text_keys(map(normalize_text, texts), bar)
    nodes, distinct = number_keys(keys[:, 0], keys[:, 1])
    if not nodes.size:
        return nodes
    first, second = nodes.reshape(-1, 2).T
    edges = sparse.coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(len(distinct), len(distinct)))
    _, component_of_node = csgraph.connected_components(edges, directed=False)
    return _numbered_by_appearance(component_of_node[first])


def _texts(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    for number, row in enumerate(rows, 1):
        try:
            text_a, text_b = () if isinstance(row, str) else row[:2]
        except (TypeError, ValueError, KeyError):
            raise OptionError(
                f"row {number} is {row!r:.80}, expected text a and text b; textsiam.read_pairs reads other rows"
            ) from None
        yield str(text_a)
        yield str(text_b)


def _numbered_by_appearance(components: NDArray[np.integer]) -> NDArray[np.int64]:
    _, first_seen, inverse = np.unique(components, return_index=True, return_inverse=True)
    rank = np.empty(len(first_seen), dtype=np.int64)
    rank[np.argsort(first_seen)] = np.arange(len(first_seen))
    return rank[inverse]
