"""Number and line of a train out of the names that archives give it."""

from __future__ import annotations

from zielzeit import train_classes
from zielzeit.boards import parse

_NUMBERED = ("ICE", "IC", "EC")
"""Categories of which the collector wrote the train's number into ``train_name``; of others it wrote the line."""


def line_of(category: str | None, line: str | None) -> str:
    """Return the line as rows of boards have it, without its category: ``RE7`` of category RE is ``7``."""
    return parse.line(f"{category} {line}") if category and line else ""


def number_of_name(category: str | None, train_name: str | None) -> str:
    """Return the number that a ``train_name`` holds: ``624`` of ``ICE 624``, none of ``RE 7``, where 7 is the line."""
    text = (train_name or "").removeprefix(category or "").strip()
    is_long_distance = train_classes.train_class(category or "") == train_classes.LONG_DISTANCE
    is_number = text.isascii() and text.isdecimal() and (category in _NUMBERED or (is_long_distance and len(text) > 2))
    return text if is_number else ""


def line_of_name(category: str | None, train_name: str | None) -> str:
    """Return the line that a ``train_name`` holds: ``7`` of ``RE 7``, none of ``ICE 624`` and of ``RB``."""
    text = (train_name or "").removeprefix(category or "").strip()
    return "" if number_of_name(category, train_name) else line_of(category, text)
