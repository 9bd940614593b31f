"""One operator with state, timers and a watermark in memory, called as Flink calls it: no cluster, no Java."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, OutputTag

from zielzeit.event_time_timers import BEFORE_ALL, EventTimeTimers


class _Value:
    """Flink's value state of the current key."""

    def __init__(self, harness: Harness) -> None:
        self._harness, self._of_key = harness, dict[str, Any]()

    def value(self) -> Any:
        return self._of_key.get(self._harness.key)

    def update(self, value: Any) -> None:
        self._of_key[self._harness.key] = value

    def clear(self) -> None:
        self._of_key.pop(self._harness.key, None)


class _Map:
    """Flink's map state of the current key."""

    def __init__(self, harness: Harness) -> None:
        self._harness, self._of_key = harness, dict[str, dict[Any, Any]]()

    @property
    def _current(self) -> dict[Any, Any]:
        return self._of_key.setdefault(self._harness.key, {})

    def get(self, key: Any) -> Any:
        return self._current.get(key)

    def put(self, key: Any, value: Any) -> None:
        self._current[key] = value

    def remove(self, key: Any) -> None:
        self._current.pop(key, None)

    def contains(self, key: Any) -> bool:
        return key in self._current

    def clear(self) -> None:
        self._of_key.pop(self._harness.key, None)

    def keys(self) -> Iterable[Any]:
        return self._current.keys()


class Group:
    """Flink's group of metrics, with what it and the groups below it counted."""

    def __init__(self, labels: tuple[str, ...], counters: dict[tuple[str, ...], _Counter] | None = None) -> None:
        self._labels = labels
        self.counters: dict[tuple[str, ...], _Counter] = {} if counters is None else counters
        """By the names and values of the groups and the name of the counter."""

    def add_group(self, *names: str) -> Group:
        return Group((*self._labels, *names), self.counters)

    def counter(self, name: str) -> _Counter:
        counter = self.counters[*self._labels, name] = _Counter()
        return counter

    def counts(self) -> dict[tuple[str, ...], int]:
        """What is not zero, without the job's own group."""
        return {labels[1:]: counter.value for labels, counter in self.counters.items() if counter.value}


class _Counter:
    value = 0

    def inc(self, by: int = 1) -> None:
        self.value += by


class Harness:
    """Runs an operator; it is runtime context, element context and timer service at once."""

    def __init__(self, operator: KeyedProcessFunction) -> None:
        self._operator = operator
        self._timers = EventTimeTimers()
        self._watermark = BEFORE_ALL
        self._clock, self._clock_timers = 0, EventTimeTimers()
        self.key, self._timestamp = "", 0
        self._states: dict[str, Any] = {}
        self.emitted: list[Any] = []
        """Rows of the main output."""
        self.side: dict[str, list[Any]] = {}
        """Rows of the side outputs, by tag."""
        self.metrics = Group(())
        operator.open(self)

    @property
    def names(self) -> list[str]:
        """Names of the operator's states."""
        return list(self._states)

    def restart(self) -> None:
        """Open the operator anew: it keeps its state and timers, and nothing else."""
        self._watermark = BEFORE_ALL
        self._operator.close()
        self._operator.open(self)

    def counts(self) -> dict[tuple[str, ...], int]:
        """What the operator has counted when it is closed, as of ``Group.counts``."""
        self._operator.close()
        return self.metrics.counts()

    def element(self, key: str, value: Any, timestamp: int = 0) -> None:
        """An element arrives."""
        self.key, self._timestamp = key, timestamp
        self._collect(self._operator.process_element(value, self))

    def pass_clock(self, milliseconds: int) -> None:
        """Time passes on the clock; timers of processing time fire in order of time."""
        self._clock += milliseconds
        for at, key in self._clock_timers.fire(self._clock):
            self.key = key
            self._collect(self._operator.on_timer(at, self))

    def pass_watermark(self, watermark: int) -> None:
        """The watermark advances; timers fire in order of time."""
        self._watermark = watermark
        for at, key in self._timers.fire(watermark):
            self.key = key
            self._collect(self._operator.on_timer(at, self))

    def _collect(self, results: Iterator[Any]) -> None:
        for result in results:
            if isinstance(result, Row):
                self.emitted.append(result)
            else:
                tag, row = result
                assert isinstance(tag, OutputTag)
                self.side.setdefault(tag.tag_id, []).append(row)

    # What the operator asks of Flink.

    def get_state(self, descriptor: Any) -> _Value:
        return self._states.setdefault(descriptor.get_name(), _Value(self))

    def get_map_state(self, descriptor: Any) -> _Map:
        return self._states.setdefault(descriptor.get_name(), _Map(self))

    def get_metrics_group(self) -> Group:
        return self.metrics

    def timer_service(self) -> Harness:
        return self

    def get_current_key(self) -> str:
        return self.key

    def timestamp(self) -> int:
        return self._timestamp

    def current_watermark(self) -> int:
        return self._watermark

    def current_processing_time(self) -> int:
        return self._clock

    def register_processing_time_timer(self, at: int) -> None:
        self._clock_timers.register(self.key, at)

    def register_event_time_timer(self, at: int) -> None:
        self._timers.register(self.key, at)

    def delete_event_time_timer(self, at: int) -> None:
        self._timers.delete(self.key, at)
