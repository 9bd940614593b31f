"""How good decisions are: compared with what really happened. Pure; the readers are beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE
from zielzeit.events.structs import Decision

_GONE: Final = ("departed", "terminated")
_EXAMPLES: Final = 5


class TrueStop(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a train at a station. Instants are milliseconds since 1970 UTC, delays minutes."""

    station: str
    train: str
    """Category and number."""
    planned_wall: int
    """Planned departure, or arrival where none is planned, on Berlin's clocks: half of the identity."""
    kind: str
    """``departed``, ``terminated`` (also where a run ended short) or ``cancelled``."""
    planned: int
    """Of the event that counts: the departure, or the arrival where it terminated."""
    delay: int | None
    known_at: int
    """When it was last said whether the train runs; 0: from the start."""
    undecidable: str | None
    """Why no poller could have known, or None."""

    @property
    def id(self) -> str:
        """As ``verdicts.decision_id`` makes it."""
        planned = berlin_time.wall_datetime(self.planned_wall).isoformat(timespec="minutes")
        return f"{self.station}|{self.train}|{planned}"

    @property
    def left(self) -> int:
        """When it left, arrived or was to leave."""
        return self.planned + (self.delay or 0) * MINUTE


class Delays(msgspec.Struct):
    """Pairs of decided and true delay, minutes, for one rule or kind."""

    errors: list[int] = []
    """Decided − true, of the decision itself."""
    corrected: list[int] = []
    """The same after the last correction."""
    estimated: list[float] = []
    """The same of ``delay_estimate``."""


Finding = Literal[
    "found",
    "missed",
    "invented",
    "doubled",
    "cancelled, decided so",
    "cancelled after the decision",
    "revoked after the decision",
    "wrong where undecidable",
    "undecidable",
    "never shown",
]


class Comparison(msgspec.Struct):
    """Decisions beside the truth."""

    counts: dict[str, int]
    examples: dict[str, list[str]]
    delays: dict[str, Delays]
    """By ``all``, kind and rule."""
    waits: list[float]
    """Minutes from the true departure until the decision was known."""
    came_back: int
    """Trains that a board still showed after they were decided by silence: ``late`` records' ids."""


class Span(msgspec.Struct, frozen=True):
    """From a station's first board to its last, milliseconds."""

    first: int
    last: int


class Evaluation:
    """Gathers decisions, then compares. ``margin``: minutes before a recording's end that are not asked for."""

    def __init__(self, margin: int) -> None:
        self._margin = margin * MINUTE
        self._spans: dict[str, Span] = {}
        self._decided: defaultdict[str, list[Decision]] = defaultdict(list)
        self._shown: set[str] = set()
        self._late: set[str] = set()

    def see_board(self, station: str, at: int) -> None:
        """A board of a station, in order of time."""
        span = self._spans.get(station)
        self._spans[station] = Span(at, at) if span is None else Span(span.first, at)

    def see(self, decision: Decision) -> None:
        """A decision, in order; of a decider that tells every first sight."""
        self._shown.add(decision.id)
        if decision.kind == "late":
            self._late.add(decision.id)
        elif decision.kind != "planned":
            self._decided[decision.id].append(decision)

    def compare(self, truths: Iterable[TrueStop]) -> Comparison:
        """Every decided departure and every true one, once."""
        tally = _Tally()
        known: set[str] = set()
        covered: dict[str, Span] = {}
        for truth in truths:
            span = self._spans.get(truth.station)
            if span is None:
                continue
            known.add(truth.id)
            reach = covered.get(truth.station, Span(truth.planned, truth.planned))
            covered[truth.station] = Span(min(reach.first, truth.planned), max(reach.last, truth.planned))
            self._compare_one(truth, self._decided.get(truth.id, []), span, tally)
        for id_, decisions in self._decided.items():
            reach = covered.get(decisions[0].station, Span(1, 0))
            scheduled = berlin_time.milliseconds(decisions[0].scheduled)
            if id_ not in known and reach.first <= scheduled <= reach.last and _gone(decisions):
                tally.count("invented", f"{id_}: {_words(decisions)}; the truth knows no such train")
        return Comparison(tally.counts, tally.examples, tally.delays, tally.waits, len(self._late))

    def _compare_one(self, truth: TrueStop, decisions: list[Decision], span: Span, tally: _Tally) -> None:
        gone = _gone(decisions)
        asked = span.first <= truth.left <= span.last - self._margin
        if truth.undecidable:
            wrong = len(gone) > 1 or bool(gone) != (truth.kind in _GONE)
            if asked or gone:
                tally.count("undecidable", f"{truth.id}: {truth.undecidable}")
            if wrong and (asked or gone):
                tally.count("wrong where undecidable", f"{truth.id}: {truth.undecidable}; {_words(decisions)}")
            return
        if len(gone) > 1:
            tally.count("doubled", f"{truth.id}: {_words(decisions)}")
        if truth.kind not in _GONE:
            _compare_cancelled(truth, decisions, gone, tally)
        elif not asked:
            return
        elif gone:
            tally.count("found", truth.id)
            tally.measure(truth, gone[0], decisions[-1])
        elif _revoked_later(truth, decisions):
            tally.count("revoked after the decision", f"{truth.id}: {_words(decisions)}, true delay {truth.delay}")
        elif truth.id in self._shown:
            tally.count("missed", f"{truth.id}: {_words(decisions) or 'no decision'}, true delay {truth.delay}")
        else:
            tally.count("never shown", truth.id)


