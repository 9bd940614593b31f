"""What stands for a station wherever stations are compared."""

from __future__ import annotations

import msgspec


class StationIdentity(msgspec.Struct, frozen=True, gc=False):
    """The identity of a station: a text that is equal for two spellings exactly if they mean the same station.

    Parameters
    ----------
    key
        The EVA number in decimal digits without leading zeros (``8000105``), of a station of the register and of a
        station that was named by an EVA number which the register lacks. For every other name the comparable form of
        that name (``spelling.comparable``, e.g. ``musterstadt hbf``), which is never all digits. Fit as a key of
        topics, of keyed state and of tables.
    known
        True if the register holds this station.
    """

    key: str
    known: bool

    @property
    def eva(self) -> str | None:
        """The EVA number as text, or None of a station that is only known by its name."""
        return self.key if self.key.isascii() and self.key.isdecimal() else None
