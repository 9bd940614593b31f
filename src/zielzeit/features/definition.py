"""The one feature function: a departure, seen against what the network knew a minute before.

Four groups of numbers, a file each, in the order of ``FEATURES``. Minutes unless said otherwise; NaN is "unknown".
"""

from __future__ import annotations

import math

from zielzeit.compiled import compiled
from zielzeit.features.downstream import Ahead, ahead
from zielzeit.features.historical import Usual, usual
from zielzeit.features.network_tables import Keys, Minutes, Place, Tables
from zielzeit.features.own_run import Own, own
from zielzeit.features.recent import Lately, lately

FEATURES: tuple[str, ...] = (*Own._fields, *Usual._fields, *Ahead._fields, *Lately._fields)
"""Names of the features, in order."""


@compiled
def describe(
    tables: Tables,
    place: Place,
    minute: float,
    day: int,
    wall: int,
    category: float,
    holiday: float,
    delay: float,
    horizon: float,
    hops: Keys,
    stations: Keys,
    before: Minutes,
    out: Minutes,
) -> None:
    """Write the features of one departure to ``out``, in the order of ``FEATURES``: what was known before ``minute``.

    ``minute`` counts from 1970 UTC, ``day`` is its service day, ``wall`` the planned departure on Berlin's clocks, in
    minutes since 1970; ``hops`` and ``stations`` lead to the destination, which is last; ``before`` are the run's
    earlier delays, oldest first. An unknown horizon is taken from the shortest times seen on the hops.
    """
    left = len(hops)
    coming = ahead(tables, minute, day, hops, stations)
    known_horizon = coming.ahead_fastest if math.isnan(horizon) else horizon
    known = usual(tables, place, day, delay, known_horizon)
    slack = horizon - coming.ahead_fastest
    priors = (known.relation_growth, known.service_growth)
    last = lately(tables, place, minute, day, delay, hops[0], stations[left - 1], priors, slack)
    run = own(place.klass, wall, category, holiday, delay, known_horizon, left, before)
    at = 0
    for value in run:
        out[at] = value
        at += 1
    for value in known:
        out[at] = value
        at += 1
    for value in coming:
        out[at] = value
        at += 1
    for value in last:
        out[at] = value
        at += 1
