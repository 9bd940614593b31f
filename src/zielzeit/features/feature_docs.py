"""The table of features in ``docs/data.md``, made from the fields of the groups of features.

``python -m zielzeit.features.feature_docs`` writes it.
"""

from __future__ import annotations

import math
from typing import get_type_hints

from zielzeit.features.definition import GROUPS
from zielzeit.features.quantities import Quantity
from zielzeit.field_docs import field_docs, markdown
from zielzeit.settings import ROOT

PAGE = ROOT / "docs" / "data.md"


def quantities() -> dict[str, Quantity]:
    """Return unit and range of each feature, by its name and in the order of the features."""
    return {
        name: hint.__metadata__[0]
        for group in GROUPS
        for name, hint in get_type_hints(group, include_extras=True).items()
    }


def rewritten(page: str) -> str:
    """Return the page with the table of features made anew, between ``<!-- features -->`` and ``<!-- end -->``."""
    before, begin, rest = page.partition("<!-- features -->\n")
    _, end, after = rest.partition("<!-- end -->")
    return f"{before}{begin}{table()}\n{end}{after}"


def table() -> str:
    """Return the features in Markdown. Raises KeyError where a field has no docstring."""
    meanings = {name: text for group in GROUPS for name, text in field_docs(group).items()}
    rows = ["| feature | unit | range | meaning |", "|---|---|---|---|"]
    rows += [
        f"| `{name}` | {quantity.unit} | {_range(quantity)} | {markdown(meanings[name])} |"
        for name, quantity in quantities().items()
    ]
    return "\n".join(rows)


def _range(quantity: Quantity) -> str:
    least, most = (f"{bound:g}".replace("-", "−") for bound in (quantity.least, quantity.most))
    if math.isfinite(quantity.least):
        return f"{least} to {most}" if math.isfinite(quantity.most) else f"from {least}"
    return f"to {most}" if math.isfinite(quantity.most) else "any"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text()))
