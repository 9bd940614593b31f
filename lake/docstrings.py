"""What the source says of a class's fields: the string literals below them, which Python itself forgets."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise


def field_docs(owner: type) -> dict[str, str]:
    """Field → its docstring as one line, for those that have one."""
    (body,) = (node for node in ast.parse(textwrap.dedent(inspect.getsource(owner))).body)
    if not isinstance(body, ast.ClassDef):
        raise TypeError(f"{owner} is no class")
    return {
        field.target.id: " ".join(ast.literal_eval(below.value).split())
        for field, below in pairwise(body.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
