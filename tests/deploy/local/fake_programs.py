"""Stand-ins for programs of the system."""

from __future__ import annotations

from pathlib import Path


def programs(folder: Path, **scripts: str) -> Path:
    """Write executable shell scripts; ``apt_get`` becomes ``apt-get``. Each finds itself as ``$0``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in scripts.items():
        file = folder / name.replace("_", "-")
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
    return folder
