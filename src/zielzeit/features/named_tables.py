"""The tables of ``zielzeit.features.network_tables`` by name: keys are handed out as names appear, and tables grow."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable, Mapping

import msgspec
import numpy as np

from zielzeit import train_classes
from zielzeit.features.key_names import Name
from zielzeit.features.network_tables import LAYOUTS, KeyArray, Layout, Tables
from zielzeit.features.statistics import (
    KEPT_DAYS,
    KEPT_SCALES,
    PAST_WIDTH,
    RECENT_WIDTH,
    Rows,
    Table,
    merge_last,
    merge_least,
    merge_past,
    merge_recent,
)

SPACES = ("station", "hop", "train", "service", "relation")
"""Kinds of names that have keys. Classes are numbered by ``zielzeit.train_classes``."""

_CLASSES = len(train_classes.CLASSES)


def empty_tables(keys: Mapping[str, int]) -> Tables:
    """Return tables with room for so many keys of each space, key 0 included."""
    return Tables(**{name: _empty(layout, keys[layout.space]) for name, layout in LAYOUTS.items()})


def _empty(layout: Layout, keys: int) -> Table:
    table = np.zeros((keys * layout.rows_per_key, layout.width))
    table[:, 0] = layout.empty
    return table


def _merged(table: Table, layout: Layout, keys: Rows, count: int) -> Table:
    """Return a table in which the rows of each key were added to those of another."""
    rows = (keys[:, None] * layout.rows_per_key + np.arange(layout.rows_per_key)).ravel()
    count *= layout.rows_per_key
    if layout.width == RECENT_WIDTH:
        return merge_recent(table, rows, count, layout.scale)
    if layout.width == PAST_WIDTH:
        return merge_past(table, rows, count)
    return merge_last(table, rows, count) if layout.width == 2 else merge_least(table, rows, count)


class NamedTables:
    """Names, their keys and the tables. Key 0 stands for every name that has not been observed."""

    def __init__(self, names: Mapping[str, list[Name]] | None = None, tables: Tables | None = None) -> None:
        self.keys: dict[str, dict[Name, int]] = {
            space: {name: key for key, name in enumerate((names or {}).get(space, ()), start=1)} for space in SPACES
        }
        self._room = {space: len(self.keys[space]) + 1 for space in SPACES} | {"class": _CLASSES}
        self.tables = tables if tables is not None else empty_tables(self._room)

    def key(self, space: str, name: Name, *, create: bool = False) -> int:
        """Return the key of a name; 0 where it is unknown and not to be created. Creating may replace ``tables``."""
        keys = self.keys[space]
        found = keys.get(name)
        if found is not None:
            return found
        if not create:
            return 0
        keys[name] = key = len(keys) + 1
        if key >= self._room[space]:
            self._grow(space, max(64, 2 * key))
        return key

    def known_keys(self, space: str, names: Iterable[Name]) -> KeyArray:
        """Return the keys of names in order; 0 where one has not been observed."""
        keys = self.keys[space]
        return np.array([keys.get(name, 0) for name in names], dtype=np.int32)

    def _grow(self, space: str, room: int) -> None:
        grown = {}
        for name, layout in LAYOUTS.items():
            if layout.space == space:
                table = _empty(layout, room)
                old = getattr(self.tables, name)
                table[: len(old)] = old
                grown[name] = table
        self.tables = self.tables._replace(**grown)
        self._room[space] = room

    def newest(self) -> float:
        """Return the minute since 1970 UTC of the last train that was observed; 0 where there was none."""
        return float(self.tables.class_hour[:, 0].max())

    def forget(self, minute: float, day: int) -> int:
        """Take out the names of which nothing counts any more at a minute (since 1970 UTC) and its service day.

        Returns how many. No feature depends on it, then or later: these names read as those never observed.
        """
        kept = {space: self._kept(space, minute, day) for space in SPACES}
        dropped = sum(len(self.keys[space]) - len(kept[space]) for space in SPACES)
        rows = {space: np.array([0, *(self.keys[space][name] for name in kept[space])]) for space in SPACES}
        rows["class"] = np.arange(_CLASSES)
        self.tables = Tables(
            **{
                name: getattr(self.tables, name)[
                    (rows[layout.space][:, None] * layout.rows_per_key + np.arange(layout.rows_per_key)).ravel()
                ]
                for name, layout in LAYOUTS.items()
            }
        )
        self.keys = {space: {name: key for key, name in enumerate(kept[space], start=1)} for space in SPACES}
        self._room = {space: len(rows[space]) for space in rows}
        return dropped

    def _kept(self, space: str, minute: float, day: int) -> list[Name]:
        """Return the names with a row that counts. The last trains count for hours, and are in past rows as well."""
        counts = np.zeros(self._room[space], dtype=bool)
        for name, layout in LAYOUTS.items():
            if layout.space != space:
                continue
            newest = getattr(self.tables, name)[:, 0].reshape(-1, layout.rows_per_key).max(axis=1)
            if layout.width == RECENT_WIDTH:
                counts |= minute - newest <= KEPT_SCALES * layout.scale
            elif layout.width == PAST_WIDTH:
                counts |= day - newest <= KEPT_DAYS
        return [name for name, key in self.keys[space].items() if counts[key]]

    def rename(self, new: Callable[[Name], Name]) -> None:
        """Give each name another one. The rows of names that become one are merged, as if there had been one name."""
        for space in SPACES:
            old = list(self.keys[space])
            renamed = list(map(new, old))
            if renamed == old:
                continue
            self.keys[space] = keys = {name: key for key, name in enumerate(dict.fromkeys(renamed), start=1)}
            if len(keys) < len(old):
                moved = np.array([0, *(keys[name] for name in renamed)], dtype=np.int64)
                tables = {
                    name: _merged(
                        getattr(self.tables, name)[: len(moved) * layout.rows_per_key], layout, moved, len(keys) + 1
                    )
                    for name, layout in LAYOUTS.items()
                    if layout.space == space
                }
                self.tables = self.tables._replace(**tables)
                self._room[space] = len(keys) + 1

    def to_bytes(self) -> bytes:
        """Return names and tables, compressed."""
        names = msgspec.json.encode({space: list(self.keys[space]) for space in SPACES})
        arrays = {}
        for name, layout in LAYOUTS.items():
            used = _CLASSES if layout.space == "class" else len(self.keys[layout.space]) + 1
            arrays[name] = getattr(self.tables, name)[: used * layout.rows_per_key]
        buffer = io.BytesIO()
        np.savez(buffer, names=np.frombuffer(names, dtype=np.uint8), **arrays)
        return zlib.compress(buffer.getvalue(), level=1)

    @classmethod
    def from_bytes(cls, data: bytes) -> NamedTables:
        """Return what ``to_bytes`` wrote. Raises ValueError for anything else."""
        try:
            with np.load(io.BytesIO(zlib.decompress(data)), allow_pickle=False) as file:
                names = msgspec.json.decode(file["names"].tobytes(), type=dict[str, list[Name]])
                tables = Tables(**{name: file[name] for name in LAYOUTS})
        except (zlib.error, KeyError, OSError, msgspec.DecodeError) as error:
            raise ValueError(f"not a stored network state: {error}") from None
        return cls({space: list(names[space]) for space in SPACES}, tables)
