"""One station of the register."""

from __future__ import annotations

import msgspec


class Station(msgspec.Struct, frozen=True, gc=False):
    """What one source says of one station; several may speak of the same EVA number. Names are ``spelling.composed``.

    Parameters
    ----------
    eva
        EVA number, decimal digits without leading zeros.
    name
        The name on boards, e.g. ``Frankfurt(Main)Hbf``.
    aliases
        Other present names, e.g. the archives' ``Frankfurt (Main) Hbf``.
    earlier
        Names that the station had before; a present name of another station wins over them.
    codes
        DS100 codes (also RIL100), e.g. ``FF``, in capitals.
    group
        EVA number of the station that this one is a part of (``Frankfurt Hbf (tief)`` of ``Frankfurt(Main)Hbf``),
        or empty.
    """

    eva: str
    name: str
    aliases: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    group: str = ""
