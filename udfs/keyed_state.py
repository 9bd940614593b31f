"""Keyed state that holds msgspec structs, and a Python mapping over Flink's map state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final, Generic, TypeVar

import msgspec
from cachetools import LRUCache
from pyflink.common import Types
from pyflink.datastream import RuntimeContext
from pyflink.datastream.state import MapState, MapStateDescriptor, ValueState, ValueStateDescriptor

BYTES = Types.PICKLED_BYTE_ARRAY()
"""Type of bytes in state and between operators. Thread mode cannot checkpoint primitive arrays in map state."""
KEYED = Types.ROW([Types.STRING(), Types.TUPLE([Types.STRING(), Types.LONG(), BYTES])])
"""Type of the elements between operators: ``Row(key, (key of the run, event time, struct as msgpack))``.

The event time is part of the element because side outputs lose their timestamp in thread mode.
"""

Value = TypeVar("Value")
_OF_THREAD_MODE: Final = "pyflink.fn_execution.datastream.embedded.state_impl"
"""Module of the states in thread mode. By name: it cannot be imported in process mode."""


class StructState(Generic[Value]):
    """One struct per key as msgpack: a ``zielzeit.stored_value.StoredValue``."""

    def __init__(self, context: RuntimeContext, name: str, struct: type[Value]) -> None:
        self._state: ValueState = context.get_state(ValueStateDescriptor(name, BYTES))
        self._new = struct
        self._decode = msgspec.msgpack.Decoder(struct).decode
        self._encode = msgspec.msgpack.Encoder().encode

    def load(self) -> Value:
        """Return the struct of the current key, or a new one where nothing is stored."""
        kept = self._state.value()
        return self._new() if kept is None else self._decode(kept)

    def store(self, value: Value) -> None:
        """Replace the struct of the current key."""
        self._state.update(self._encode(value))

    def clear(self) -> None:
        """Remove the struct of the current key."""
        self._state.clear()


class PlainState(Generic[Value]):
    """One value per key of a Flink type, ``new`` where nothing is stored: a ``zielzeit.stored_value.StoredValue``."""

    def __init__(self, context: RuntimeContext, name: str, value_type: Any, new: Value) -> None:
        self._state: ValueState = context.get_state(ValueStateDescriptor(name, value_type))
        self._new = new

    def load(self) -> Value:
        """Return the value of the current key."""
        kept = self._state.value()
        return self._new if kept is None else kept

    def store(self, value: Value) -> None:
        """Replace the value of the current key."""
        self._state.update(value)

    def clear(self) -> None:
        """Remove the value of the current key."""
        self._state.clear()


class StateMapping(MutableMapping[Any, bytes]):
    """Flink's map state of bytes as a mapping, so that the library does not depend on Flink.

    Every call goes to Java and back and costs as much as a dozen lines of Python: one ``get`` is cheaper than ``in``
    and ``[]``.
    """

    def __init__(self, state: MapState) -> None:
        self._state = state

    def __getitem__(self, key: Any) -> bytes:
        kept: bytes | None = self._state.get(key)
        if kept is None:
            raise KeyError(key)
        return kept

    def __setitem__(self, key: Any, value: bytes) -> None:
        self._state.put(key, value)

    def __delitem__(self, key: Any) -> None:
        self._state.remove(key)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._state.keys()))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return bool(self._state.contains(key))

    def clear(self) -> None:
        """Remove all entries in one call."""
        self._state.clear()

    def update(self, entries: Mapping[Any, bytes]) -> None:  # type: ignore[override]  # no other form is used
        """Put all entries, in thread mode in one call: the process mode of PyFlink 2.3.0 cannot take a dictionary."""
        if type(self._state).__module__ != _OF_THREAD_MODE:
            for key, value in entries.items():
                self._state.put(key, value)
        elif entries:
            self._state.put_all(entries)


class StructMapping(MutableMapping[str, Value]):
    """Structs in keyed state, of one key: those that were used last are kept in memory, too, and not decoded again.

    Whoever changes a struct must put it again.

    Parameters: ``stored`` has the structs as msgpack; so many as ``most`` are kept in memory.
    """

    def __init__(self, stored: MutableMapping[str, bytes], struct: type[Value], most: int = 1_000) -> None:
        self._stored = stored
        self._decode = msgspec.msgpack.Decoder(struct).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._live: LRUCache[str, Value | None] = LRUCache(most)
        """None: there is none."""

    def __getitem__(self, key: str) -> Value:
        if key in self._live:
            value = self._live[key]
        else:
            kept = self._stored.get(key)
            value = self._live[key] = None if kept is None else self._decode(kept)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: Value) -> None:
        self._live[key] = value
        self._stored[key] = self._encode(value)

    def __delitem__(self, key: str) -> None:
        del self._stored[key]
        self._live[key] = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)


def map_state(context: RuntimeContext, name: str, key_type: Any) -> StateMapping:
    """Return a mapping in keyed state, from keys of a Flink type to bytes."""
    return StateMapping(context.get_map_state(MapStateDescriptor(name, key_type, BYTES)))
