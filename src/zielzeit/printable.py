"""Text as a terminal and a log may show it: without the characters that would steer them, and without passwords."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_CONTROL = [*range(0x20), *range(0x7F, 0xA0)]
_DIRECTION = [0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
"""Characters that turn the direction of the text around them."""
_LINES = dict.fromkeys([*_CONTROL, *_DIRECTION, 0x2028, 0x2029], "\ufffd")
_LINE = _LINES | dict.fromkeys([9, 10, 11, 12, 13], " ")
_LINES |= {9: "\t", 10: "\n", 13: "\r"}


def printable(text: str) -> str:
    """The text in one line, control characters replaced: blanks for line breaks, U+FFFD for the others."""
    return text.translate(_LINE)


def printable_lines(text: str) -> str:
    """The text with its line breaks, all other control characters replaced by U+FFFD."""
    return text.translate(_LINES)


def without_login(uri: str) -> str:
    """Return a server's URI without user and password, which belong neither into logs nor on the disk."""
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.netloc else uri


def told(error: Exception) -> str:
    """Return what an error says, as one line and without the users and passwords of addresses in it."""
    return printable(re.sub(r"://[^/@\s]*@", "://", str(error)))
