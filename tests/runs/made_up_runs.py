"""Made-up runs with their truth, and what the boards of some of their stations say: Hypothesis strategies.

A run's route is a line, a ring, a loop that ends where it has been, or a line that calls at one station twice; it takes
up to fifteen hours with few stops or many. It may be cut short, extended, or leave out a stop, and boards say so from
some stop on. The same number runs on several days, or twice in a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from tests.features.railway import START
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.events.structs import Decision, Status

KINDS = ("line", "line", "ring", "loop", "twice")
LONGEST = 15 * 60
"""Minutes that a run takes, at most."""


class Truth(NamedTuple):
    """What became of a departure at the destination that its board showed."""

    status: Status
    delay: int | None
    certain: bool
    """True if the watched boards say enough to know it."""


class Told(NamedTuple):
    """What boards say, and what is true, by the departure's id."""

    decisions: list[Decision | PlannedStop]
    truth: dict[str, Truth]


class Change(NamedTuple):
    """What happens to a run on its way."""

    kind: str
    """``cut``: it ends at ``place``; ``extended``: it goes on to one more station; ``left-out``: it does not call at
    ``place``; ``none``."""
    place: int
    known_from: int
    """Place of the first stop whose board knows it."""


class Plan(NamedTuple):
    """A run as planned: its stops and their minutes after its start."""

    route: tuple[str, ...]
    minutes: tuple[int, ...]
    day: int
    start: datetime


@st.composite
def routes(draw: st.DrawFn, kinds: Sequence[str]) -> tuple[str, ...]:
    """Routes of some kinds."""
    line = tuple("ABCDEFG"[: draw(st.integers(3, 7))])
    shape = draw(st.sampled_from(kinds))
    if shape == "ring":
        return (*line, "A")
    inner = line[draw(st.integers(0, len(line) - 3)) + 1]
    if shape == "loop":
        return (*line, inner)
    return (*line[:-1], inner, line[-1]) if shape == "twice" and inner != line[-2] else line


@st.composite
def told(draw: st.DrawFn, *, kinds: Sequence[str] = KINDS, apart_hours: int = 24) -> Told:
    """Up to three runs of one number on one route, ``apart_hours`` apart, as the boards of some stations show them."""
    route = draw(routes(kinds))
    hops = [draw(st.sampled_from([3, 20, 60, 250, 400])) for _ in route[1:]]
    while sum(hops) > LONGEST:
        hops[hops.index(max(hops))] = 20
    minutes = tuple(sum(hops[:place]) for place in range(len(route)))
    watched = draw(st.sets(st.sampled_from(sorted({*route, "Z"})), min_size=1))
    decisions: list[Decision | PlannedStop] = []
    truth: dict[str, Truth] = {}
    for day in range(draw(st.integers(1, 3))):
        plan = Plan(route, minutes, day, START + timedelta(hours=apart_hours * day))
        kind = draw(st.sampled_from(["none", "none", "cut", "extended", "left-out"]))
        place = draw(st.integers(1, len(route) - 2))
        change = Change(kind, place, draw(st.integers(0, place)))
        delays = [draw(st.integers(0, 30)) for _ in range(len(route) + 1)]
        said = _run(plan, change, delays, watched)
        decisions += said.decisions
        truth |= said.truth
    return Told(decisions, truth)


