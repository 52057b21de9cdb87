"""What can be seen of an index without a model: its entries and settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from textsiam.errors import OptionError
from textsiam.index.entry_checks import checked_str
from textsiam.index.session import Session
from textsiam.index.store import Entry


class IndexView:
    """An open index, as a mapping of keys to entries."""

    def __init__(self, session: Session) -> None:
        self._session, self._store = session, session.store

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._session.database.name

    @property
    def model_folder(self) -> str | None:
        """The folder of its model, where one was kept here, so that whoever opens it next knows what to load."""
        with self._session.reading(any_model=True):
            return self._store.settings().get("model_folder")

    @model_folder.setter
    def model_folder(self, folder: str | Path) -> None:
        with self._session.writing(any_model=True):
            self._store.set({"model_folder": Path(folder).resolve()})

    @property
    def threshold(self) -> float:
        """From which probability on texts are the same."""
        with self._session.reading(any_model=True):
            return self._session.threshold

    @property
    def linkage(self) -> str:
        """What makes a group: "connected" or "complete"."""
        with self._session.reading(any_model=True):
            return self._session.linkage

    def attribute_names(self) -> dict[str, int]:
        """Give the names of all attributes, and how many entries have them."""
        with self._session.reading(any_model=True):
            return self._store.attribute_names()

    def keys(self) -> list[str]:
        """Give all keys, rising."""
        with self._session.reading(any_model=True):
            return self._store.all_keys()

    def entries(self, keys: Iterable[str]) -> dict[str, Entry]:
        """Give the entries of some keys, by key, those that are there."""
        with self._session.reading(any_model=True):
            return {key: entry for key, (_, entry) in self._store.entries(keys).items()}

    def __getitem__(self, key: str) -> Entry:
        with self._session.reading(any_model=True):
            return self._entry(key)

    def __contains__(self, key: object) -> bool:
        with self._session.reading(any_model=True):
            return isinstance(key, str) and bool(self._store.entries([key]))

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __repr__(self) -> str:
        return f"DuplicateIndex({self.name!r})"

    def __len__(self) -> int:
        with self._session.reading(any_model=True):
            return self._store.counts()[0]

    def _entry(self, key: str) -> Entry:
        found = self._store.entries([checked_str("key", key)])
        if key not in found:
            raise OptionError(f"key {key!r} is not in the index {self._session.database.name}")
        return found[key][1]
