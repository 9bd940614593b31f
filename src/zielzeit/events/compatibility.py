"""Whether a consumer of the last release can read what is written now: a schema may only gain optional fields."""

from __future__ import annotations

from typing import Any, Final

from zielzeit.events import json_schema

RELEASED: Final = json_schema.FOLDER / "released"
"""The schemas of the last release. A release copies ``schemas/*.json`` there."""


def breaks(old: dict[str, Any], new: dict[str, Any], where: str = "") -> list[str]:
    """Return what a consumer of the old schema would stumble over, one sentence each."""
    found = _broken_fields(old, new, where)
    for name, definition in old.get("$defs", {}).items():
        later = new.get("$defs", {}).get(name)
        found += [f"{name} is gone"] if later is None else breaks(definition, later, f"{name}.")
    return found


def _broken_fields(old: dict[str, Any], new: dict[str, Any], where: str) -> list[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    required, now_required = set(old.get("required", ())), set(new.get("required", ()))
    found = [f"{where}{name} is gone" for name in before if name not in after]
    found += [f"{where}{name} is new and not optional" for name in now_required - set(before)]
    found += [f"{where}{name} may be absent now" for name in required - now_required if name in after]
    found += [f"{where}{name} was optional" for name in now_required & set(before) - required]
    found += [
        f"{where}{name} has another type"
        for name, value in before.items()
        if name in after and _type(value) != _type(after[name])
    ]
    return sorted(found)


def _type(value: Any) -> Any:
    """The schema of a field without what is said about it."""
    if isinstance(value, dict):
        return {key: _type(one) for key, one in value.items() if key not in ("description", "title")}
    return [_type(one) for one in value] if isinstance(value, list) else value
