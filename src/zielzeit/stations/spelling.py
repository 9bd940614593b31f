"""Spellings of station names: the form in which they are compared."""

from __future__ import annotations

import re
import unicodedata

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "o", "ł": "l", "đ": "d"})
_ASCII_SIGNS = str.maketrans({sign: " " for sign in map(chr, range(128)) if not sign.isalnum()})
_SAME_WORDS = {"hauptbahnhof": "hbf", "bahnhof": "bf", "sankt": "st", "bei": "b", "strasse": "str"}
"""Written out and short: a board's ``Hbf`` is the archives' ``Hauptbahnhof``."""
_STREET = re.compile(r"(?<=[^\W\d_])strasse\b")
_PART = re.compile(r" (?:tief|gl \d+[a-z]?(?: \d+[a-z]?)?)$")
_WORD = re.compile(r"[^\W_]+")


def composed(name: str) -> str:
    """The name in composed Unicode (NFC), single spaces between words, none around them."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def comparable(name: str) -> str:
    """The form that variants of one spelling share: small letters, words apart by single spaces.

    ``Frankfurt (Main) Hbf`` and ``frankfurt(main)hbf`` become ``frankfurt main hbf``; ``Köln``, ``KOELN`` and
    decomposed Unicode become ``koeln``; other accents go; ``Straße``, ``Sankt``, ``Hauptbahnhof``, ``bei`` become
    ``str``, ``st``, ``hbf``, ``b``; all that is neither letter nor digit parts words. A name without letters and
    digits stays as it is. Names of different stations may share this form: the register tells (``Match.AMBIGUOUS``).

    Keys of stations that the register lacks are made of this form, and states hold them: a change here needs a
    migration.
    """
    small = unicodedata.normalize("NFKC", name).casefold()
    if not small.isascii():
        small = unicodedata.normalize("NFKC", small).translate(_UMLAUTS)
        if not small.isascii():
            small = "".join(sign for sign in unicodedata.normalize("NFD", small) if not unicodedata.combining(sign))
    if "strasse" in small:
        small = _STREET.sub("str", small)
    words = small.translate(_ASCII_SIGNS).split() if small.isascii() else _WORD.findall(small)
    if not words:
        return composed(name).casefold()
    return " ".join([_SAME_WORDS.get(word, word) for word in words])


def whole(plain: str) -> str:
    """The comparable name of the station of which this one is a part, by the end of its name; else the same name.

    Only ``tief`` and ``Gl. 5-10`` are sure signs: ``(S)`` may as well be Saale or Sachsen.
    """
    return _PART.sub("", plain)


def eva_number(text: str) -> str | None:
    """The EVA number that the text is, without leading zeros (archives pad with them), or None."""
    text = text.strip()
    if not (text.isascii() and text.isdecimal()):
        return None
    return text.lstrip("0") or "0"
