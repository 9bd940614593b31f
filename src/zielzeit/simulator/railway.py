"""The types of the simulated railway: stations, segments, lines, patterns, trips."""

from __future__ import annotations

from functools import cached_property

import msgspec


class SimulatedStation(msgspec.Struct, frozen=True):
    """A station. ``index`` is its place in ``Network.stations``, where the largest come first."""

    index: int
    name: str
    eva: int
    ds100: str
    platforms: int


class Segment(msgspec.Struct, frozen=True):
    """A stretch of track: between two hubs, or from a hub to the end of a branch."""

    index: int
    stations: tuple[int, ...]
    minutes: tuple[int, ...]
    """Running time of an all-stops train on each hop, minutes; one fewer than stations."""
    ends_in_hub: bool


class Pattern(msgspec.Struct, frozen=True):
    """One direction of a line. Offsets are minutes after the departure from the first stop."""

    stops: tuple[int, ...]
    arrivals: tuple[int, ...]
    departures: tuple[int, ...]
    segments: tuple[int, ...]
    """Segment of the hop that ends at each stop; -1 for the first."""
    platforms: tuple[str, ...]


class Trip(msgspec.Struct, frozen=True):
    """A train of the timetable; it runs every day. ``start``: wall-clock minutes after 00:00 of its service day."""

    index: int
    """Place in the line's list of trips, which is in order of departure."""
    pattern: int
    start: int
    number: str
    previous: int | None
    """Index of the previous trip of the same vehicles, which passes on its delay; None for the first."""


class Line(msgspec.Struct, frozen=True):
    """A line with its two directions."""

    index: int
    category: str
    name: str
    """Name on the board after the category (``7``, or ``RE7`` in the newer style); empty for long-distance trains."""
    classes: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    trips: tuple[Trip, ...]

    def label(self, trip: Trip) -> str:
        """Text of a board's field ``train``."""
        return f"{self.category} {self.name or trip.number}"


class Network(msgspec.Struct, frozen=True, dict=True):
    """A whole railway. Equal seeds and station counts give equal networks."""

    seed: int
    stations: tuple[SimulatedStation, ...]
    segments: tuple[Segment, ...]
    lines: tuple[Line, ...]

    @cached_property
    def lines_at(self) -> tuple[tuple[int, ...], ...]:
        """For each station, the indexes of the lines that call there."""
        found: list[set[int]] = [set() for _ in self.stations]
        for line in self.lines:
            for pattern in line.patterns:
                for stop in pattern.stops:
                    found[stop].add(line.index)
        return tuple(tuple(sorted(lines)) for lines in found)
