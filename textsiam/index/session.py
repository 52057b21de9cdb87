"""An open index: its store, its settings, and transactions in which the model is known to be the right one."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from textsiam.errors import DuplicateIndexError, OptionError
from textsiam.index.database import Database
from textsiam.index.memory_search import Search
from textsiam.index.scorer import Scorer
from textsiam.index.store import Store

MakeSearch = Callable[[Store, Scorer], Search]
NEIGHBOURS = 100  # near texts that are scored by heads of which products tell nothing


class Session:
    """One thread at a time is inside of ``reading`` or ``writing``; ``model`` None: one that needs none.

    ``make_search`` makes the ``search`` with a model. Another thread can change model and search between transactions.
    """

    def __init__(self, database: Database, model: Scorer | None, make_search: MakeSearch) -> None:
        self.database, self.store, self._make_search = database, Store(database), make_search
        self.search: Search | None = None
        self.use(model)
        self._lock = threading.RLock()

    def use(self, model: Scorer | None) -> None:
        """Go on with another model; where it was changed in the index too, ``alone`` with that."""
        if self.search is not None:
            self.search.close()
        self.model = model
        self.fingerprint = None if model is None else model.fingerprint()
        self.search = None if model is None else self._make_search(self.store, model)

    def needed_model(self, purpose: str) -> Scorer:
        """Give the model; raises OptionError where there is none."""
        if self.model is None:
            raise OptionError(f"{purpose} needs a model; open the index with it: DuplicateIndex.open(location, model)")
        return self.model

    def begin(self, threshold: float | None, linkage: str | None) -> None:
        """Set up a new index, or check that this is one of the model; keep the settings that are given."""
        with self._lock, self.database.reading():
            settings = self.store.settings()
        if not settings:
            with self._lock, self.database.writing():
                self._set_up()
        given = {"threshold": threshold, "linkage": linkage}
        changed = {name: value for name, value in given.items() if value is not None}
        with self.reading(any_model=self.model is None):
            settings = self.store.settings()
        if any(settings[name] != str(value) for name, value in changed.items()):
            with self.writing(any_model=True):
                self.store.set(changed)

    def _set_up(self) -> None:
        if self.model is None or self.fingerprint is None:
            raise DuplicateIndexError(f"{self.database.name} is empty; open it with a model first")
        if not self.store.settings():  # else another process was faster
            counts = ("revision", "gone_from", "verdicts", "linked_to")
            self.store.set(
                {"uid": secrets.token_hex(8), "vectors": self.fingerprint, "generation": 1} | dict.fromkeys(counts, 0)
            )
            self.store.set({"threshold": self.model.calibration.threshold, "linkage": "connected"})

    @contextmanager
    def reading(self, *, any_model: bool = False) -> Iterator[None]:
        """See one state of the index; DuplicateIndexError where its vectors are another model's."""
        with self._lock, self.database.reading():
            if not any_model:
                self._check_model()
            yield

    @contextmanager
    def writing(self, *, any_model: bool = False) -> Iterator[None]:
        """Be the only writer; what is done inside is kept whole, or not at all."""
        with self._lock, self.database.writing():
            if not any_model:
                self._check_model()
            yield

    def _check_model(self) -> None:
        if self.fingerprint is not None and self.store.setting("vectors") != self.fingerprint:
            raise DuplicateIndexError(
                f"{self.database.name} was made with another model; open it with that one (--model), "
                "or open it without a model and reencode it (textsiam index reencode)"
            )

    @property
    def threshold(self) -> float:
        """From which probability on texts are the same; inside of a transaction."""
        return float(self.store.setting("threshold"))

    @property
    def linkage(self) -> str:
        """What makes a group; inside of a transaction."""
        return self.store.setting("linkage")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only thread; outside of a transaction."""
        with self._lock:
            yield

    def close(self) -> None:
        """End it."""
        if self.search is not None:
            self.search.close()
        with self._lock:
            self.database.close()
