"""The thresholds of ``promotion.toml``, typed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from zielzeit.errors import UserError

FILE = Path(__file__).with_name("promotion.toml")


class PromotionThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits that a challenger must hold; the file says what each one means."""

    newest_days: int
    mae_ratio: float
    class_mae_ratio: float
    coverage_lowest: float
    coverage_highest: float
    skill_lowest: float


class DataThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of the data that a retraining and `lake check` accept; the file says what each one means."""

    stale_days: int
    rows_lowest: float
    label_rate_lowest: float
    delay_shift: float
    hole_minutes: float


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Content of the file."""

    promotion: PromotionThresholds
    data: DataThresholds


def load(path: Path = FILE) -> Thresholds:
    """Read the file. Raises UserError where it is missing or does not hold exactly these thresholds."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Thresholds)
    except (OSError, msgspec.DecodeError) as error:
        raise UserError(f"{path}: {error}") from None
