"""Bringing the groups of an index up to date: new texts are linked first, once, while others may write."""

from __future__ import annotations

from textsiam.index.groups import Links
from textsiam.index.links import Linker
from textsiam.index.session import NEIGHBOURS, Session
from textsiam.index.stable_groups import IndexGroup, groups_of, regroup


class Grouping:
    """Makes the groups of an index."""

    def __init__(self, session: Session) -> None:
        self.session, self.store = session, session.store

    def groups(self, *, show_progress: bool) -> tuple[IndexGroup, ...]:
        """Give the groups; what is new is linked and grouped first."""
        while True:
            with self.session.reading():
                if self.store.settings().get("grouped_at") == self._standing():
                    return groups_of(self.store)
                basis, after, last, state = self._basis(), self._linked_to(), self.store.last_id(), self.store.state()
                links = self._new_links(after, show_progress=show_progress)
            with self.session.writing():
                same = (basis, after) == (self._basis(), self._linked_to())  # else another process was faster
                if same and self.store.state().gone_from <= state.revision:
                    self._keep(links.without(self.store.gone_since(state.revision)), after, last)
                    return groups_of(self.store)

    def _new_links(self, after: int, *, show_progress: bool) -> Links:
        model = self.session.needed_model("grouping")
        assert self.session.search is not None
        linker = Linker(self.store, self.session.search, model, self.session.threshold, NEIGHBOURS)
        return linker.new_links(after, show_progress=show_progress)

    def _keep(self, links: Links, after: int, last: int) -> None:
        if after == 0:
            self.store.relations.clear_links()
        self.store.relations.add_links(links)
        self.store.set({"linked_by": self._basis(), "linked_to": last})
        regroup(self.store, self.session.linkage)
        # texts that were added meanwhile are linked when groups are asked for again
        self.store.set({"grouped_at": self._standing() if self.store.last_id() <= last else ""})

    def _linked_to(self) -> int:
        """Give the highest id whose links are known; 0 where they were made otherwise than they would be now."""
        settings = self.store.settings()
        return int(settings["linked_to"]) if settings.get("linked_by") == self._basis() else 0

    def _basis(self) -> str:
        """Give all that links follow from, but the texts."""
        settings, calibration = self.store.settings(), self.session.needed_model("grouping").calibration
        return f"{settings['generation']} {calibration.identity()} {settings['threshold']}"

    def _standing(self) -> str:
        """Give all that groups follow from."""
        settings = self.store.settings()
        return f"{self._basis()} {settings['linkage']} {settings['revision']} {settings['verdicts']}"
