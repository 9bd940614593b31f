"""Requests to a Flink cluster's REST API; whatever goes wrong is a sentence for people."""

from __future__ import annotations

import re
from typing import Any

import requests

from zielzeit.errors import UserError
from zielzeit.settings import Settings

_TIMEOUT_SECONDS = 5.0
_PACKAGE = re.compile(r"^(?:[a-z]\w*\.)+(?=[A-Z])")
"""Package before the name of a Java class: it can be longer than the message."""
_OTHER_OPERATORS = "Cannot map checkpoint/savepoint state for operator"


def get(settings: Settings, path: str) -> Any:
    """The reply to a question, decoded. Raises UserError if no cluster answers or it refuses."""
    return ask(settings, "GET", path)


def ask(settings: Settings, method: str, path: str, body: dict[str, object] | None = None) -> Any:
    """The reply to a request, decoded. Raises UserError if no cluster answers or it refuses."""
    try:
        response = send(settings, method, path, body)
        response.raise_for_status()
        return response.json()
    except (requests.ConnectionError, requests.Timeout):
        raise UserError(
            f"no Flink cluster answers at {settings.flink_rest}: start the local stack with './zielzeit stack up' "
            "or name another cluster with ZIELZEIT_FLINK_REST"
        ) from None
    except requests.HTTPError as error:
        reason = _reason(error.response) or error
        raise UserError(f"the Flink cluster at {settings.flink_rest} refuses to answer: {reason}") from None
    except requests.RequestException as error:
        raise UserError(f"the Flink cluster at {settings.flink_rest} refuses to answer: {error}") from None


def send(settings: Settings, method: str, path: str, body: dict[str, object] | None = None) -> requests.Response:
    """The response, whatever its status. Raises requests.RequestException if there is none."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment is not for the cluster
        return session.request(method, f"{settings.flink_rest.rstrip('/')}/{path}", json=body, timeout=_TIMEOUT_SECONDS)


def cause(stack_trace: str) -> str:
    """Deepest cause in a Java stack trace, one line, its class without the package; empty if there is no trace.

    Where the operators of a savepoint are not the job's, what to do, because Flink names them by hashes.
    """
    if _OTHER_OPERATORS in stack_trace:
        return (
            "the checkpoint or savepoint is another version's, which had other operators: submit without --resume, "
            "with --start-from archive where the lake keeps the boards"
        )
    lines = [line.strip() for line in stack_trace.splitlines()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return _PACKAGE.sub("", causes[-1] if causes else lines[0] if lines else "")


def _reason(response: requests.Response) -> str:
    """Flink's own words for a refusal; empty if the reply has none."""
    try:
        errors = response.json()["errors"]
    except (ValueError, KeyError, TypeError):
        return ""
    return cause("\n".join(map(str, errors)))
