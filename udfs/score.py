"""Once for the whole network: departures described, scored and observed. The rules are in ``zielzeit.model.predict``.

Not parallel on purpose: a departure is described by what happened anywhere in the network, and one process sees some
thousand departures a second, hundreds of times as many as Germany has. State is a daily snapshot of the network and the
log of what was observed since, so that a restart rebuilds exactly what was known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext

from udfs.event_time_buffer import Waiting
from udfs.keyed_state import KEYED, StructState, map_state
from zielzeit import berlin_time, service_days
from zielzeit.berlin_time import MINUTE
from zielzeit.events import topic_record
from zielzeit.features.initial_state import network_at
from zielzeit.features.network_state import NetworkState
from zielzeit.model.champion import Champion
from zielzeit.model.predict import Scored, forecast, moment, observe, outcome
from zielzeit.model.registry_address import Registry
from zielzeit.runs.tracker import Departure, Ending, Message

SCORED = OutputTag("scored", KEYED)
"""``Scored`` and ``Ending``, for the labels."""

_decode = msgspec.msgpack.Decoder(Message).decode
_decode_log = msgspec.msgpack.Decoder(list[Message]).decode
_encode = msgspec.msgpack.Encoder().encode


class Snapshot(msgspec.Struct, array_like=True):
    """The network as it was at the end of a service day, or when the job began; empty before that."""

    network: bytes = b""
    day: int = 0


class Score(KeyedProcessFunction):
    """Takes ``following.Message`` of all runs under one key; emits ``RECORD`` rows of predictions."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def open(self, runtime_context: RuntimeContext) -> None:
        """Bind the state and load the model."""
        self._waiting = Waiting(runtime_context, "waiting")
        self._snapshot = StructState(runtime_context, "network", Snapshot)
        self._log = map_state(runtime_context, "observed", Types.LONG())
        self._network: NetworkState | None = None
        self._minute = self._day = 0
        self._happened: list[Message] = []  # in the minute at hand: not observed yet
        self._champion = Champion(self._registry)

    def close(self) -> None:
        """Let the registry go."""
        self._champion.close()

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A message from a run; it waits for its turn."""
        self._waiting.add(value[1], _encode((value[0], value[2])), ctx)
        return iter(())

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """Everything that the network knows at one moment."""
        pairs = [msgspec.msgpack.decode(payload, type=tuple[str, bytes]) for payload in self._waiting.take(timestamp)]
        messages = [(key, _decode(payload)) for key, payload in pairs]
        network = self._up_to_date(timestamp // MINUTE)
        departures = [(key, message) for key, message in messages if isinstance(message, Departure)]
        scored = forecast([departure for _, departure in departures], network, self._champion.current())
        for (key, _), one in zip(departures, scored, strict=True):
            yield Row(*topic_record.of_prediction(one.prediction))
            yield SCORED, Row(key, (key, timestamp, _encode(one)))
        for key, message in messages:
            if isinstance(message, Ending):
                yield SCORED, Row(key, (key, timestamp, _encode(message)))
        self._happened.extend(message for _, message in messages)
        self._log[timestamp] = _encode([message for _, message in messages])

    def _up_to_date(self, minute: int) -> NetworkState:
        """The network with everything observed before a minute (since 1970 UTC)."""
        if self._network is None:
            self._network = self._rebuild(minute)
        elif self._minute < minute:
            observe(self._happened, moment(self._minute * MINUTE), self._network)
            self._happened = []
        self._minute = minute
        self._close_day(self._network)
        return self._network

    def _rebuild(self, minute: int) -> NetworkState:
        """After a start: the snapshot, and everything logged since. The very first one begins where the model ended."""
        snapshot = self._snapshot.load()
        if snapshot.network:
            network = NetworkState.from_bytes(snapshot.network)
        else:  # a snapshot follows at once, so that a restart does not depend on which model serves then
            network = network_at(minute, self._champion.current().network)
        for past in sorted(self._log):
            messages = _decode_log(self._log[past])
            if past // MINUTE < minute:
                observe(messages, moment(past), network)
            else:
                self._happened.extend(messages)
        return network

    def _close_day(self, network: NetworkState) -> None:
        """With a new service day comes a new snapshot, and the log begins anew."""
        day = service_days.service_day(berlin_time.wall_minutes(moment(self._minute * MINUTE)))
        if day != self._day and day != self._snapshot.load().day:
            for past in [at for at in self._log if at < self._minute * MINUTE]:
                del self._log[past]
            self._snapshot.store(Snapshot(network.to_bytes(), day))
        self._day = day


class Label(KeyedProcessFunction):
    """By run: keeps predictions until the ending that names them; emits ``RECORD`` rows of outcomes and examples."""

    def open(self, runtime_context: RuntimeContext) -> None:
        """Bind the pending predictions of the train at hand."""
        self._pending = map_state(runtime_context, "pending", Types.STRING())
        self._endings = Waiting(runtime_context, "endings")
        self._decode = msgspec.msgpack.Decoder(Scored | Ending).decode

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """A prediction, or what became of some: that waits, for it may overtake the predictions on its way here."""
        message = self._decode(value[2])
        if isinstance(message, Scored):
            self._pending[message.prediction.id] = value[2]
        else:
            self._endings.add(value[1], value[2], ctx)
        return iter(())

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """The turn of endings: the predictions they name are all here."""
        for payload in self._endings.take(timestamp):
            ending = self._decode(payload)
            for departure in ending.departures:
                scored = self._decode(self._pending.pop(departure.id))
                happened, example = outcome(scored, ending, moment(timestamp))
                yield Row(*topic_record.of_outcome(happened))
                yield Row(*topic_record.of_example(example))
