"""What boards still add to a delay that is told early: learnt from a recorded feed, checked on other hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from zielzeit.decision.decider import Decider
from zielzeit.decision.rules import Rules
from zielzeit.evaluation.comparison import TrueStop
from zielzeit.evaluation.early_truth import ToldDeparture, compare_early
from zielzeit.evaluation.rebuild_boards import rebuild
from zielzeit.model.early_correction import TENTHS, Distribution, expected, group_name

FEWEST: Final = 20
"""Different departures from which a group is learnt."""
EVERY: Final = 180
"""Seconds between two boards."""
_PHASES: Final = range(0, EVERY, 30)
"""Seconds by which the boards of a series come later than those of the first one, so that departures are seen at every
time after they left."""
_MINUTES: Final = (1, 2, 4)
"""Settings ``early_minutes`` with which departures are told."""


def teachers(
    feed: Path, station: str, begin: datetime, end: datetime, truth: Sequence[TrueStop]
) -> list[ToldDeparture]:
    """Return what boards rebuilt from a feed told early: those with ``past=1`` at many times, and default boards.

    A departure is there several times, because it is told otherwise at another time.
    """
    decider, found = Decider(Rules(), 0), []
    for later in _PHASES:
        first = begin + timedelta(seconds=later)
        past = list(rebuild(feed, station, first, end, every=EVERY, past=True))
        for minutes in _MINUTES:
            found += compare_early(past, truth, decider, minutes).departures
        default = rebuild(feed, station, first, end, every=EVERY, past=False)
        found += compare_early(default, truth, decider, max(_MINUTES)).departures
    return found


def group_of(one: ToldDeparture) -> str:
    """Return the group of departures that share what is still to be added to the delay shown."""
    told = one.first
    return group_name(starts_here=told.shown.starts_here, delay=one.shown, news=told.news, waited=told.waited)


def learn(departures: Iterable[ToldDeparture]) -> dict[str, Distribution]:
    """Return what had to be added to the delay shown, for each group with enough departures and anything to add.

    A departure may be there several times, as boards of other minutes showed it.
    """
    added: defaultdict[str, list[int]] = defaultdict(list)
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for one in departures:
        name = group_of(one)
        added[name].append(one.true - one.shown)
        ids[name].add(one.first.shown.id)
    learnt = {name: _tenths(values) for name, values in sorted(added.items()) if len(ids[name]) >= FEWEST}
    return {name: tenths for name, tenths in learnt.items() if any(tenths)}


def _tenths(values: Sequence[int]) -> Distribution:
    """Return the means of the ten equal parts of the values in order, so that their mean is the values'."""
    sums = np.concatenate([[0], np.cumsum(np.sort(values))])
    edges = np.interp(np.linspace(0, len(values), TENTHS + 1), np.arange(len(values) + 1), sums)
    return tuple(round(float(tenth)) for tenth in np.diff(edges) * TENTHS / len(values))


class DelaysUsed(msgspec.Struct, frozen=True):
    """Errors (told − true, minutes) of departures whose period taught nothing."""

    shown: list[int]
    """Of the delay shown."""
    used: list[int]
    """Of the delay that is expected."""
    decided: list[int]
    """Of the delay that was decided: nothing that is told before can be better."""


def held_out(departures: Sequence[ToldDeparture], teachers: Sequence[ToldDeparture]) -> DelaysUsed:
    """Return the errors of delays, with what the departures of all other periods taught."""
    off = DelaysUsed([], [], [])
    for period in sorted({one.period for one in departures}):
        learnt = learn(one for one in teachers if one.period != period)
        for one in departures:
            if one.period == period:
                off.shown.append(one.shown - one.true)
                off.used.append(one.shown + expected(learnt.get(group_of(one), (0,))) - one.true)
                off.decided.append(one.decided - one.true)
    return off
