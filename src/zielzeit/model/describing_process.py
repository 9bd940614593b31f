"""The network's departures in event-time order: described, and then observed. Pure.

The operator (``udfs/describe.py``) and the tests drive a ``DescribingProcess``: they hand in its state, tell it of
messages and of timers, and register the timers that it asks for.

The order is the contract of ``zielzeit.features.network_state``: a departure is described by what was known before its
minute, so a minute's messages are observed only when a later minute begins. State is a daily snapshot of the network
and the log of the messages since, so that a restart rebuilds exactly what was known.

There is one such process for the whole network, so it does nothing that could be done by run: neither model nor JSON.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from zielzeit import berlin_time, service_days
from zielzeit.berlin_time import Milliseconds, ServiceDay, UtcMinutes
from zielzeit.features.initial_state import network_at
from zielzeit.features.key_names import StationKey
from zielzeit.features.network_state import NetworkState
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder
from zielzeit.model.described import OfRun
from zielzeit.model.early_buffer import HeldEarly
from zielzeit.model.predict import describe, observe
from zielzeit.model.predict_early import describe_early
from zielzeit.runs.event_time_buffer import EventTimeBuffer, Waiting
from zielzeit.runs.messages import Departure, EarlyMessage, Ending, Message, decode_message
from zielzeit.stored_value import StoredValue

_decode_log = msgspec.msgpack.Decoder(list[Message]).decode
_encode = msgspec.msgpack.Encoder().encode
_MINUTE: Final = 60
"""Seconds."""
_MOST: Final = 1_000
"""Departures and endings that are told in one step, unless one instant has more."""


class Snapshot(msgspec.Struct, array_like=True):
    """The network at the end of a service day, or when the job began; empty before that."""

    network: bytes = b""
    day: ServiceDay = ServiceDay(0)


class DescribingStep(NamedTuple):
    """What a timer leads to."""

    told: Sequence[OfRun]
    """Departures with their features, and endings, in order of time."""
    register: Milliseconds | None
    """When to call ``on_time``: a timer to register."""


class DescribingProcess:
    """Describes each departure, and keeps the network's state up to date.

    Parameters: ``waiting`` holds the messages that wait (``EventTimeBuffer``); ``snapshot`` and ``log`` (by time) are
    what a restart begins with, ``first_network`` what the very first start does: the file of ``ServedModel.network``;
    ``station_key``: as of ``NetworkState``; ``recorder`` counts what is described.
    """

    def __init__(
        self,
        waiting: MutableMapping[int, bytes],
        snapshot: StoredValue[Snapshot],
        log: MutableMapping[Milliseconds, bytes],
        first_network: Callable[[], Path | None],
        station_key: StationKey | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._waiting = EventTimeBuffer(waiting)
        self._snapshot = snapshot
        self._log = log
        self._first_network = first_network
        self._station_key = station_key
        self._recorder = recorder
        self._network: NetworkState | None = None
        self._preview: NetworkState | None = None
        """The network for early predictions before the first message of a job or a restart had its turn."""
        self._minute, self._day = UtcMinutes(0), ServiceDay(0)
        self._logged_at = Milliseconds(0)
        self._unobserved: list[Message] = []
        """Messages of the present minute."""
        self._unlogged: list[Message] = []
        """Those of them that this step has not stored yet."""
        self._timer: Milliseconds | None = None
        """The earliest timer that surely is registered."""

    def on_messages(self, messages: Sequence[Waiting]) -> Milliseconds | None:
        """Messages of runs arrive, and wait for their turn; return the timer to register, if any."""
        self._waiting.add(messages)
        return self._next_timer()

    def on_early(self, held: Sequence[HeldEarly]) -> list[OfRun]:
        """Departures are told before they are decided: describe them by what is known now. Learns nothing."""
        if not held:
            return []
        messages = [one.message for one in held]
        if self._recorder is not None:
            for early in messages:
                _count_early(early, self._recorder)
        described = describe_early(messages, self._network or self._as_it_was(messages[0]))
        return [OfRun(one.train, one.at, early) for one, early in zip(held, described, strict=True)]

    def on_time(self, watermark: Milliseconds) -> DescribingStep:
        """A timer fires: all messages up to the watermark have arrived."""
        if self._timer is not None and self._timer <= watermark:
            self._timer = None
        told: list[OfRun] = []
        while (now := self._waiting.earliest()) is not None and now <= watermark and len(told) < _MOST:
            told += self._take_turn(now)
        self._waiting.store()
        self._store_log()
        return DescribingStep(told, self._next_timer())

    def _take_turn(self, now: Milliseconds) -> list[OfRun]:
        """Messages of an instant have their turn."""
        network = self._up_to_date(berlin_time.utc_minutes(now))
        messages = list(map(decode_message, self._waiting.take(now)))
        departures = [(train, message) for _, train, message in messages if isinstance(message, Departure)]
        described = describe([departure for _, departure in departures], network, self._recorder)
        told = [OfRun(train, now, one) for (train, _), one in zip(departures, described, strict=True)]
        told += [OfRun(train, now, message) for _, train, message in messages if isinstance(message, Ending)]
        happened = [message for _, _, message in messages]
        self._unobserved += happened
        self._unlogged += happened
        self._logged_at = now
        return told

    def _store_log(self) -> None:
        """Store what happened in the present minute, as far as it is not stored."""
        if self._unlogged:
            self._log[self._logged_at] = _encode(self._unlogged)
            self._unlogged = []

    def _next_timer(self) -> Milliseconds | None:
        """Return the timer to register; None if there is one that is as early, or nothing waits."""
        wanted = self._waiting.earliest()
        if wanted is None or (self._timer is not None and self._timer <= wanted):
            return None
        self._timer = wanted
        return wanted

    def _up_to_date(self, minute: UtcMinutes) -> NetworkState:
        """Return the network with everything observed before a minute."""
        if self._network is None:
            self._network, self._preview = self._rebuild(minute), None
        elif self._minute < minute:
            self._store_log()
            observe(self._unobserved, self._present(), self._network)
            self._unobserved = []
        self._minute = minute
        self._close_day(self._network)
        return self._network

    def _as_it_was(self, early: EarlyMessage) -> NetworkState:
        """Return the network before the first message has its turn; it is not the one that goes on."""
        if self._preview is None:
            at = berlin_time.utc_minutes(
                max(self._log, default=berlin_time.milliseconds(early.departure.seen.decided_at))
            )
            unobserved, self._unobserved = self._unobserved, []  # the preview must not add to them
            self._preview = self._rebuild(at)
            self._unobserved = unobserved
        return self._preview

    def _rebuild(self, minute: UtcMinutes) -> NetworkState:
        """Return the snapshot with everything logged since; at the very first start the network of the model."""
        snapshot = self._snapshot.load()
        if snapshot.network:
            network = NetworkState.from_bytes(snapshot.network, self._station_key)
        else:  # a snapshot follows at once, so that a restart does not depend on which model serves then
            network = network_at(minute, self._first_network(), self._station_key)
        for past in sorted(self._log):
            messages = _decode_log(self._log[past])
            if berlin_time.utc_minutes(past) < minute:
                observe(messages, berlin_time.datetime_of(past), network)
            else:
                self._unobserved.extend(messages)
        return network

    def _close_day(self, network: NetworkState) -> None:
        """Take a new snapshot without what is forgotten, and begin a new log, when a new service day has begun."""
        day = service_days.service_day_at(self._present())
        if day != self._day and day != self._snapshot.load().day:
            for past in [at for at in self._log if berlin_time.utc_minutes(at) < self._minute]:
                del self._log[past]
            network.forget(self._present())
            self._snapshot.store(Snapshot(network.to_bytes(), day))
        self._day = day

    def _present(self) -> datetime:
        return berlin_time.datetime_of(berlin_time.minute_begin(self._minute))


def _count_early(early: EarlyMessage, recorder: Recorder) -> None:
    """Count an early record; of the first one of a departure the minutes since it was believed to leave."""
    recorder.add(job.EARLY_PREDICTIONS, early.stage, early.reason or job.NO_REASON)
    if early.stage == "early":
        recorder.observe(job.EARLY_WAIT, max(0.0, early.waited) * _MINUTE)
