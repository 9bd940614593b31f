"""The network's departures in event-time order: described, scored, and then observed. Pure but for the model.

The operator (``udfs/score.py``) and the tests drive a ``ScoringProcess``: they hand in its state, tell it of messages
and of timers, and register the timers that it asks for.

The order is the contract of ``zielzeit.features.network_state``: a departure is described by what was known before its
minute, so a minute's messages are observed only when a later minute begins. State is a daily snapshot of the network
and the log of the messages since, so that a restart rebuilds exactly what was known.

All times are event time in milliseconds since 1970 UTC, unless a name says minutes.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import NamedTuple

import msgspec

from zielzeit import berlin_time, service_days
from zielzeit.berlin_time import MINUTE
from zielzeit.features.initial_state import network_at
from zielzeit.features.network_state import NetworkState
from zielzeit.model.predict import PendingPrediction, ServedModel, forecast, moment, observe
from zielzeit.runs.event_time_buffer import EventTimeBuffer
from zielzeit.runs.tracker import Departure, Ending, Message
from zielzeit.stored_value import StoredValue

_decode_waiting = msgspec.msgpack.Decoder(tuple[str, bytes]).decode
_decode = msgspec.msgpack.Decoder(Message).decode
_decode_log = msgspec.msgpack.Decoder(list[Message]).decode
_encode = msgspec.msgpack.Encoder().encode


class Snapshot(msgspec.Struct, array_like=True):
    """The network at the end of a service day, or when the job began; empty before that."""

    network: bytes = b""
    day: int = 0


class ScoringStep(NamedTuple):
    """What an instant leads to, each with the key of its run."""

    scored: list[tuple[str, PendingPrediction]]
    endings: list[tuple[str, Ending]]


class ScoringProcess:
    """Describes and scores each departure, and keeps the network's state up to date.

    Parameters: ``waiting`` holds the messages that wait, by their time; ``snapshot`` and ``log`` (by time) are what a
    restart begins with; ``served`` returns the model in use.
    """

    def __init__(
        self,
        waiting: MutableMapping[int, bytes],
        snapshot: StoredValue[Snapshot],
        log: MutableMapping[int, bytes],
        served: Callable[[], ServedModel],
    ) -> None:
        self._waiting = EventTimeBuffer(waiting)
        self._snapshot = snapshot
        self._log = log
        self._served = served
        self._network: NetworkState | None = None
        self._minute = self._day = 0
        self._unobserved: list[Message] = []
        """Messages of the present minute."""

    def on_message(self, at: int, run_key: str, message: bytes) -> int | None:
        """A message of a run (msgpack) arrives and waits for its turn; return the timer to register, if any."""
        return self._waiting.add(at, _encode((run_key, message)))

    def on_time(self, now: int) -> ScoringStep:
        """A timer fires: all messages of an instant have arrived."""
        messages = [(key, _decode(message)) for key, message in map(_decode_waiting, self._waiting.take(now))]
        network = self._up_to_date(now // MINUTE)
        departures = [(key, message) for key, message in messages if isinstance(message, Departure)]
        scored = forecast([departure for _, departure in departures], network, self._served())
        self._unobserved.extend(message for _, message in messages)
        self._log[now] = _encode([message for _, message in messages])
        return ScoringStep(
            [(key, one) for (key, _), one in zip(departures, scored, strict=True)],
            [(key, message) for key, message in messages if isinstance(message, Ending)],
        )

    def _up_to_date(self, minute: int) -> NetworkState:
        """The network with everything observed before a minute (since 1970 UTC)."""
        if self._network is None:
            self._network = self._rebuild(minute)
        elif self._minute < minute:
            observe(self._unobserved, moment(self._minute * MINUTE), self._network)
            self._unobserved = []
        self._minute = minute
        self._close_day(self._network)
        return self._network

    def _rebuild(self, minute: int) -> NetworkState:
        """After a start: the snapshot and everything logged since; the very first start takes the model's network."""
        snapshot = self._snapshot.load()
        if snapshot.network:
            network = NetworkState.from_bytes(snapshot.network)
        else:  # a snapshot follows at once, so that a restart does not depend on which model serves then
            network = network_at(minute, self._served().network)
        for past in sorted(self._log):
            messages = _decode_log(self._log[past])
            if past // MINUTE < minute:
                observe(messages, moment(past), network)
            else:
                self._unobserved.extend(messages)
        return network

    def _close_day(self, network: NetworkState) -> None:
        """With a new service day take a new snapshot, and let the log begin anew."""
        day = service_days.service_day(berlin_time.wall_minutes(moment(self._minute * MINUTE)))
        if day != self._day and day != self._snapshot.load().day:
            for past in [at for at in self._log if at < self._minute * MINUTE]:
                del self._log[past]
            self._snapshot.store(Snapshot(network.to_bytes(), day))
        self._day = day
