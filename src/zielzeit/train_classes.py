"""Train categories (``ICE``, ``RE`` …) and the three train classes with similar delays that they belong to."""

from __future__ import annotations

LONG_DISTANCE, RE, RB = 0, 1, 2
CLASSES = ("long_distance", "RE", "RB")
"""Names of the train classes, by number. RB stands for every local train that is not an RE."""

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
    """Train class of a category such as ``ICE``: an index into ``CLASSES``."""
    if category in _LONG_DISTANCE:
        return LONG_DISTANCE
    return RE if category in _RE else RB


def category_code(category: str) -> float:
    """Number of a category, -1 for rare ones. Models rest on these numbers: append new categories at the end."""
    return float(_CODES.index(category)) if category in _CODES else -1.0