@st.composite
def told_parts(draw: st.DrawFn) -> Told:
    """A train whose two parts, under one number, leave together and part on their way to two ends."""
    common = tuple("ABC"[: draw(st.integers(1, 3))])
    branches = [tuple(names[: draw(st.integers(1, 3))]) for names in ("KLM", "PQR")]
    watched = draw(st.sets(st.sampled_from([*common, *branches[0], *branches[1]]), min_size=1))
    on_common = [draw(st.integers(0, 30)) for _ in common]
    decisions: list[Decision | PlannedStop] = []
    truth: dict[str, Truth] = {}
    for branch in branches:
        route = common + branch
        hop = draw(st.sampled_from([3, 20, 250]))
        minutes = tuple(20 * min(place, len(common)) + hop * max(0, place - len(common)) for place in range(len(route)))
        kind = draw(st.sampled_from(["none", "cut"])) if len(branch) > 1 else "none"
        change = Change(kind, len(common), draw(st.integers(0, len(common))))
        delays = on_common + [draw(st.integers(0, 30)) for _ in range(len(branch) + 1)]
        said = _run(Plan(route, minutes, 0, START), change, delays, watched)
        for one in said.decisions:
            part = f"{one.id}|{branch[-1]}" if one.station in common else one.id
            decisions.append(msgspec.structs.replace(one, id=part))
        truth |= {f"{name}|{branch[-1]}" if name[0] in common else name: was for name, was in said.truth.items()}
    return Told(decisions, truth)


def _run(plan: Plan, change: Change, delays: list[int], watched: set[str]) -> Told:
    """One run: the decision at each watched stop, and the truth of each departure."""
    cut, extended, left_out = (change.kind == kind for kind in ("cut", "extended", "left-out"))
    route = (*plan.route, "Z") if extended else plan.route
    minutes = (*plan.minutes, plan.minutes[-1] + 25)
    end = change.place if cut else len(route) - 1
    served = [place for place in range(end + 1) if not (left_out and place == change.place)]
    decisions: list[Decision | PlannedStop] = []
    truth: dict[str, Truth] = {}
    for place, station in enumerate(route):
        if station not in watched:
            continue
        known = change.kind != "none" and place >= change.known_from
        shown = range(len(route if known else plan.route))
        on = [at for at in shown if at in served or not known]
        ahead = tuple(route[at] for at in on if at > place)
        one = _decision(plan, station, minutes[place], delays[place])
        one = msgspec.structs.replace(
            one,
            kind="cancelled" if place not in served else "departed" if ahead else "terminated",
            cancelled=place not in served,
            destination=route[max(on)] if known and place in served else route[shown[-1]],
            starts_here=place == 0,
            ends_here=not ahead,
            route_ahead=ahead,
            route_behind=tuple(route[at] for at in on if at < place),
            cancelled_ahead=tuple(route[at] for at in shown if at > place and at not in on),
            arrival_delay=delays[place] if place and place in served else None,
        )
        if one.ends_here or place == len(plan.route) - 1:
            decisions.append(_planned(one))
        decisions.append(one)
        if one.kind == "departed":
            aim = max(on)
            reached = aim in served
            # A station whose two calls differ in this cannot be told apart by its name.
            seen = route[aim] in watched or (cut and route[end] in watched)
            certain = seen and (reached or plan.route.count(route[end]) == plan.route.count(route[aim]) == 1)
            truth[one.id] = Truth("arrived" if reached else "cancelled", delays[aim] if reached else None, certain)
    return Told(decisions, truth)


def _decision(plan: Plan, station: str, minute: int, delay: int) -> Decision:
    scheduled = plan.start + timedelta(minutes=minute)
    known = scheduled + timedelta(minutes=delay + 13)
    return Decision(
        id=f"{station}|RE 4711|{scheduled:%Y-%m-%dT%H:%M}",
        kind="departed",
        station=station,
        train="RE 7",
        category="RE",
        number="4711",
        line="7",
        destination=station,
        scheduled=scheduled,
        delay=delay,
        cancelled=False,
        realtime=True,
        last_seen=scheduled,
        first_missing=None,
        decided_at=known,
        rule="settled",
        platform="1",
        starts_here=False,
        ends_here=False,
        route_ahead=(),
    )


def _planned(one: Decision) -> PlannedStop:
    """The first sight of a stop, three hours before its planned time, with the route that is known by then or later."""
    fields = {name: getattr(one, name) for name in PlannedStop.__struct_fields__}
    return PlannedStop(**fields | {"decided_at": one.scheduled - timedelta(hours=3)})
