"""The error whose message is meant for the user."""

from __future__ import annotations


class UserError(Exception):
    """An error that the user can fix; its message says what was wrong, where, and what to do.

    The command line prints only the message, without a stack trace, and exits with code 2.
    """
