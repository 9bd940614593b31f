"""One value that outlives a step: what a process needs of keyed state, and an implementation in memory.

A process function binds it to Flink's state of the current key; ``decide`` and the tests keep one object per key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

Value = TypeVar("Value")


class StoredValue(Protocol[Value]):
    """A value that is loaded only when it is needed, because loading from Flink's state is expensive."""

    def load(self) -> Value:
        """Return the stored value, or a new one where nothing is stored."""

    def store(self, value: Value) -> None:
        """Replace the stored value."""

    def clear(self) -> None:
        """Remove the stored value."""


class InMemory(Generic[Value]):
    """A stored value in memory; ``load`` returns the object itself, not a copy."""

    def __init__(self, new: Callable[[], Value]) -> None:
        self._new = new
        self._value: Value | None = None

    def load(self) -> Value:
        """Return the stored value, or a new one where nothing is stored."""
        return self._new() if self._value is None else self._value

    def store(self, value: Value) -> None:
        """Replace the stored value."""
        self._value = value

    def clear(self) -> None:
        """Remove the stored value."""
        self._value = None
