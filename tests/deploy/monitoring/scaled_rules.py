"""The shipped rules with shorter times, so that a test sees within seconds what takes an hour in operation."""

from __future__ import annotations

import re
from typing import Any

import yaml

_MINUTES = r"(\d+)m"
_WINDOW = re.compile(rf"\[{_MINUTES}\]")
_OTHER_TIMES = re.compile(r"\[(?!\d+ms\])|\b(?:offset|@)\b")


def scaled(rules: str, factor: int) -> str:
    """Return the file of rules with each ``for`` and each window divided by ``factor``; nothing else is changed.

    Thresholds stay as they are, those in seconds as well. Raises ValueError for a time that is not in minutes.
    """
    content = yaml.safe_load(rules)
    for group in content["groups"]:
        for rule in group["rules"]:
            _scale(rule, factor)
    return yaml.safe_dump(content, sort_keys=False, width=1000)


def _scale(rule: dict[str, Any], factor: int) -> None:
    minutes = re.fullmatch(_MINUTES, rule["for"])
    rule["expr"] = _WINDOW.sub(lambda window: f"[{_shorter(window[1], factor)}]", rule["expr"])
    if minutes is None or _OTHER_TIMES.search(rule["expr"]):
        raise ValueError(f"{rule['alert']} has a time that is not in minutes: {rule['for']}, {rule['expr']}")
    rule["for"] = _shorter(minutes[1], factor)


def _shorter(minutes: str, factor: int) -> str:
    return f"{int(minutes) * 60_000 // factor}ms"
