"""A server's text steers no terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zielzeit.printable import printable, printable_lines


@given(st.text(st.characters(categories=["Cc", "Cf", "Lu", "Zs", "Zl"])))
def test_no_control_character_is_left(text: str) -> None:
    one, several = printable(text), printable_lines(text)
    assert len(one) == len(several) == len(text)
    assert not {sign for sign in one if ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0}
    assert not {sign for sign in several if (ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0) and sign not in "\t\n\r"}


def test_letters_stay_and_lines_become_one() -> None:
    assert printable("Köln\nHbf \x1b[2J\u202e") == "Köln Hbf \ufffd[2J\ufffd"
    assert printable_lines("Köln\r\nHbf\x9b") == "Köln\r\nHbf\ufffd"
