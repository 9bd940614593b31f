"""Names of the Kafka topics, without the prefix that ``Settings.topic`` puts before them."""

from __future__ import annotations

BOARDS = "boards"
DEPARTURES = "departures"
UNDECIDED = "undecided"
LATE = "late"
DEAD_LETTERS = "dead-letters"
PREDICTIONS = "predictions"
EARLY_PREDICTIONS = "early-predictions"
OUTCOMES = "outcomes"
EARLY_OUTCOMES = "early-outcomes"
EXAMPLES = "examples"

DECISIONS = (DEPARTURES, UNDECIDED, LATE)
"""Every decision is on exactly one of these topics."""
ALL = (BOARDS, *DECISIONS, DEAD_LETTERS, PREDICTIONS, EARLY_PREDICTIONS, OUTCOMES, EARLY_OUTCOMES, EXAMPLES)
"""Every topic: the job reads the first one and writes the others."""
