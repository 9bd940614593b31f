"""Names of the Kafka topics. The settings may put a prefix before them."""

from __future__ import annotations

BOARDS = "boards"
DEPARTURES = "departures"
UNDECIDED = "undecided"
LATE = "late"
DEAD_LETTERS = "dead-letters"
PREDICTIONS = "predictions"
OUTCOMES = "outcomes"
EXAMPLES = "examples"

DECISIONS = (DEPARTURES, UNDECIDED, LATE)
"""Between them every decision."""
ALL = (BOARDS, *DECISIONS, DEAD_LETTERS, PREDICTIONS, OUTCOMES, EXAMPLES)

BOARD_HEADERS = ("source", "url", "status", "content-type", "content-encoding")
"""Headers of a record of ``boards``, in the order they are written (values are UTF-8)."""