def _compare_cancelled(truth: TrueStop, decisions: list[Decision], gone: list[Decision], tally: _Tally) -> None:
    if gone and not decisions[-1].cancelled and truth.known_at <= berlin_time.milliseconds(gone[0].last_seen):
        tally.count("invented", f"{truth.id}: {_words(decisions)}; it was cancelled")
    elif gone:
        tally.count("cancelled after the decision", f"{truth.id}: {_words(decisions)}")
    elif decisions:
        tally.count("cancelled, decided so", f"{truth.id}: {_words(decisions)}")


def _revoked_later(truth: TrueStop, decisions: list[Decision]) -> bool:
    """Whether its cancellation was taken back only when no board showed it any more."""
    return (
        bool(decisions)
        and decisions[-1].cancelled
        and truth.known_at > berlin_time.milliseconds(decisions[-1].last_seen)
    )


class _Tally:
    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.examples: defaultdict[str, list[str]] = defaultdict(list)
        self.delays: defaultdict[str, Delays] = defaultdict(Delays)
        self.waits: list[float] = []

    def count(self, finding: Finding, example: str) -> None:
        self.counts[finding] = self.counts.get(finding, 0) + 1
        if len(self.examples[finding]) < _EXAMPLES:
            self.examples[finding].append(example)

    def measure(self, truth: TrueStop, decision: Decision, last: Decision) -> None:
        self.waits.append((berlin_time.milliseconds(decision.decided_at) - truth.left) / MINUTE)
        if decision.delay is None or truth.delay is None:
            return
        error = decision.delay - truth.delay
        for group in ("all", decision.kind, str(decision.rule)):
            delays = self.delays[group]
            delays.errors.append(error)
            delays.corrected.append(error if last.delay is None else last.delay - truth.delay)
            if decision.delay_estimate is not None:
                delays.estimated.append(decision.delay_estimate - truth.delay)
        if error and abs(error) >= 10:
            self.count_example(f"{decision.id}: delay {decision.delay} by {decision.rule}, truly {truth.delay}")

    def count_example(self, example: str) -> None:
        """An example without a count: a large error."""
        if len(self.examples["delay far off"]) < _EXAMPLES:
            self.examples["delay far off"].append(example)


def _gone(decisions: list[Decision]) -> list[Decision]:
    return [decision for decision in decisions if decision.kind in _GONE]


def _words(decisions: list[Decision]) -> str:
    return ", ".join(f"{d.kind} {d.decided_at:%H:%M} ({d.rule or 'a change'}, delay {d.delay})" for d in decisions)
