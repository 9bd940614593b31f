"""The comparable form of station names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zielzeit.stations.spelling import comparable, composed, eva_number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Frankfurt(Main)Hbf", "Frankfurt (Main) Hbf"),
        ("Köln Hbf", "koeln  HBF"),
        ("Köln Hbf", unicodedata.normalize("NFD", "köln hbf")),
        ("Berlin Hauptbahnhof", "Berlin Hbf"),
        ("Gehrenseestraße", "Gehrenseestr."),
        ("Georg-Schumann-Straße", "Georg Schumann Str"),
        ("Sankt Ingbert", "St. Ingbert"),
        ("Coswig (bei Dresden)", "Coswig(b Dresden)"),
        ("Chambésy", "Chambesy"),
        ("Gross Gerau", "Groß-Gerau"),
        ("Köln Messe/Deutz Gl. 9-10", "Köln Messe/Deutz Gl.9-10"),
    ],
)
def test_variants_of_one_name_compare_equal(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Frankfurt(Main)Hbf", "Frankfurt(Main)Süd"),
        ("Köln Hbf", "Koln Hbf"),
        ("Frankfurt Hbf (tief)", "Frankfurt Hbf"),
        ("Halle", "Halle(Saale)Hbf"),
        ("Strasbourg", "Straßbourg Str."),
    ],
)
def test_other_names_do_not(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@given(st.text())
def test_the_comparable_form_is_its_own(name: str) -> None:
    assert comparable(comparable(name)) == comparable(name)


@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_the_comparable_form_is_the_same_in_every_normal_form(name: str, form: str) -> None:
    assert comparable(unicodedata.normalize(form, name)) == comparable(name)


@given(st.text())
def test_a_composed_name_stays_composed(name: str) -> None:
    assert composed(composed(name)) == composed(name)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("8000105", "8000105"),
        ("08000105", "8000105"),
        (" 8000105 ", "8000105"),
        ("0", "0"),
        ("", None),
        ("FF", None),
        ("80001O5", None),
        ("-8000105", None),
        ("８０００１０５", None),
    ],
)
def test_eva_numbers_are_ascii_digits(text: str, number: str | None) -> None:
    assert eva_number(text) == number
