"""What the report says in words is what its tables say."""

from __future__ import annotations

import polars as pl

from training.evaluation_report import common_traits


def test_the_worst_relations_traits_are_told_beside_the_others() -> None:
    worst_first = pl.DataFrame({"horizon": [400.0] * 4 + [50.0] * 36, "delay": [5.0] * 4 + [10.0] * 36})
    assert common_traits(worst_first) == (
        "The tenth with the largest errors has 400 minutes to go on average (the others 50) and departs "
        "5.0 minutes late (the others 10.0)."
    )


def test_few_relations_are_not_compared() -> None:
    assert "too few" in common_traits(pl.DataFrame({"horizon": [1.0], "delay": [1.0]}))
