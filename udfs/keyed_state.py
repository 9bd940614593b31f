"""Keyed state that holds msgspec structs, and a Python mapping over Flink's map state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from pyflink.common import Types
from pyflink.datastream import RuntimeContext
from pyflink.datastream.state import MapState, MapStateDescriptor, ValueState, ValueStateDescriptor

from zielzeit.berlin_time import Milliseconds

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


class LiveKeys:
    """What an operator keeps in memory of the keys that it saw last. All of it is stored, too: nothing is ever lost.

    The operator calls ``enter`` before it hands an element or a timer to its process.
    """

    def __init__(self, context: RuntimeContext, keys: int = 20_000) -> None:
        self.context = context
        self._keys = keys
        self._of_keys: dict[str, dict[str, Any]] = {}
        self.current: dict[str, Any] = {}
        """Of the current key, by name of the state."""

    def enter(self, key: str) -> None:
        """Make a key the current one."""
        self.current = self._of_keys.pop(key, {})
        self._of_keys[key] = self.current
        if len(self._of_keys) > self._keys:
            del self._of_keys[next(iter(self._of_keys))]


class LiveStruct(Generic[Value]):
    """One struct per key, which is decoded once and encoded when it is stored: a ``StoredValue``.

    ``load`` returns the same object again and again: whoever changes it must store or clear it.
    """

    def __init__(self, live: LiveKeys, name: str, struct: type[Value]) -> None:
        self._live, self._name = live, name
        self._state: ValueState = live.context.get_state(ValueStateDescriptor(name, BYTES))
        self._new = struct
        self._decode = msgspec.msgpack.Decoder(struct).decode
        self._encode = msgspec.msgpack.Encoder().encode

    def load(self) -> Value:
        """Return the struct of the current key, or a new one where nothing is stored."""
        current = self._live.current
        if self._name not in current:
            kept = self._state.value()
            current[self._name] = _Live(self._new(), is_stored=False) if kept is None else _Live(self._decode(kept))
        value: Value = current[self._name].value
        return value

    def store(self, value: Value) -> None:
        """Replace the struct of the current key."""
        self._live.current[self._name] = _Live(value)
        self._state.update(self._encode(value))

    def clear(self) -> None:
        """Remove the struct of the current key."""
        live = self._live.current.get(self._name)
        if live is None or live.is_stored:
            self._state.clear()
        self._live.current[self._name] = _Live(self._new(), is_stored=False)


class _Live(NamedTuple):
    value: Any
    is_stored: bool = True


class LiveNote(Generic[Value]):
    """One value per key in memory alone: a ``StoredValue`` of what may be forgotten at any time."""

    def __init__(self, live: LiveKeys, name: str, new: Value) -> None:
        self._live, self._name, self._new = live, name, new

    def load(self) -> Value:
        """Return the value of the current key."""
        value: Value = self._live.current.get(self._name, self._new)
        return value

    def store(self, value: Value) -> None:
        """Replace the value of the current key."""
        self._live.current[self._name] = value

    def clear(self) -> None:
        """Forget the value of the current key."""
        self._live.current.pop(self._name, None)


class FewEntries(MutableMapping[Milliseconds, bytes]):
    """A mapping per key that is stored as one value and kept in memory: for a few entries.

    Flink's map state has to be iterated over to learn that a new key has no entry, which takes RocksDB longer than
    everything else that an operator does with the key. Here that is one read, and any change is one write.
    """

    def __init__(self, live: LiveKeys, name: str) -> None:
        self._stored: LiveStruct[dict[Milliseconds, bytes]] = LiveStruct(live, name, dict[Milliseconds, bytes])

    def __getitem__(self, key: Milliseconds) -> bytes:
        return self._stored.load()[key]

    def __setitem__(self, key: Milliseconds, value: bytes) -> None:
        entries = self._stored.load()
        entries[key] = value
        self._stored.store(entries)

    def __delitem__(self, key: Milliseconds) -> None:
        entries = self._stored.load()
        del entries[key]
        if entries:
            self._stored.store(entries)
        else:
            self._stored.clear()

    def __iter__(self) -> Iterator[Milliseconds]:
        return iter(self._stored.load())

    def __len__(self) -> int:
        return len(self._stored.load())

    def __contains__(self, key: object) -> bool:
        return key in self._stored.load()


class LiveMapping(MutableMapping[Any, bytes]):
    """A mapping in keyed state with a mirror in memory: Flink is asked once for each key, and told what changes.

    For many entries of a few keys: ``FewEntries`` is for the other case.
    """

    def __init__(self, live: LiveKeys, name: str, key_type: Any) -> None:
        self._live, self._name = live, name
        self._stored = map_state(live.context, name, key_type)

    @property
    def _mirror(self) -> dict[Any, bytes]:
        mirror: dict[Any, bytes] | None = self._live.current.get(self._name)
        if mirror is None:
            mirror = self._live.current[self._name] = dict(self._stored)
        return mirror

    def __getitem__(self, key: Any) -> bytes:
        return self._mirror[key]

    def __setitem__(self, key: Any, value: bytes) -> None:
        self._mirror[key] = value
        self._stored[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._mirror[key]
        del self._stored[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mirror)

    def __len__(self) -> int:
        return len(self._mirror)

    def __contains__(self, key: object) -> bool:
        return key in self._mirror


def map_state(context: RuntimeContext, name: str, key_type: Any) -> StateMapping:
    """Return a mapping in keyed state, from keys of a Flink type to bytes."""
    return StateMapping(context.get_map_state(MapStateDescriptor(name, key_type, BYTES)))
