"""Flags of commands that are settings: name, range, default and help text of each come from ``zielzeit.settings``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types
import typer

from zielzeit.settings import Settings, environment_variable, flag, load


def _setting(name: str) -> Any:
    """The option of a setting."""
    field = Settings.model_fields[name]
    limits: dict[type, Any] = {type(limit): limit for limit in field.metadata}
    least, most = limits.get(annotated_types.Ge), limits.get(annotated_types.Le)
    return typer.Option(
        flag(name),
        help=field.description,
        envvar=environment_variable(name),
        show_default=False if field.default in ("", False) or field.default_factory else str(field.default),
        min=least and least.ge,
        max=most and most.le,
    )


FlinkRest = Annotated[str | None, _setting("flink_rest")]
KafkaBootstrap = Annotated[str | None, _setting("kafka_bootstrap")]
TopicPrefix = Annotated[str | None, _setting("topic_prefix")]
GroupId = Annotated[str | None, _setting("group_id")]
StartFrom = Annotated[
    Literal["group-offsets", "earliest-offset", "latest-offset", "archive"] | None, _setting("start_from")
]
Bounded = Annotated[bool | None, _setting("bounded")]
LakeAt = Annotated[str | None, _setting("lake")]
StoreIntervalSeconds = Annotated[float | None, _setting("store_interval_seconds")]
MlflowUri = Annotated[str | None, _setting("mlflow_uri")]
ModelName = Annotated[str | None, _setting("model_name")]
ModelAlias = Annotated[str | None, _setting("model_alias")]
Parallelism = Annotated[int | None, _setting("parallelism")]
PollIntervalSeconds = Annotated[float | None, _setting("poll_interval_seconds")]
NoRelated = Annotated[bool | None, _setting("no_related")]
Gap = Annotated[int | None, _setting("gap")]
Settle = Annotated[int | None, _setting("settle")]
EarlyMinutes = Annotated[int | None, _setting("early_minutes")]
Grace = Annotated[int | None, _setting("grace")]
MaxSilence = Annotated[int | None, _setting("max_silence")]
Yes = Annotated[bool, typer.Option("--yes", help="Install missing system packages without asking.")]
"""Read by the launcher ``zielzeit``, before the command runs."""
Wait = Annotated[bool, typer.Option("--wait", help="With --bounded: wait until the job has finished.")]
Today = Annotated[
    datetime | None,
    typer.Option("--today", formats=["%Y-%m-%d"], help="Date against which the data must be fresh; default: today."),
]
Thresholds = Annotated[
    Path | None, typer.Option("--thresholds", help="File of thresholds; default: training/promotion.toml.")
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        help="Savepoint or checkpoint to go on from; latest: the newest of either on the local stack.",
    ),
]


def settings_of(context: typer.Context) -> Settings:
    """The environment's settings, and over them the flags of the command that runs, and of the group it belongs to.

    Raises UserError, with the names of the flags and variables that are wrong.
    """
    flags: dict[str, object] = {}
    commands = [context] if context.parent is None else [context.parent, context]
    for command in commands:
        for name, value in command.params.items():
            source = command.get_parameter_source(name)
            if name in Settings.model_fields and source is not None and source.name == "COMMANDLINE":
                flags[name] = value
    return load(flags=flags, **flags)
