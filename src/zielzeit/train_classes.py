"""Train categories and the three classes whose delays behave alike."""

from __future__ import annotations

LONG_DISTANCE, RE, RB = 0, 1, 2
CLASSES = ("long_distance", "RE", "RB")
"""Names of the classes by number. RB stands for every other local train."""

# fmt: off
_LONG_DISTANCE = frozenset((
    "ICE", "IC", "EC", "ECE", "ICL", "EST", "TGV", "THA", "RJ", "RJX", "NJ", "EN", "ES", "FLX", "WB", "D", "IR", "SNT",
    "EUR", "BEX",
))
_RE = frozenset(("RE", "IRE", "MEX", "FEX", "RRX", "ERX"))
_CODES = (
    "ICE", "IC", "EC", "ECE", "EST", "TGV", "RJ", "RJX", "NJ", "EN", "FLX", "WB", "D", "IR", "RE", "IRE", "MEX", "FEX",
    "RB", "S", "ERB", "NWB", "WFB", "HLB", "VIA", "BRB", "ME", "AKN", "OPX", "SWE",
)
# fmt: on


def train_class(category: str) -> int:
    """Index into ``CLASSES`` of a train category such as ``ICE``."""
    if category in _LONG_DISTANCE:
        return LONG_DISTANCE
    return RE if category in _RE else RB


def category_code(category: str) -> float:
    """A category as a number that never changes; -1 for the rare ones. New ones go to the end of the list."""
    return float(_CODES.index(category)) if category in _CODES else -1.0
