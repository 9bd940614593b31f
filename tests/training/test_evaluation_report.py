"""What the report says in words is what its tables say."""

from __future__ import annotations

import polars as pl

from training.evaluation_report import bin_label, common_traits, title


def test_the_worst_relations_traits_are_told_beside_the_others() -> None:
    worst_first = pl.DataFrame({"horizon": [400.0] * 4 + [50.0] * 36, "delay": [5.0] * 4 + [10.0] * 36})
    assert common_traits(worst_first) == (
        "In the tenth of relations with the largest errors the mean horizon is 400 minutes (in the others 50) "
        "and the mean delay at departure 5.0 minutes (10.0)."
    )


def test_few_relations_are_not_compared() -> None:
    assert "too few" in common_traits(pl.DataFrame({"horizon": [1.0], "delay": [1.0]}))


def test_classes_and_bins_have_names_for_people() -> None:
    assert [title(name) for name in ("long_distance", "RE")] == ["Long distance", "RE"]
    assert [bin_label(name) for name in ("0-15", "120-", "6–10", "> 40")] == ["0–15", "120 and more", "6–10", "> 40"]
