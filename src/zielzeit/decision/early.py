"""Which departures are believed to have left, told before they are decided: early, revised, retracted. Pure, no Flink.

``EarlyDepartures`` looks at a station's trains after each board that arrived, and at what is decided for good. It reads
the decision's state and never changes it, so early records cannot influence decisions. What was told is kept apart, in
``ToldTrains``, and is never taken back when boards are folded again in another order: each id and revision is told once
at most. Which values are told may depend on the order in which boards arrive.

* early: a board shows a row whose believed departure lies ``minutes`` behind it; or the first believable board lacks a
  row whose time has come; or the departure is decided at once, because no board came in between.
* revised: before the decision the delay shown moves by ``REVISED_FROM`` minutes or more.
* retracted: it is decided that the train did not leave. Nothing more is told of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, cast

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision import event, silence
from zielzeit.decision.arrival import Arrival, EarlyStep
from zielzeit.decision.decider import Decider, Output
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.state import Entry, StationState
from zielzeit.decision.transition import Transition
from zielzeit.events.structs import Decision, DidNotLeave, Stage

REVISED_FROM: Final = 3
"""Minutes by which the delay shown must move for a revision."""
_SHOWN_AT_MOST: Final = 24 * 60 * MINUTE
"""Milliseconds after its believed departure at which no board shows a train any more."""
_FINAL: Final = ("departed", "cancelled", "withdrawn", "undecided", "terminated")
"""Kinds of decisions. After all but ``departed`` what was told is retracted; ``terminated``: the run was cut short."""

News = Literal["posted", "awaited", "gone"]
"""What a board says of the delay that it shows. ``posted``: it was first shown when the train had left by it, so it is
mostly the true one; ``awaited``: it was shown before, as a forecast; ``gone``: the board lacks the row."""


class Told(msgspec.Struct, array_like=True, gc=False):
    """What was told of one train."""

    id: str
    """Id of the decision to come."""
    delay: int
    """Delay told last, minutes."""
    revision: int
    """Number of the last record."""
    at: Milliseconds
    """``polled_at`` of the board by which it was first told."""
    forget_at: Milliseconds
    """When no board can show the train any more."""
    retracted: bool = False


class ToldTrains(msgspec.Struct):
    """What was told of a station's trains that are not decided yet, and of those that were retracted."""

    trains: dict[str, Told] = {}
    """By identity of the train at the station; those that were told with their decision by id."""


class EarlyDeparture(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="early"):
    """A departure that is told before its decision: message from ``decide`` to ``follow``. It never leaves the job."""

    shown: Decision
    """The decision that would be made of the report that counts now; of a retraction the decision itself. ``id`` is
    that of the decision to come, ``decided_at`` the ``polled_at`` of the board."""
    stage: Stage
    revision: int
    """Number of earlier records of this id."""
    reason: DidNotLeave | None = None
    """Kind of the decision that retracts it; None if it is not retracted."""
    waited: float = 0.0
    """Minutes from the believed departure to the board."""
    news: News = "posted"


class _Kind(msgspec.Struct):
    kind: str


encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(EarlyDeparture).decode
_decode_kind = msgspec.msgpack.Decoder(_Kind).decode
_decode_told = msgspec.msgpack.Decoder(ToldTrains).decode


def decode_early(message: bytes) -> EarlyDeparture | None:
    """Return an early departure out of what ``encode`` made; None if it is a decision or a planned stop."""
    return _decode(message) if _decode_kind(message).kind == "early" else None


