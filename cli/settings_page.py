"""The page ``docs/settings.md``, made from the settings' descriptions; ``python -m cli.settings_page`` writes it."""

from __future__ import annotations

from pydantic import SecretStr

from zielzeit.settings import ROOT, Settings, environment_variable

PAGE = ROOT / "docs" / "settings.md"

_HEAD = """# Settings

Every setting has one name: `gap` in `src/zielzeit/settings.py`, `ZIELZEIT_GAP` in the environment, and `--gap` on the
commands that take it. A flag goes before the environment. Jobs read the settings when they are submitted; a running job
keeps those it began with. This page is made by `python -m cli.settings_page`.

| variable | default | meaning |
|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    defaults = Settings.model_construct().model_dump()
    rows = [
        f"| `{environment_variable(name)}` | {_default(defaults[name])} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return _HEAD + "".join(rows)


def _default(value: object) -> str:
    if isinstance(value, SecretStr) or value == "":
        return ""
    return f"`{value}`".replace(f"{ROOT}/", "")


if __name__ == "__main__":
    PAGE.write_text(page())
