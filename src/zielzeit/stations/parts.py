"""Which stations are parts of one: "tief", "(S)", "Gl. 5-10", the stop of replacement buses in front of the door.

The source names a superior station for each stop, but often a neighbour of its own: Boppard Süd is not a part of
Boppard Hbf, and a train that ends at the one has not arrived at the other. Names and positions decide.
"""

from __future__ import annotations

from math import cos, hypot, radians

import msgspec

from zielzeit.stations.spelling import comparable

_KM_OF_A_DEGREE = 111.2
_MARKS = frozenset(["hbf", "bf", "tief", "s", "u", "s1", "s2", "gl", "bahnsteig", "sev", "bus", "gleis"])
"""Words that tell parts of one station apart, or are no part of its name."""
_NEXT_DOOR = 0.25
_ON_FOOT = 0.5
_FAR_END = 1.5


class Place(msgspec.Struct, frozen=True):
    """A station with its position.

    Parameters
    ----------
    name
        The name on boards.
    latitude, longitude
        Degrees (WGS 84).
    register_number
        Number in the railway's station register, or None; two numbers are two stations of their own.
    """

    name: str
    latitude: float
    longitude: float
    register_number: str | None = None


def distance(one: Place, other: Place) -> float:
    """Distance in kilometres, good to a percent for neighbours."""
    middle = cos(radians((one.latitude + other.latitude) / 2))
    return _KM_OF_A_DEGREE * hypot(one.latitude - other.latitude, (one.longitude - other.longitude) * middle)


def is_part(part: Place, whole: Place) -> bool:
    """Return True if ``part``, of which the source says that it belongs to ``whole``, is a part of it.

    So it is with the same name but for marks such as "tief" or "Gl. 5-10" (up to 1.5 km apart), with a longer name (up
    to 500 m), or next door (250 m); with a number of its own in the station register only by the name.
    """
    apart = distance(part, whole)
    mine, theirs = _words(part.name), _words(whole.name)
    if mine == theirs:
        return apart < _FAR_END
    numbers = {part.register_number, whole.register_number} - {None}
    if len(numbers) > 1:
        return False
    return apart < _NEXT_DOOR or (theirs <= mine and apart < _ON_FOOT)


def _words(name: str) -> frozenset[str]:
    return frozenset(word for word in comparable(name).split() if word not in _MARKS and not word.isdecimal())
