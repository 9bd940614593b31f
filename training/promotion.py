"""Promotion: the challenger becomes champion if it holds every rule on the newest days; return to an older version."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import mlflow
import msgspec
from mlflow.exceptions import MlflowException

from training import dataset, evaluation, examples, model_registry
from training.thresholds import PromotionThresholds
from zielzeit.errors import UserError
from zielzeit.model.delay_model import LightGBMModel
from zielzeit.printable import told
from zielzeit.settings import Settings

Figures = dict[str, dict[str, Any]]
"""By class, as ``evaluation.measures`` makes them."""


class PromotionResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result of comparing challenger and champion."""

    promoted: bool
    challenger: str
    champion: str | None
    first_day: str
    last_day: str
    reasons: tuple[str, ...]
    """The rules that the challenger broke; empty where it was promoted."""


def broken_rules(challenger: Figures, champion: Figures | None, rules: PromotionThresholds) -> list[str]:
    """The rules that a challenger breaks, one sentence each. Without a champion only its own figures count."""
    if not challenger:
        return ["no train of any class arrived on the days that judge"]
    broken = []
    for name, figures in challenger.items():
        if not rules.coverage_lowest <= figures["coverage"] <= rules.coverage_highest:
            broken.append(
                f"{name}: coverage {figures['coverage']:.3f} outside {rules.coverage_lowest}–{rules.coverage_highest}"
            )
        if figures["skill"] < rules.skill_lowest:
            broken.append(f"{name}: skill {figures['skill']:.3f} below {rules.skill_lowest}")
    if champion is None:
        return broken
    broken += [f"{name}: the champion has this class, the challenger has not" for name in champion.keys() - challenger]
    shared = challenger.keys() & champion.keys()
    ratio = _error(challenger, shared) / max(_error(champion, shared), 1e-9)
    if ratio > rules.mae_ratio:
        broken.append(f"MAE {ratio:.4f} of the champion's, at most {rules.mae_ratio}")
    for name in sorted(shared):
        ratio = challenger[name]["mae"] / max(champion[name]["mae"], 1e-9)
        if ratio > rules.class_mae_ratio:
            broken.append(f"{name}: MAE {ratio:.4f} of the champion's, at most {rules.class_mae_ratio}")
    return broken


def promote(settings: Settings, folder: Path, rules: PromotionThresholds) -> PromotionResult:
    """Compare the challenger with the champion on the newest days and move the alias if it breaks no rule.

    Raises UserError where there is no challenger, or where one of both was trained on every day.
    """
    client = mlflow.MlflowClient()
    challenger = _version(client, settings, model_registry.CHALLENGER)
    if challenger is None:
        raise UserError(f"{settings.model_name} has no challenger: train one with `zielzeit train`")
    champion = _version(client, settings, settings.model_alias)
    if champion == challenger:
        raise UserError(f"version {challenger} of {settings.model_name} is the champion already")
    models = {
        version: model_registry.fetch(f"models:/{settings.model_name}/{version}")[0]
        for version in (challenger, champion)
        if version
    }
    first, last = _newest_days(folder, list(models.values()), rules)
    figures = {
        version: evaluation.summary(evaluation.evaluate(model, folder, first, last))["classes"]
        for version, model in models.items()
    }
    broken = broken_rules(figures[challenger], figures.get(champion or ""), rules)
    result = PromotionResult(
        promoted=not broken,
        challenger=challenger,
        champion=champion,
        first_day=str(first),
        last_day=str(last),
        reasons=tuple(broken),
    )
    if not broken:
        if champion is not None:
            client.set_registered_model_alias(settings.model_name, model_registry.PREVIOUS, champion)
        client.set_registered_model_alias(settings.model_name, settings.model_alias, challenger)
    record = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "result": msgspec.to_builtins(result),
        "figures": figures,
    }
    client.set_model_version_tag(
        settings.model_name, challenger, "promotion", msgspec.json.encode(record["result"]).decode()
    )
    run_id = client.get_model_version(settings.model_name, challenger).run_id
    client.log_dict(str(run_id), record, f"promotion-{record['at']}.json")
    return result


def roll_back(settings: Settings) -> tuple[str, str]:
    """Make the previous champion champion again; returns (old, new) version. Raises UserError where there is none."""
    client = mlflow.MlflowClient()
    previous, champion = (
        _version(client, settings, alias) for alias in (model_registry.PREVIOUS, settings.model_alias)
    )
    if previous is None or champion is None or previous == champion:
        raise UserError(f"{settings.model_name} has no previous champion to go back to")
    client.set_registered_model_alias(settings.model_name, settings.model_alias, previous)
    client.set_registered_model_alias(settings.model_name, model_registry.PREVIOUS, champion)
    client.set_model_version_tag(settings.model_name, champion, "rolled_back", datetime.now(UTC).isoformat())
    return champion, previous


def make_champion(settings: Settings, version: str) -> str | None:
    """Make a version champion without asking the gate; returns the champion before it, None where there was none.

    Raises UserError where there is no such version, or where it is the champion.
    """
    client = mlflow.MlflowClient()
    champion = _version(client, settings, settings.model_alias)
    if champion == version:
        raise UserError(f"version {version} of {settings.model_name} is the champion already")
    known = {str(one.version) for one in client.search_model_versions(f"name='{settings.model_name}'")}
    if version not in known:
        there = ", ".join(sorted(known, key=int)) or "none"
        raise UserError(f"{settings.model_name} has no version {version}; versions: {there}")
    client.set_registered_model_alias(settings.model_name, settings.model_alias, version)
    if champion is not None:
        client.set_registered_model_alias(settings.model_name, model_registry.PREVIOUS, champion)
    client.set_model_version_tag(settings.model_name, version, "promoted_by_hand", datetime.now(UTC).isoformat())
    return champion


def _version(client: mlflow.MlflowClient, settings: Settings, alias: str) -> str | None:
    try:
        return str(client.get_model_version_by_alias(settings.model_name, alias).version)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise UserError(f"the registry at {model_registry.address()} does not answer: {told(error)}") from None


def _newest_days(folder: Path, models: list[LightGBMModel], rules: PromotionThresholds) -> tuple[date, date]:
    trained = max((model.card.trained_until for model in models), default="")
    days = [day for day in examples.days(folder) if not trained or day > _safe(trained)]
    if not days:
        raise UserError(f"{folder} has no days after {_safe(trained)}: both models were trained on all the rest")
    return days[-rules.newest_days :][0], days[-1]


def _safe(trained_until: str) -> date:
    return date.fromisoformat(trained_until) + timedelta(days=dataset.GAP_DAYS)


def _error(figures: Figures, names: set[str]) -> float:
    total = sum(figures[name]["n"] for name in names)
    return float(sum(figures[name]["mae"] * figures[name]["n"] for name in names) / max(total, 1))
