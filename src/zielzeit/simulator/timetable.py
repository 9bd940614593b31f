"""Lines and their regular-interval timetable (Taktfahrplan) on the track: ``build`` makes a network.

Long-distance trains (ICE, IC, one NJ by night) call at hubs, RE at hubs and every third station, RB at all stations of
a segment; S trains run through a large hub, and one S line is a ring. Lines run both ways from early morning to
midnight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from random import Random

from zielzeit.errors import UserError
from zielzeit.simulator.chance import generator
from zielzeit.simulator.geography import hub_count, lay_out
from zielzeit.simulator.railway import Line, Network, Pattern, Segment, SimulatedStation, Trip

MIN_STATIONS, MAX_STATIONS = 5, 5400

_CLASSES = {"ICE": ("F",), "IC": ("F",), "NJ": (), "RE": ("N",), "RB": ("N",), "S": ("S",)}
_SPEED = {"ICE": 0.45, "IC": 0.6, "NJ": 0.9, "RE": 0.7, "RB": 1.0, "S": 0.8}
"""Running time as a share of that of an all-stops train."""
_DWELL = {"ICE": 3, "IC": 3, "NJ": 8, "RE": 2, "RB": 1, "S": 1}
# The usual ranges first; the second range serves when a very large network uses up the first.
_NUMBERS = {
    "ICE": (range(100, 2000), range(9500, 9999)),
    "IC": (range(2000, 2500), range(2500, 2999)),
    "NJ": (range(400, 500),),
    "RE": (range(3000, 10000), range(60000, 70000)),
    "RB": (range(10000, 30000), range(70000, 100000)),
    "S": (range(30000, 40000), range(40000, 60000)),
}
_TURNAROUND = 6
_FIRST, _LAST = 5 * 60, 24 * 60
_RING_RADIUS = 5
_LONGEST = 15 * 60
"""Longest path of a long-distance train, as minutes of an all-stops train."""

Path = list[tuple[int, int, int]]
"""Hops: (segment, station reached, minutes of an all-stops train)."""


def build(stations: int, seed: int = 1) -> Network:
    """A network of ``stations`` stations. Raises UserError outside 5 to 5,400."""
    if not MIN_STATIONS <= stations <= MAX_STATIONS:
        raise UserError(f"--stations {stations}: the simulator makes {MIN_STATIONS} to {MAX_STATIONS} stations")
    places, segments = lay_out(stations, seed)
    planner = _Planner(places, segments, hub_count(stations), generator(seed, 301))
    planner.regional_trains()
    planner.regional_expresses()
    planner.long_distance()
    planner.suburban()
    return Network(seed, places, segments, tuple(planner.lines))


class _Planner:
    """Collects lines; each method adds one kind of traffic."""

    def __init__(
        self, stations: tuple[SimulatedStation, ...], segments: tuple[Segment, ...], hubs: int, rng: Random
    ) -> None:
        self.stations, self.segments, self.hubs, self.rng = stations, segments, hubs, rng
        self.lines: list[Line] = []
        self.numbers: dict[str, Iterator[int]] = {
            category: (number for part in ranges for number in part) for category, ranges in _NUMBERS.items()
        }
        self.names = {category: count(1) for category in _NUMBERS}
        self.edges: dict[int, list[Segment]] = {hub: [] for hub in range(hubs)}
        for segment in segments:
            if segment.ends_in_hub:
                self.edges[segment.stations[0]].append(segment)
                self.edges[segment.stations[-1]].append(segment)

    def regional_trains(self) -> None:
        for segment in self.segments:
            start = segment.stations[0]
            self._add("RB", start, _along(segment, start), self.rng.choice((30, 60, 60)))

    def regional_expresses(self) -> None:
        """Serve every edge between hubs; one line runs over up to three of them."""
        open_edges = {segment.index: segment for segment in self.segments if segment.ends_in_hub}
        while open_edges:
            first = open_edges.pop(min(open_edges))
            start, here = first.stations[0], first.stations[-1]
            path, seen = _along(first, start), {start, here}
            for _ in range(2):
                onward = [s for s in self.edges[here] if s.index in open_edges and _other(s, here) not in seen]
                if not onward:
                    break
                chosen = open_edges.pop(self.rng.choice(onward).index)
                path += _along(chosen, here)
                here = _other(chosen, here)
                seen.add(here)
            self._add("RE", start, self._skip(path, every=3), self.rng.choice((30, 60, 60)))

    def long_distance(self) -> None:
        for index in range(max(1, self.hubs // 3)):
            start = index % self.hubs
            ways = self._ways(start)
            far = sorted(ways, key=lambda hub: sum(hop[2] for hop in ways[hub]))
            far = [hub for hub in far if sum(hop[2] for hop in ways[hub]) <= _LONGEST] or far[:1]
            goal = far[-1 - self.rng.randrange(max(1, len(far) // 3))]
            path = ways[goal]
            self._add("ICE", start, self._skip(path, every=None), self.rng.choice((60, 60, 120)))
            if index % 2 == 0:
                self._add("IC", start, self._skip(path, every=6), 120)
            if index % 10 == 0:
                self._add("NJ", start, self._skip(path, every=None), 24 * 60, first=23 * 60 + 20)

    def suburban(self) -> None:
        for hub in range(max(1, self.hubs // 3)):
            arms = [s for s in self.segments if hub in (s.stations[0], s.stations[-1])]
            if hub == 0:
                self._ring(hub, arms)
            for one, other in zip(arms[::2], arms[1::2] or arms[:1], strict=False):
                outward = _along(one, hub)[:8]
                start, inward = _reversed(hub, outward)
                path = inward + ([] if one is other else _along(other, hub)[:8])
                # The first S line of the country also runs through the night.
                first = 30 if hub == 0 else _FIRST - 60
                self._add("S", start, path, self.rng.choice((20, 30)), first=first)

    def _ring(self, hub: int, arms: Sequence[Segment]) -> None:
        near = dict.fromkeys(hop[1] for arm in arms for hop in _along(arm, hub)[:2])
        around = [station for station in near if station != hub][:_RING_RADIUS]
        path = [(arms[0].index, station, 7) for station in [*around, hub]]
        self._add("S", hub, path, 30)

    def _ways(self, start: int) -> dict[int, Path]:
        """For each other hub, a path with the fewest edges."""
        ways: dict[int, Path] = {start: []}
        waiting = deque([start])
        while waiting:
            here = waiting.popleft()
            for segment in self.edges[here]:
                there = _other(segment, here)
                if there not in ways:
                    ways[there] = ways[here] + _along(segment, here)
                    waiting.append(there)
        del ways[start]
        return ways

    def _skip(self, path: Path, every: int | None) -> Path:
        """The path with calls only at hubs and at each ``every``-th station between; hops in between are joined."""
        kept: Path = []
        waiting = 0
        for place, (segment, station, minutes) in enumerate(path):
            waiting += minutes
            calls = station < self.hubs or (every is not None and place % every == every // 2)
            if calls or place == len(path) - 1:
                kept.append((segment, station, waiting))
                waiting = 0
        return kept

    def _add(self, category: str, start: int, path: Path, headway: int, first: int = _FIRST) -> None:
        back_start, back = _reversed(start, path)
        patterns = (self._pattern(category, start, path), self._pattern(category, back_start, back))
        offset = self.rng.randrange(headway) if headway < 24 * 60 else 0
        starts = sorted(
            (minute + shift, direction)
            for direction, shift in ((0, offset), (1, (offset + headway // 2) % headway if headway < 24 * 60 else 7))
            for minute in range(first, _LAST, headway)
            if minute + shift < _LAST
        )
        number = str(next(self.names[category])) if category in ("RE", "RB", "S") else ""
        # Since 2026 some lines of the real feed repeat the category: "RE RE7".
        name = category + number if number and self.rng.random() < 0.15 else number
        trips = _circulate(patterns, starts, [str(next(self.numbers[category])) for _ in starts])
        self.lines.append(Line(len(self.lines), category, name, _CLASSES[category], patterns, trips))

    def _pattern(self, category: str, start: int, path: Path) -> Pattern:
        arrivals, departures, clock = [0], [0], 0
        for place, (_, station, minutes) in enumerate(path):
            clock += max(2, round(minutes * _SPEED[category]))
            arrivals.append(clock)
            last = place == len(path) - 1
            clock += 0 if last else _DWELL[category] + (2 if station < self.hubs else 0)
            departures.append(clock)
        stops = (start, *(station for _, station, _ in path))
        return Pattern(
            stops=stops,
            arrivals=tuple(arrivals),
            departures=tuple(departures),
            segments=(-1, *(segment for segment, _, _ in path)),
            platforms=tuple(str(self.rng.randint(1, self.stations[s].platforms)) for s in stops),
        )


def _circulate(patterns: tuple[Pattern, ...], starts: list[tuple[int, int]], numbers: list[str]) -> tuple[Trip, ...]:
    """Trips in order of departure, each with the trip whose vehicles arrived at its start in time to turn round."""
    trips: list[Trip] = []
    idle: dict[int, list[tuple[int, int]]] = {}
    for index, ((start, direction), number) in enumerate(zip(starts, numbers, strict=True)):
        pattern = patterns[direction]
        there = idle.setdefault(pattern.stops[0], [])
        ready = [entry for entry in there if entry[0] + _TURNAROUND <= start]
        previous = None
        if ready:
            there.remove(ready[0])
            previous = ready[0][1]
        trips.append(Trip(index, direction, start, number, previous))
        idle.setdefault(pattern.stops[-1], []).append((start + pattern.arrivals[-1], index))
    return tuple(trips)


def _along(segment: Segment, start: int) -> Path:
    """Hops of a segment from its end ``start``."""
    forward = [
        (segment.index, there, minutes)
        for (_, there), minutes in zip(pairwise(segment.stations), segment.minutes, strict=True)
    ]
    return forward if start == segment.stations[0] else _reversed(segment.stations[0], forward)[1]


def _reversed(start: int, path: Path) -> tuple[int, Path]:
    """The path in the other direction: its first station and its hops."""
    stations = [start, *(station for _, station, _ in path)]
    hops = [(segment, here, minutes) for (segment, _, minutes), here in zip(path, stations, strict=False)]
    return stations[-1], hops[::-1]


def _other(segment: Segment, hub: int) -> int:
    return segment.stations[-1] if hub == segment.stations[0] else segment.stations[0]
