"""Parquet files that other programs wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from zielzeit.errors import UserError


@contextmanager
def readable_parquet(file: str | Path) -> Iterator[None]:
    """Raise UserError, one sentence with the file, for what pyarrow raises at one that cannot be read."""
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UserError(f"{file} is not a readable Parquet file: {str(error).splitlines()[0]}") from None
