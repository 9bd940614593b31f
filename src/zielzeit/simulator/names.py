"""Names that could be German stations, composed of parts, unique and deterministic by seed."""

from __future__ import annotations

from itertools import product

from zielzeit.simulator.chance import generator

_STEMS = tuple(
    """
    Eichen Buchen Linden Ahorn Erlen Birken Tannen Rosen Stein Mühl Wald Hirsch Fuchs Adler Schwan Berg Thal Brunn
    Sommer Winter Oster Wester Norder Süder Königs Grafen Bischofs Mönchs Ritter Schön Lichten Weiß Schwarz Rot Grün
    Gold Silber Kupfer Salz Moor Sand Kies Lauter Klar Wolfs Biber Storch Falken Raben Ginster Heide Schäfer Müller
    Weber Schmieds Kohl Ger Diet Hartmanns Albers Ebers Reins Gutten Helms
    """.split()  # noqa: SIM905 - sixty quoted words are harder to read
)
_SUFFIXES = tuple(
    "berg burg dorf heim hausen feld bach stadt furt kirchen rode au ingen brück hagen horst leben stedt tal".split()  # noqa: SIM905
)
_PREFIXES = ("", "Ober", "Nieder", "Groß ", "Klein ", "Neu", "Alt", "Bad ", "Unter", "Hohen")
_QUARTERS = ("Süd", "Nord", "West", "Ost", "Messe", "Stadtpark", "Hafen", "Universität", "Altstadt", "Industriepark")


def place_names(count: int, seed: int) -> list[str]:
    """``count`` different names of places. Raises ValueError if so many cannot be composed."""
    plain = [stem + suffix for stem, suffix in product(_STEMS, _SUFFIXES)]
    rng = generator(seed, 101)
    rng.shuffle(plain)
    # Most names have a prefix: the short ones come first, for the largest stations.
    prefixed = [prefix + (n if prefix.endswith(" ") else n.lower()) for n, prefix in product(plain, _PREFIXES[1:])]
    rng.shuffle(prefixed)
    names = [*plain, *prefixed]
    if count > len(names):
        raise ValueError(f"{count} places asked, {len(names)} can be named")
    return names[:count]


def quarter(city: str, index: int) -> str | None:
    """Another station of a city (``Eichenau Süd``); None if its quarters are used up."""
    return f"{city} {_QUARTERS[index]}" if index < len(_QUARTERS) else None
