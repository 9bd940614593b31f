"""What the register found for a spelling."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from zielzeit.stations.identity import StationIdentity


class Match(StrEnum):
    """How a spelling was found. The order is the order of search: the first that finds anything decides."""

    EVA = "EVA number"
    NAME = "name"
    CODE = "DS100 code"
    EARLIER = "earlier name"
    SPELLING = "name, spelled differently"
    EARLIER_SPELLING = "earlier name, spelled differently"
    NONE = "not found"
    AMBIGUOUS = "ambiguous"


class Resolution(msgspec.Struct, frozen=True):
    """A spelling's identity, how it was found, and the EVA numbers among which it does not decide.

    ``candidates`` is empty unless ``match`` is ``Match.AMBIGUOUS``; then the identity is that of the name.
    """

    identity: StationIdentity
    match: Match
    candidates: tuple[str, ...] = ()
