"""A measurement: what was measured, of which system, its median and extremes, and on which machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
import psutil

from zielzeit.errors import UserError


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table: an object of the JSON file."""

    workload: str
    """What was to be done, e.g. ``engines``."""
    system: str
    """What did it, or under which condition, e.g. ``Quix Streams``."""
    guarantee: str
    """What a failure can cost: ``exactly once``, ``at least once``, or empty where nothing is written."""
    unit: str
    """Unit of the values, e.g. ``rows/s``."""
    median: float
    min: float
    max: float
    runs: int
    """Number of values that the median is of."""
    note: str = ""
    """Size of the input, and what else must be known to compare."""
    machine: str = ""
    """Processor, cores, memory, system and Python."""


def summary(
    workload: str, system: str, unit: str, values: Sequence[float], *, guarantee: str = "", note: str = ""
) -> Measurement:
    """Return median and extremes of the values of several runs, rounded to four digits."""
    return Measurement(
        workload=workload,
        system=system,
        guarantee=guarantee,
        unit=unit,
        median=_rounded(median(values)),
        min=_rounded(min(values)),
        max=_rounded(max(values)),
        runs=len(values),
        note=note,
        machine=machine(),
    )


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def machine() -> str:
    """Return what this machine is, in one line; no name or path of it."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def _processor() -> str:
    """Model of the processor as Linux tells it, else its architecture."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def write(measurements: Sequence[Measurement], file: Path) -> None:
    """Write measurements as a JSON list, one object a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(msgspec.json.encode(one).decode() for one in measurements)
    file.write_text(f"[\n{lines}\n]\n")


def read(file: Path) -> list[Measurement]:
    """Measurements that ``write`` wrote. Raises UserError for any other file."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Measurement])
    except (OSError, msgspec.DecodeError) as error:
        raise UserError(
            f"{file} holds no measurements ({error}): make them with `zielzeit bench --json {file}`"
        ) from None
