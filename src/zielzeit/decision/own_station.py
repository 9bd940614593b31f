"""The station whose boards are decided: where the routes of its rows name it, whichever way they spell it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import NamedTuple

from zielzeit.boards import parse
from zielzeit.stations import table
from zielzeit.stations.register import StationRegister
from zielzeit.stations.spelling import composed, eva_number

_CODE = re.compile(r"[A-Z]{2}[A-Z0-9 ]{0,3}")


class SplitRoute(NamedTuple):
    """The stops of a run before and after a station, in order."""

    behind: tuple[str, ...] = ()
    """Without cancelled ones."""
    ahead: tuple[str, ...] = ()
    """Without cancelled ones."""
    cancelled_ahead: tuple[str, ...] = ()


class OwnStation:
    """A station by the key of its boards.

    Parameters: ``key`` is a name, or an EVA number or DS100 code that has no name (``zielzeit.stations.board_key``);
    ``learnt`` holds the names that the station may have by the routes of its boards (``taught_by``); ``own_file`` is
    the user's file of stations, or empty. The register is only loaded if a route does not name the station as its key
    does.
    """

    def __init__(self, key: str, learnt: Sequence[str] = (), own_file: str = "") -> None:
        self.key = composed(key)
        self.learnt = tuple(learnt)
        self._taught = learnt[0] if len(learnt) == 1 else ""
        self._own_file = own_file

    @cached_property
    def is_number(self) -> bool:
        """True if the key is an EVA number or a DS100 code: no route shows those."""
        return eva_number(self.key) is not None or _CODE.fullmatch(self.key) is not None

    @cached_property
    def name(self) -> str:
        """Name of the station on boards, where it is known; else the key."""
        if self._taught or not self.is_number:
            return self._taught or self.key
        station = self._register.station(self._register.resolve(self.key).key)
        return self.key if station is None else station.name

    def eva_number(self, name: str) -> str:
        """Return the EVA number of a station on this station's boards; empty if it is not known."""
        own = self._register.resolve(self.key).eva if name == self.name else None
        return own or self._register.resolve(name).eva or ""

    @cached_property
    def _register(self) -> StationRegister:
        return table.register(self._own_file)

    @cached_property
    def _group(self) -> str:
        return self._whole(self._taught or self.key)

    def station_of(self, name: str) -> str:
        """Return which station a name on a board means, with its parts, in any spelling; empty: this one."""
        if name in ("", self.name):
            return ""
        group = self._whole(name)
        return "" if group == self._group else group

    def places(self, route: Sequence[parse.Stop]) -> list[int]:
        """Return the places of this station in a route: several if the run calls twice, none if it does not call.

        Where the route does not have the very name, the station's other spellings count; where it has none of those,
        the stations that are parts of this one or of which this is a part.
        """
        own = self._taught or self.key
        exact = [place for place, stop in enumerate(route) if stop.name == own]
        if exact or not route:
            return exact
        register = self._register
        identity = register.resolve(own)
        named = [register.resolve(stop.name) for stop in route]
        same = [place for place, one in enumerate(named) if one == identity]
        return same or [place for place, one in enumerate(named) if register.whole_of(one.key) == self._group]

    def split_route(self, row: parse.Row, call: int = 0) -> SplitRoute:
        """Return the stops before and after this station; all are empty if the route does not name it.

        A run that starts here is at its route's first stop, one that ends here at its last. Of a run that calls twice,
        ``call`` tells which call the row is, from 0.
        """
        stops = parse.route(row.route)
        if row.scheduled_arrival is None:
            place = 0
        elif row.scheduled_departure is None:
            place = len(stops) - 1
        else:
            places = self.places(stops)
            if not places:
                return SplitRoute()
            place = places[min(call, len(places) - 1)]
        after = stops[place + 1 :]
        return SplitRoute(
            tuple(stop.name for stop in stops[:place] if not stop.is_cancelled),
            tuple(stop.name for stop in after if not stop.is_cancelled),
            tuple(stop.name for stop in after if stop.is_cancelled),
        )

    def _shared(self, some: set[str], others: set[str]) -> set[str]:
        """Return the names that are on both sides; of a station and its parts, the whole's."""
        wholes = {self._whole(name) for name in some} & {self._whole(name) for name in others}
        return some & others | {name for name in some | others if self._register.resolve(name).key in wholes}

    def _whole(self, name: str) -> str:
        return self._register.whole_of(self._register.resolve(name).key)

    def is_taught(self, *, named: bool) -> bool:
        """Return True if no board can teach anything about this station's names; ``named`` as for ``taught_by``."""
        if named and (self.is_number or not self.learnt):
            return True
        return not self.is_number and self._is_unknown

    @cached_property
    def _is_unknown(self) -> bool:
        return not self._register.resolve(self.key).known

    def taught_by(self, rows: Collection[parse.Row], *, named: bool) -> OwnStation:
        """Return this station as it is known after a board that shows ``rows``: which names it may have.

        Its key names it, where routes do. If it is a number or a code, or a name of the register that no route shows
        (the station was renamed, or has a number that is another's in the register), routes tell: it has the name that
        all of them share; a run that starts or ends here tells it alone. A board that contradicts what is known teaches
        nothing. ``named`` says whether routes have named the station: then no name is learnt any more.
        """
        if self.is_taught(named=named):  # as on nearly every board
            return self
        if not self.is_number:
            unlearnt = OwnStation(self.key, (), self._own_file)
            if any(unlearnt.places(parse.route(row.route)) for row in rows):
                return unlearnt
            if named:
                return self
        common = set(self.learnt)
        for row in rows:
            names = [stop.name for stop in parse.route(row.route)]
            if row.scheduled_arrival is None:
                names = names[:1]
            elif row.scheduled_departure is None:
                names = names[-1:]
            if names:
                common = self._shared(common, set(names)) if common else set(names)
                if not common:
                    return self
        return OwnStation(self.key, sorted(common), self._own_file)
