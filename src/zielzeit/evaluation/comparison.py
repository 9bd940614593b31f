"""Compare decisions with what really happened. Pure: no files; ``read_truth`` reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds, WallMinutes
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.events.structs import Decision

_GONE: Final = ("departed", "terminated")
_EXAMPLES: Final = 5


class TrueStop(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a train at a station. Instants are milliseconds since 1970 UTC, delays minutes."""

    station: str
    train: str
    """Category and number."""
    planned_wall: WallMinutes
    """Planned departure (arrival if the run ends here), wall minutes of Berlin; a part of the identity."""
    kind: str
    """``departed``, ``terminated`` (also where a run ended short) or ``cancelled``."""
    planned: Milliseconds
    """Planned time of the event that counts: of the departure, or of the arrival if the run terminated here."""
    delay: int | None
    known_at: Milliseconds
    """Time of the feed's last message about whether the train runs; 0: before the first board."""
    undecidable: str | None
    """Why no poller could have known what happened, or None."""

    @property
    def id(self) -> str:
        """The id of the decision about this stop, as ``zielzeit.decision`` makes it."""
        planned = berlin_time.wall_datetime(self.planned_wall).isoformat(timespec="minutes")
        return f"{self.station}|{self.train}|{planned}"

    @property
    def left(self) -> Milliseconds:
        """True departure or arrival; the planned one of a cancelled train."""
        return Milliseconds(self.planned + (self.delay or 0) * MINUTE)


class Delays(msgspec.Struct):
    """Errors of the delays of one rule or kind, minutes."""

    errors: list[int] = []
    """Decided delay − true delay."""
    corrected: list[int] = []
    """Delay after the last correction − true delay."""
    estimated: list[float] = []
    """``delay_estimate`` − true delay."""


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
    """Result of a comparison of decisions with the truth."""

    counts: dict[str, int]
    """Finding → number of trains."""
    examples: dict[str, list[str]]
    """Finding → a few trains, each in a sentence."""
    delays: dict[str, Delays]
    """Errors by group: ``all``, each kind, each rule."""
    waits: list[float]
    """Minutes from the true departure to the decision, one per train found."""
    came_back: int
    """Number of trains that a board showed again after their decision (ids of ``late`` records)."""


class Period(msgspec.Struct, frozen=True):
    """A period from its first to its last instant, milliseconds since 1970 UTC."""

    first: int
    last: int


class Evaluation:
    """Collects boards and decisions, then compares them with the truth.

    ``margin``: minutes before a recording's end in which departures are not expected to be decided.
    """

    def __init__(self, margin: int) -> None:
        self._margin = margin * MINUTE
        self._spans: dict[str, Period] = {}
        self._decided: defaultdict[str, list[Decision]] = defaultdict(list)
        self._shown: set[str] = set()
        self._late: set[str] = set()

    def see_board(self, station: str, at: int) -> None:
        """Note a board of a station; boards come in order of time."""
        span = self._spans.get(station)
        self._spans[station] = Period(at, at) if span is None else Period(span.first, at)

    def see(self, message: Decision | PlannedStop) -> None:
        """Take a decision or a planned stop, in order; the decider must report every planned stop."""
        self._shown.add(message.id)
        if isinstance(message, PlannedStop):
            return
        if message.kind == "late":
            self._late.add(message.id)
        else:
            self._decided[message.id].append(message)

    def compare(self, truths: Iterable[TrueStop]) -> Comparison:
        """Compare each decided and each true departure once."""
        statistics = _Statistics()
        known: set[str] = set()
        covered: dict[str, Period] = {}
        for truth in truths:
            span = self._spans.get(truth.station)
            if span is None:
                continue
            known.add(truth.id)
            reach = covered.get(truth.station, Period(truth.planned, truth.planned))
            covered[truth.station] = Period(min(reach.first, truth.planned), max(reach.last, truth.planned))
            self._compare_one(truth, self._decided.get(truth.id, []), span, statistics)
        for id_, decisions in self._decided.items():
            reach = covered.get(decisions[0].station, Period(1, 0))
            scheduled = berlin_time.milliseconds(decisions[0].scheduled)
            if id_ not in known and reach.first <= scheduled <= reach.last and _gone(decisions):
                statistics.count("invented", f"{id_}: {_words(decisions)}; no such train in the truth")
        return Comparison(statistics.counts, statistics.examples, statistics.delays, statistics.waits, len(self._late))

    def _compare_one(self, truth: TrueStop, decisions: list[Decision], span: Period, statistics: _Statistics) -> None:
        gone = _gone(decisions)
        asked = span.first <= truth.left <= span.last - self._margin
        if truth.undecidable:
            wrong = len(gone) > 1 or bool(gone) != (truth.kind in _GONE)
            if asked or gone:
                statistics.count("undecidable", f"{truth.id}: {truth.undecidable}")
            if wrong and (asked or gone):
                statistics.count("wrong where undecidable", f"{truth.id}: {truth.undecidable}; {_words(decisions)}")
            return
        if len(gone) > 1:
            statistics.count("doubled", f"{truth.id}: {_words(decisions)}")
        if truth.kind not in _GONE:
            _compare_cancelled(truth, decisions, gone, statistics)
        elif not asked:
            return
        elif gone:
            statistics.count("found", truth.id)
            statistics.measure(truth, gone[0], decisions[-1])
        elif _revoked_later(truth, decisions):
            statistics.count("revoked after the decision", f"{truth.id}: {_words(decisions)}, true delay {truth.delay}")
        elif truth.id in self._shown:
            statistics.count("missed", f"{truth.id}: {_words(decisions) or 'no decision'}, true delay {truth.delay}")
        else:
            statistics.count("never shown", truth.id)


def _compare_cancelled(
    truth: TrueStop, decisions: list[Decision], gone: list[Decision], statistics: _Statistics
) -> None:
    if gone and not decisions[-1].cancelled and truth.known_at <= berlin_time.milliseconds(gone[0].last_seen):
        statistics.count("invented", f"{truth.id}: {_words(decisions)}; it was cancelled")
    elif gone:
        statistics.count("cancelled after the decision", f"{truth.id}: {_words(decisions)}")
    elif decisions:
        statistics.count("cancelled, decided so", f"{truth.id}: {_words(decisions)}")


def _revoked_later(truth: TrueStop, decisions: list[Decision]) -> bool:
    """Return True if the cancellation was revoked only after the last board that showed the train."""
    return (
        bool(decisions)
        and decisions[-1].cancelled
        and truth.known_at > berlin_time.milliseconds(decisions[-1].last_seen)
    )


class _Statistics:
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
        """Note an example of a delay that is far off, without counting it."""
        if len(self.examples["delay far off"]) < _EXAMPLES:
            self.examples["delay far off"].append(example)


def _gone(decisions: list[Decision]) -> list[Decision]:
    return [decision for decision in decisions if decision.kind in _GONE]


def _words(decisions: list[Decision]) -> str:
    return ", ".join(f"{d.kind} {d.decided_at:%H:%M} ({d.rule or 'a change'}, delay {d.delay})" for d in decisions)
