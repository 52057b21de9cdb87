"""textsiam.DuplicateIndex: which texts are here already, in a file or a server, that grows and survives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from textsiam.errors import DataError, OptionError, check_choice, check_integer, check_model
from textsiam.index.adding import Encoded, NewEntry, put, take_out
from textsiam.index.database import Database
from textsiam.index.entry_checks import Given, checked_entries, checked_entry, checked_str, checked_where
from textsiam.index.finding import Finder, Match, Wanted
from textsiam.index.found import checked_threshold
from textsiam.index.grouping import Grouping
from textsiam.index.groups import LINKAGES
from textsiam.index.index_view import IndexView
from textsiam.index.locations import open_location
from textsiam.index.memory_search import Search
from textsiam.index.relations import Verdict, text_hash
from textsiam.index.scorer import Scorer
from textsiam.index.session import NEIGHBOURS, MakeSearch, Session
from textsiam.index.stable_groups import IndexGroup
from textsiam.index.upkeep import Check, check_index, encode_again
from textsiam.index.verdicts import check_verdicts, checked_marks, is_verdict, verdicts_of
from textsiam.text.checks import checked_texts


class DuplicateIndex(IndexView):
    """Texts under keys, and which of them are the same; made by ``DuplicateIndex.open``.

    Texts that differ in case, width or white space alone are copies: they have one vector, that of the first, and are
    the same without asking the model. An index can be used by several threads, and by several processes at once, each
    with its own ``DuplicateIndex``: whoever reads sees what others have finished writing; of two writers one waits.
    """

    def __init__(self, database: Database, model: Scorer | None, search: MakeSearch) -> None:
        super().__init__(Session(database, model, search))

    @classmethod
    def open(
        cls,
        location: str | Path,
        model: Scorer | None = None,
        *,
        threshold: float | None = None,
        linkage: str | None = None,
        approximate: bool | None = None,
        timeout: float = 30.0,
        create: bool = True,
    ) -> DuplicateIndex:
        """Open an index, or make one with ``model`` where there is none, if ``create``.

        ``location``: a file, or a str "postgresql://user:password@host:port/database?schema=NAME", a PostgreSQL server
        with pgvector (extra ``postgres``), in a schema of the index's own, "textsiam" unless another is named.
        ``model``: the one with which it was made; without, nothing can be added, found or grouped. ``threshold``, the
        probability from which on texts are the same, and ``linkage`` of groups ("connected" or "complete", see
        ``find_duplicates``) are kept in the index as they were given last; at first they are the model's, and
        "connected". ``approximate``: search by a graph of near vectors in a file beside the index, which is made, and
        made anew, as needed (extra ``ann``). None: from 100,000 texts on, where the extra is installed and the head is
        "cosine", "mlp" or "alignment"; until the graph is there, and with other heads, search is exact. In PostgreSQL
        the graph is an HNSW index, which ``compact`` makes, also for the heads "dot" and "euclidean", and the server
        keeps in step. ``timeout``: seconds to wait while another process writes. Raises DuplicateIndexError for what is
        no index, is broken, or was made by another model or a newer version, IndexBusyError where the wait is too long.
        """
        if model is not None:
            check_model(model)
        if threshold is not None:
            checked_threshold(threshold)
        if linkage is not None:
            check_choice("linkage", linkage, LINKAGES)
        create = create and model is not None
        database, search = open_location(location, approximate=approximate, timeout=timeout, create=create)
        try:
            index = cls(database, model, search)
            index._session.begin(threshold, linkage)
        except BaseException:
            database.close()
            raise
        return index

    def add(self, key: str, text: str, attributes: Mapping[str, Any] | None = None, *, replace: bool = False) -> bool:
        """Add a text under a key, as ``add_many`` does; tells whether the key is new."""
        return bool(self.add_many([(key, text, attributes)], replace=replace))

    def add_many(self, rows: Iterable[Given], *, replace: bool = False) -> int:
        """Add rows of (key, text) or (key, text, attributes), all or none; gives the number of new keys.

        ``attributes`` are JSON values by name; where none are given, those that an entry has stay. A row that is in the
        index just so changes nothing, so that adding can be repeated. Raises OptionError for a key that is there with
        another text or other attributes, unless those are to be replaced, and for what cannot be stored.
        """
        entries = checked_entries(rows)
        return self._put([entry.text for entry in entries], lambda: entries, replace=replace)

    def update(self, key: str, text: str | None = None, attributes: Mapping[str, Any] | None = None) -> None:
        """Give an entry another text, or other attributes in the place of all it has; OptionError for no such key."""
        new = checked_entry(key, "" if text is None else text, attributes)

        def updated() -> list[NewEntry]:
            was = self._entry(key)  # as it is when it is written
            return [new if text is not None else new._replace(text=was.text)]

        self._put([] if text is None else [text], updated, replace=True)

    def remove(self, keys: str | Iterable[str]) -> int:
        """Remove an entry or several; gives the number of those that were there.

        What people said of their texts stays, for it is training data; ``forget`` removes it.
        """
        wanted = [checked_str("key", key) for key in ([keys] if isinstance(keys, str) else keys)]
        with self._session.writing(any_model=True):
            return take_out(self._store, wanted)

    def find(
        self,
        text: str,
        *,
        limit: int | None = 10,
        threshold: float | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> list[Match]:
        """Find the entries that are the same as a text, as ``find_many`` does."""
        return self.find_many([text], limit=limit, threshold=threshold, where=where)[0]

    def find_many(
        self,
        texts: Iterable[str],
        *,
        limit: int | None = 10,
        threshold: float | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> list[list[Match]]:
        """Find, for each text, the entries that are the same, the most probable first.

        At most ``limit`` (None: all), from ``threshold`` on (None: the index's; 0: the nearest, however far), with the
        attributes of ``where``, such as {"lang": "en"}, or of several values one: {"lang": ["en", "de"]}. What a person
        said of two texts holds, whatever the model says. Nothing is the same as an empty text. Heads "mlp" and
        "alignment" score the 100 nearest texts by cosine that have them. Raises OptionError for options out of range.
        """
        given = checked_texts(texts)
        if limit is not None:
            check_integer("limit", limit, least=1)
        if threshold is not None and threshold != 0:
            checked_threshold(threshold)
        attributes = checked_where({} if where is None else where)
        while True:
            model = self._session.needed_model("finding texts")
            vectors = model.encode(given)
            with self._session.reading():
                if model is self._session.model:  # else another thread has encoded all anew meanwhile
                    least = self._session.threshold if threshold is None else float(threshold)
                    finder = Finder(self._store, self._search(), model, NEIGHBOURS)
                    return finder.find(given, vectors, Wanted(limit, least, attributes))

    def groups(self, *, show_progress: bool = False) -> tuple[IndexGroup, ...]:
        """Give the groups of entries that are the same, by their ids, which stay the same as the index grows.

        Where groups became one it has the id of the larger one, and ``merged`` tells the other. New texts are compared
        with all others first, once, and that is kept. Texts of which a person said that they differ are never in one
        group; those that were said to be the same always are. With the heads "mlp" and "alignment" a new text is
        compared with its 100 nearest alone, so that the order of adding can have a part in what is found. Raises
        OptionError for more than 20 million pairs.
        """
        self._session.needed_model("grouping texts")
        return Grouping(self._session).groups(show_progress=show_progress)

    def mark(self, key_a: str, key_b: str, duplicate: bool = True) -> None:
        """Keep that a person calls the texts of two entries the same, or not: it wins over the model.

        Replaces what was said of the two before. Raises OptionError for a key that is not there, for copies, which
        nothing can part, and where earlier verdicts, by a chain of others too, say the contrary.
        """
        if not is_verdict(duplicate):
            raise OptionError(f"duplicate is {duplicate!r:.60}, expected True or False")
        try:
            self.mark_many([(key_a, key_b, duplicate)])
        except DataError as error:
            raise OptionError(error.args[0]) from error

    def mark_many(self, rows: Iterable[tuple[str, str, bool]]) -> int:
        """Mark many pairs, each (key a, key b, whether they are the same), all or none; gives how many.

        Raises DataError with the number of the row as its ``line``, from 1, for what ``mark`` raises OptionError for, a
        row that contradicts those before it, and one that is no such thing.
        """
        given = checked_marks(rows)
        keys = {key for mark in given for key in mark[:2]}
        with self._session.writing(any_model=True):
            texts = {key: entry.text for key, (_, entry) in self._store.entries(keys).items()}
            verdicts = verdicts_of(given, texts, self.name)
            check_verdicts(verdicts, self._store.relations.verdicts())
            self._store.relations.put_verdicts(verdicts)
            self._store.count_up("verdicts")
        return len(given)

    def forget(self, verdict: Verdict) -> None:
        """Remove what was said of two texts."""
        with self._session.writing(any_model=True):
            self._store.relations.forget_verdict(verdict.text_a, verdict.text_b)
            self._store.count_up("verdicts")

    def verdicts(self) -> list[Verdict]:
        """Give all that people said, as training pairs (text_a, text_b, label), which ``read_pairs`` takes."""
        with self._session.reading(any_model=True):
            return [verdict for *_, verdict in self._store.relations.verdicts()]

    def check(self, *, sample: int = 100) -> Check:
        """Look for what is broken, and measure the search on a ``sample`` of the texts."""
        check_integer("sample", sample, least=1)
        return check_index(self._session, sample)

    def compact(self, *, show_progress: bool = False) -> None:
        """Give back the space of what was removed, and make the graph of approximate search, if it is to have one.

        Others can go on meanwhile, but for a while not write.
        """
        with self._session.writing(any_model=True):
            self._store.forget_gone()
        with self._session.alone():
            self._session.database.compact()
        if self._session.search is not None:
            with self._session.reading():
                self._search().refresh()
            with self._session.alone():
                search = self._search()
                search.make_graph()
            search.wait_for_graph(show_progress=show_progress)

    @property
    def lacks_graph(self) -> bool:
        """Whether ``compact`` would make searches faster: a graph is to be made, and is not there."""
        with self._session.reading():
            self._search().refresh()
            return self._search().lacks_graph()

    def reencode(
        self,
        model: Scorer,
        *,
        threshold: float | None = None,
        model_folder: str | Path | None = None,
        show_progress: bool = False,
    ) -> None:
        """Make all vectors anew with another model, all or none, and take its threshold, unless one is given.

        ``model_folder`` is kept with them, see there. Ids of groups stay. Other processes that have the index open have
        to open it again with this model.
        """
        check_model(model)
        least = model.calibration.threshold if threshold is None else checked_threshold(threshold)
        settings: dict[str, object] = {"threshold": least}
        if model_folder is not None:
            settings["model_folder"] = Path(model_folder).resolve()
        with self._session.alone():
            encode_again(self._session, model, settings, show_progress=show_progress)
            self._session.use(model)

    def close(self) -> None:
        """End the connection; what was written is there."""
        self._session.close()

    def __enter__(self) -> DuplicateIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, texts: list[str], entries: Callable[[], list[NewEntry]], *, replace: bool) -> int:
        """Write entries, which are asked for when all else waits; their texts are encoded before, if they are new."""
        while True:
            model = self._session.needed_model("adding texts")
            with self._session.reading():
                known = self._store.ids(map(text_hash, texts))
            encoded = Encoded(model, texts, known)
            with self._session.writing():
                if model is self._session.model:  # else another thread has encoded all anew meanwhile
                    return put(self._store, entries(), encoded, replace=replace)

    def _search(self) -> Search:
        assert self._session.search is not None
        return self._session.search
