"""Which Java runs Kafka and Flink."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from zielzeit.errors import UserError


def java() -> Path:
    """The ``java`` of JAVA_HOME (``./zielzeit`` sets it to a fitting one), else the one on the path.

    Raises UserError where there is none.
    """
    home = os.environ.get("JAVA_HOME")
    if home and (binary := Path(home) / "bin" / "java").exists():
        return binary
    if found := shutil.which("java"):
        return Path(found).resolve()
    raise UserError("there is no Java: start this by ./zielzeit, or install Java 17 and set JAVA_HOME")


def jars(folder: Path) -> Path:
    """The folder, once it is known to hold jars. Raises UserError where it does not."""
    if not any(folder.glob("*.jar")):
        raise UserError(f"{folder} holds no jars: `./zielzeit setup` fetches them")
    return folder
