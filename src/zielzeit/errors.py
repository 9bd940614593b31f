"""The error whose message is meant for the user, and exit codes of the command line."""

from __future__ import annotations

GATE_CLOSED = 3
"""Exit code where the challenger did not pass the gate. 2 is an error, 1 what Python gives for a fault of ours."""


class UserError(Exception):
    """An error that the user can fix; its message says what was wrong, where, and what to do.

    The command line prints only the message, without a stack trace, and exits with code 2.
    """
