"""Recordings that Hypothesis makes up: a few trains at one station, boards that show them well or badly."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from tests.decision.handmade import at, body, row
from tests.decision.stream import Arrival
from zielzeit.berlin_time import MINUTE

START = at("2026-03-10T22:30")
HERE = "A"


class Train:
    """What boards say of a train as time goes on; drawn from a seed, so that Hypothesis can shrink it."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.number, self.planned = str(seed), rng.randrange(0, 100)
        self.ends, self.realtime = rng.random() < 0.4, rng.random() < 0.9
        self.changes = sorted((rng.randrange(-30, 110), rng.choice((0, 0, 1, 3, 8, 25, -2, -200))) for _ in range(4))
        self.cancelled = sorted(rng.sample(range(0, 130), 2)) if rng.random() < 0.2 else [0, 0]
        self.hidden = sorted(rng.sample(range(0, 130), 2)) if rng.random() < 0.2 else [0, 0]
        self.unreadable = sorted(rng.sample(range(0, 130), 2)) if rng.random() < 0.2 else [0, 0]
        self.unknown = rng.choice(("trainNumber", "scheduledDeparture", "isCancelled"))
        self.shown_twice, self.has_wing = rng.random() < 0.15, rng.random() < 0.15

    def row(self, minute: int, *, past: bool) -> dict[str, Any] | None:
        """The train on the board of a minute, or None."""
        delay = [0, *(delay for since, delay in self.changes if since <= minute)][-1]
        leaves = self.planned + delay
        if self.hidden[0] <= minute < self.hidden[1] or leaves < minute - (60 if past else 0):
            return None
        time = f"{(22 * 60 + 30 + self.planned) // 60 % 24:02}:{(30 + self.planned) % 60:02}"
        cancelled = self.cancelled[0] <= minute < self.cancelled[1]
        where = {"departure": None, "arrival": time} if self.ends else {"departure": time}
        return row(self.number, delay=delay, cancelled=cancelled, realtime=self.realtime, **where)  # type: ignore[arg-type]

    def rows(self, minute: int, *, past: bool) -> list[dict[str, Any]]:
        """All rows of a minute's board that are about the train, well or badly."""
        shown = self.row(minute, past=past)
        if shown is None:
            return []
        if self.unreadable[0] <= minute < self.unreadable[1]:
            shown |= {self.unknown: []}
        rows = [shown]
        if self.shown_twice:
            rows.insert(minute % 2, shown | {"delayDeparture": 0, "delayArrival": 0, "missingRealtime": True})
        if self.has_wing and minute % 7:
            rows.insert(minute % 2, shown | {"destination": "Nebenan", "delayDeparture": minute % 3})
        return rows


@st.composite
def recordings(draw: st.DrawFn, name: str = HERE, *, at_least: int = 0) -> list[Arrival]:
    """Boards of one station over hours, every one to ten minutes, some of them broken or another station's.

    The more boards there must be, the more trains are seen leaving: by itself Hypothesis draws about five.
    """
    trains = [Train(seed) for seed in draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=8, unique=True))]
    past = draw(st.booleans())
    minute, boards = 0, []
    for step, fault in draw(
        st.lists(
            st.tuples(st.integers(1, 10), st.sampled_from(["", "", "", "", "broken", "other"])),
            min_size=at_least,
            max_size=40,
        )
    ):
        minute += step
        rows = [shown for train in trains for shown in train.rows(minute, past=past)]
        value = body(*rows)
        if fault == "broken":
            value = value[: len(value) // 2]
        elif fault == "other":
            value = body(*(r | {"trainNumber": f"9{r['trainNumber']}"} for r in rows))
        boards.append(Arrival(name, START + minute * MINUTE, value))
    return boards
