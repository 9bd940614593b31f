"""The station register: spellings to identities, parts to groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from heapq import nlargest

from zielzeit.stations.identity import StationIdentity
from zielzeit.stations.resolution import Match, Resolution
from zielzeit.stations.source import Source
from zielzeit.stations.spelling import comparable, composed, eva_number, whole
from zielzeit.stations.station import Station

Entry = tuple[Source, Station]
Claims = Mapping[str, Sequence[Entry]]
"""The stations that claim a spelling."""

_ALIKE = 0.6
"""Least similarity (difflib's ratio) of a name that may have been meant."""
_MOST_CACHED = 200_000
"""Spellings whose identity is kept; a source of endless nonsense must not fill the memory."""


class StationRegister:
    """Finds stations by any spelling, and the group of stations that are parts of one.

    What it finds does not depend on the order of its entries. It never changes: ``with_stations`` and ``with_names``
    return another register.

    Parameters
    ----------
    entries
        Stations and the source of each. Several entries may speak of one EVA number.
    more
        Returns further stations, without groups; called once, when a spelling is asked for that ``entries`` lack.
    """

    def __init__(self, entries: Iterable[Entry], more: Callable[[], Iterable[Entry]] | None = None) -> None:
        self._entries = tuple(entries)
        self._more = more
        self._resolved: dict[str, StationIdentity] = {}

    def resolve(self, spelling: str) -> StationIdentity:
        """The identity of the station that the spelling means; a name that is not known is its own identity."""
        try:
            return self._resolved[spelling]
        except KeyError:
            if len(self._resolved) >= _MOST_CACHED:
                self._resolved.clear()
            return self._resolved.setdefault(spelling, self.find(spelling).identity)

    def find(self, spelling: str) -> Resolution:
        """The identity, how it was found, and the candidates where the spelling is ambiguous."""
        found = self._find(spelling)
        if found.match is Match.NONE and self._fallback is not None:
            return self._fallback.find(spelling)
        return found

    def station(self, eva: str) -> Station | None:
        """All that the register knows of an EVA number, its names from the best source first, or None."""
        entries = self._by_eva.get(eva)
        if entries is None:
            return None if self._fallback is None else self._fallback.station(eva)
        return _merged(entries)

    def whole_of(self, key: str) -> str:
        """The key that stands for a station's group: two stations are parts of one exactly if theirs are equal.

        For a station of the register, the EVA number of the whole; for a name that it lacks, the name without a mark of
        a part (``musterstadt hbf tief``: ``musterstadt hbf``), or the whole of the station that bears that name.
        """
        head = self._heads.get(key)
        if head is not None:
            return head
        name = whole(key)
        return key if name == key else self.whole_of(self.resolve(name).key)

    def group_of(self, key: str) -> tuple[str, ...]:
        """Keys of the stations of the register that belong to a station's group, the whole first, and the key itself.

        A station without parts is a group of its own.
        """
        head = self.whole_of(key)
        members = self._members.get(head, (head,))
        return members if key in members else (*members, key)

    def similar(self, spelling: str, count: int = 5) -> list[Station]:
        """Stations whose names resemble the spelling most, for a person who mistyped one or gave a town's name."""
        wanted = comparable(spelling)
        matcher = SequenceMatcher(autojunk=False, b=wanted)
        scored: list[tuple[bool, bool, float, int]] = []
        for text, claims in self._spellings.items():
            begins = text.startswith(f"{wanted} ")
            matcher.set_seq1(text)
            if begins or (matcher.real_quick_ratio() > _ALIKE and matcher.quick_ratio() > _ALIKE):
                score = matcher.ratio()
                if begins or score > _ALIKE:
                    scored += [(begins, begins and text.endswith(" hbf"), score, -int(one.eva)) for _, one in claims]
        found = dict.fromkeys(str(-number) for *_, number in nlargest(count * 4, scored))
        return [station for eva in list(found)[:count] if (station := self.station(eva)) is not None]

    def with_stations(self, stations: Iterable[Station], source: Source) -> StationRegister:
        """Return a register that knows these stations as well. Their names must be ``spelling.composed``."""
        return StationRegister((*self._entries, *((source, one) for one in stations)), self._more)

    def with_names(self, taught: Iterable[tuple[str | None, str | None, str | None]]) -> StationRegister:
        """Return a register that also knows an archive's names: EVA number, ``station_name``, ``xml_station_name``.

        Any of the three may be None; a row without an EVA number is ignored. The archive adds spellings; a spelling
        that the packaged table or the user's file has keeps its station.
        """
        names: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
        for eva_text, archive_name, board_name in taught:
            eva = eva_number(eva_text or "")
            if eva is None:
                continue
            for text, known in zip((board_name, archive_name), names[eva], strict=True):
                name = composed(text or "")
                if name and eva_number(comparable(name)) is None:
                    known.add(name)
        stations = []
        for eva, (boards, others) in names.items():
            by_rank = sorted(boards) + sorted(others - boards)
            if by_rank:
                stations.append(Station(eva, by_rank[0], tuple(by_rank[1:])))
        return self.with_stations(stations, Source.ARCHIVE)

    def stations(self) -> list[Station]:
        """The stations by EVA number, without those that ``more`` would add."""
        return [_merged(entries) for _, entries in sorted(self._by_eva.items())]

    def _find(self, spelling: str) -> Resolution:
        exact, plain = composed(spelling), comparable(spelling)
        eva = eva_number(plain)
        if eva is not None:
            known = eva in self._by_eva
            return Resolution(StationIdentity(eva, known), Match.EVA if known else Match.NONE)
        match, claims = self._claimed(exact, plain)
        if not claims:
            return Resolution(StationIdentity(plain, False), Match.NONE)
        return self._decide(claims, match, plain)

    def _claimed(self, exact: str, plain: str) -> tuple[Match, Sequence[Entry]]:
        """The stations of the first index that has the spelling. Indexes are made when they are first needed."""
        if claims := self._names.get(exact):
            if all(source is Source.STOP for source, _ in claims):
                # A stop in front of a station often differs from it by a space alone, and so does an archive's name of
                # the station, which is far more likely meant.
                stations = [entry for entry in self._spellings.get(plain, ()) if entry[0] <= Source.TABLE]
                if stations:
                    return Match.SPELLING, stations
            return Match.NAME, claims
        if claims := self._codes.get(exact):
            return Match.CODE, claims
        if claims := self._earlier.get(exact):
            return Match.EARLIER, claims
        if claims := self._spellings.get(plain):
            return Match.SPELLING, claims
        return Match.EARLIER_SPELLING, self._earlier_spellings.get(plain, ())

    def _decide(self, claims: Sequence[Entry], match: Match, plain: str) -> Resolution:
        """The one station of the best source, or the whole of which all claimants are parts."""
        best = min(source for source, _ in claims)
        evas = sorted({station.eva for source, station in claims if source == best}, key=_number)
        heads = {self._heads.get(eva, eva) for eva in evas}
        if len(evas) == 1:
            return Resolution(StationIdentity(evas[0], True), match)
        if len(heads) == 1:
            (head,) = heads
            return Resolution(StationIdentity(head if head in evas else evas[0], True), match)
        return Resolution(StationIdentity(plain, False), Match.AMBIGUOUS, tuple(evas))

    @cached_property
    def _fallback(self) -> StationRegister | None:
        return None if self._more is None else StationRegister(self._more())

    @cached_property
    def _by_eva(self) -> Mapping[str, Sequence[Entry]]:
        entries: dict[str, list[Entry]] = defaultdict(list)
        for source, station in self._entries:
            entries[station.eva].append((source, station))
        for each in entries.values():
            if len(each) > 1:
                each.sort(key=lambda entry: (entry[0], _as_tuple(entry[1])))
        return dict(entries)

    @cached_property
    def _names(self) -> Claims:
        return self._claims(lambda one: (one.name, *one.aliases), str)

    @cached_property
    def _codes(self) -> Claims:
        return self._claims(lambda one: one.codes, str)

    @cached_property
    def _earlier(self) -> Claims:
        return self._claims(lambda one: one.earlier, str)

    @cached_property
    def _spellings(self) -> Claims:
        return self._claims(lambda one: (one.name, *one.aliases), comparable)

    @cached_property
    def _earlier_spellings(self) -> Claims:
        return self._claims(lambda one: one.earlier, comparable)

    def _claims(self, texts: Callable[[Station], Iterable[str]], form: Callable[[str], str]) -> Claims:
        claims: dict[str, tuple[Entry, ...]] = {}
        for entry in self._entries:
            for text in texts(entry[1]):
                key = form(text)
                claims[key] = (*claims.get(key, ()), entry)
        return claims

    @cached_property
    def _heads(self) -> Mapping[str, str]:
        """The whole of each part and of each whole. The best source's group counts; groups of groups are one."""
        grouped = sorted((source, station.eva, station.group) for source, station in self._entries if station.group)
        above = {eva: group for _, eva, group in reversed(grouped)}
        heads: dict[str, str] = {}
        for eva in above:
            path = [eva]
            while (group := above.get(path[-1], path[-1])) not in path:
                path.append(group)
            # A circle (the user's file may make one) has no whole: its smallest number stands for it.
            head = min(path[path.index(group) :], key=_number)
            heads[eva] = heads[head] = head
        return heads

    @cached_property
    def _members(self) -> Mapping[str, tuple[str, ...]]:
        members: dict[str, list[str]] = defaultdict(list)
        for eva, head in self._heads.items():
            members[head].append(eva)
        return {head: (head, *sorted((e for e in evas if e != head), key=_number)) for head, evas in members.items()}


def _number(eva: str) -> int:
    return int(eva)


def _as_tuple(station: Station) -> tuple[object, ...]:
    return (station.name, station.aliases, station.earlier, station.codes, station.group)


def _merged(entries: Sequence[Entry]) -> Station:
    """One station of all that is said of it, the best source first."""
    if len(entries) == 1:
        return entries[0][1]
    stations = [station for _, station in entries]
    name = stations[0].name
    names = dict.fromkeys(text for one in stations for text in (one.name, *one.aliases) if text != name)
    return Station(
        eva=stations[0].eva,
        name=name,
        aliases=tuple(names),
        earlier=tuple(dict.fromkeys(text for one in stations for text in one.earlier)),
        codes=tuple(dict.fromkeys(text for one in stations for text in one.codes)),
        group=next((one.group for one in stations if one.group), ""),
    )
