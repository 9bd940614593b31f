"""How many examples of a property are tried: ``./zielzeit test --quick`` tries a fifth of them."""

from __future__ import annotations

import hypothesis

_WHOLE = 100
"""Examples of a property that names no number in the whole test, which is what Hypothesis takes by default."""


def thorough(number: int) -> int:
    """Return how many examples to try where the whole test tries so many."""
    return max(1, number * hypothesis.settings.default.max_examples // _WHOLE)
