"""Docstrings of fields: the string literals below them, which Python itself forgets."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise


def field_docs(owner: type) -> dict[str, str]:
    """Return the docstring of each annotated field of a class, as one line."""
    try:
        source = inspect.getsource(owner)
    except (OSError, TypeError):  # not written in Python
        return {}
    (body,) = ast.parse(textwrap.dedent(source)).body
    fields = pairwise(body.body) if isinstance(body, ast.ClassDef) else ()
    return {
        field.target.id: " ".join(str(below.value.value).split())
        for field, below in fields
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
    }


def markdown(text: str) -> str:
    """Return a docstring as the cell of a table in Markdown; what Python calls None is null there."""
    return text.replace("``", "`").replace("|", "\\|").replace("None", "null")
