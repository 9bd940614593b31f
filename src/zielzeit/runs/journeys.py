"""How long a train's journeys take by plan, learnt from its earlier runs, and when that is forgotten. Pure."""

from __future__ import annotations

from typing import Final

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.features.statistics import KEPT_DAYS
from zielzeit.runs.train_state import NOT_DUE, TrainState

KEPT: Final = KEPT_DAYS * berlin_time.DAY * MINUTE
"""Milliseconds after its last arrival for which a train's journeys are remembered: as long as its delays are."""
_MOST: Final = 200
"""Number of journeys of a train; beyond it the one is forgotten that was not learnt for longest."""


def learn(train: TrainState, name: str, minutes: int, now: Milliseconds) -> None:
    """Note that a journey takes so many planned minutes; none takes less than one."""
    if minutes < 1:
        return
    train.journeys.pop(name, None)
    train.journeys[name] = minutes
    if len(train.journeys) > _MOST:
        del train.journeys[next(iter(train.journeys))]
    train.learnt_at = now
    train.sweep_at = train.sweep_at or Milliseconds(now + KEPT)


def forget(train: TrainState, now: Milliseconds) -> None:
    """Forget the journeys of a train that did not arrive for long, and set when to look again."""
    if train.learnt_at + KEPT <= now:
        train.journeys = {}
    if train.sweep_at <= now:  # not moved at each arrival: that would leave a timer behind each time
        train.sweep_at = Milliseconds(train.learnt_at + KEPT) if train.journeys else NOT_DUE
