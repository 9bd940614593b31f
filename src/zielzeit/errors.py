"""The one error that a person is meant to read."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend: the message says what was wrong, where, and what to do.

    The command line prints the message alone, without a stack trace, and exits with code 2.
    """