class EarlyDepartures:
    """A ``zielzeit.decision.arrival.EarlySight``.

    Parameters: ``decider`` decides the stations; ``minutes`` is the setting ``early_minutes``, at least 1.
    """

    def __init__(self, decider: Decider, minutes: int) -> None:
        self._grace = decider.grace * MINUTE
        self._max_silence = decider.rules.max_silence * MINUTE
        self._minutes = minutes * MINUTE

    def new(self) -> ToldTrains:
        """Return what was told of a new station: nothing."""
        return ToldTrains()

    def encode(self, told: ToldTrains) -> bytes:
        """Return the stored form; empty where there is nothing to keep."""
        return encode(told) if told.trains else b""

    def decode(self, kept: bytes) -> ToldTrains:
        """Return what ``encode`` stored."""
        return _decode_told(kept)

    def on_arrival(self, seen: Arrival, told: ToldTrains) -> EarlyStep:
        """Tell what is new after a board that arrived; nothing if it was not believed or nothing has changed."""
        found = [*self._decided_at_once(seen, told), *self._believed(seen.here, seen.station, told)]
        old = [id_ for id_, train in told.trains.items() if train.forget_at < seen.polled_at]
        for id_ in old:
            del told.trains[id_]
        return EarlyStep(found, bool(found or old))

    def on_turn(self, outputs: Sequence[Output], told: ToldTrains) -> EarlyStep:
        """Take what is decided for good: departures are told no more, those that did not leave are retracted."""
        found, changed = [], False
        decided = [one for one in outputs if isinstance(one, Decision) and one.kind in _FINAL]
        if not decided or not told.trains:  # as after most boards
            return EarlyStep()
        keys = {train.id: key for key, train in told.trains.items()}
        for decision in decided:
            key = keys.get(decision.id)
            if key is None:
                continue
            train = told.trains[key]
            if decision.kind == "departed":
                del told.trains[key]  # stored with the next change: what is told already is not told again for it
            elif not train.retracted and train.at + self._grace <= berlin_time.milliseconds(decision.decided_at):
                train.retracted, train.revision, changed = True, train.revision + 1, True
                found.append(_record(decision, "retracted", train.revision))
        return EarlyStep(found, changed)

    def _decided_at_once(self, seen: Arrival, told: ToldTrains) -> Iterator[EarlyDeparture]:
        """Yield the departures that this board decides and that no earlier one told."""
        departed = [one for one in seen.outputs if isinstance(one, Decision) and one.kind == "departed"]
        if not departed:  # as after most boards
            return
        known = {train.id for train in told.trains.values()}
        for decision in departed:
            if decision.id not in known:
                scheduled, delay = berlin_time.milliseconds(decision.scheduled), decision.delay or 0
                told.trains[decision.id] = Told(decision.id, delay, 0, seen.polled_at, _forget_at(scheduled, delay))
                shown = msgspec.structs.replace(decision, decided_at=berlin_time.datetime_of(seen.polled_at))
                yield _record(shown, "early", 0)

    def _believed(self, here: OwnStation, station: StationState, told: ToldTrains) -> Iterator[EarlyDeparture]:
        """Yield the open trains that the newest board believes to have left, and those whose delay has moved since."""
        now = station.last_board
        for key, entry in station.entries.items():
            if entry.kind or (entry.planned > now and entry.delay >= 0):  # nearly every train
                continue
            if not _may_be_told(entry) or key in station.lost:
                continue
            known = told.trains.get(key)
            if known is None:
                if not self._is_believed_gone(entry, now):
                    continue
                id_ = event.decision_id(here.key, entry.row, entry.planned_wall, entry.wing)
                if id_ in told.trains:  # told with a decision that an earlier board has undone
                    continue
                known = told.trains[key] = Told(id_, entry.delay, 0, now, _forget_at(entry.planned, entry.delay))
                stage: Stage = "early"
            elif not known.retracted and abs(entry.delay - known.delay) >= REVISED_FROM:
                known.delay, known.revision, stage = entry.delay, known.revision + 1, "revised"
            else:
                continue
            yield _record(_shown(here, key, entry, now), stage, known.revision, news=_news(entry, now))

    def _is_believed_gone(self, entry: Entry, now: Milliseconds) -> bool:
        """Return True if the newest board believes that a train has left, or is the first to lack it in its time."""
        if entry.last_seen == now:
            return entry.believed + self._minutes <= now and entry.earliest <= now
        return (
            bool(entry.first_missing)
            and entry.expected <= now
            and entry.outdated_at != entry.last_seen
            and silence.kind(entry, self._max_silence) == "departed"
        )


def _may_be_told(entry: Entry) -> bool:
    return not (entry.ends or entry.cancelled or entry.uncertain) and entry.confirmed


def _forget_at(planned: Milliseconds, delay: int) -> Milliseconds:
    return Milliseconds(planned + max(0, delay) * MINUTE + _SHOWN_AT_MOST)


def _shown(here: OwnStation, key: str, entry: Entry, at: Milliseconds) -> Decision:
    """Return the decision that would be made now."""
    return cast(Decision, event.event(here, Transition("departed", key, entry, at), 0))


def _news(entry: Entry, now: Milliseconds) -> News:
    if entry.last_seen < now:
        return "gone"
    return "posted" if entry.since >= entry.believed else "awaited"


def _record(shown: Decision, stage: Stage, revision: int, *, news: News = "posted") -> EarlyDeparture:
    left = berlin_time.milliseconds(shown.scheduled) + (shown.delay or 0) * MINUTE
    return EarlyDeparture(
        shown=shown,
        stage=stage,
        revision=revision,
        reason=shown.kind if stage == "retracted" else None,  # type: ignore[arg-type]
        waited=(berlin_time.milliseconds(shown.decided_at) - left) / MINUTE,
        news=news,
    )
