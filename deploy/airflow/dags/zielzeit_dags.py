"""One DAG for each routine of deploy/schedules/routines.py. Tasks run the project's commands in its own environment."""

from __future__ import annotations

import os
import shlex
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param, chain

ROOT = Path(__file__).resolve().parents[3]
sys.path += [str(folder) for folder in (ROOT, ROOT / "src") if str(folder) not in sys.path]

from deploy.schedules.routines import LAKE, NO_CHANGE, RETRY_MINUTES, ZONE, Routine, Step, routines_of  # noqa: E402

_BEGIN = datetime(2026, 1, 1, tzinfo=ZoneInfo(ZONE))


def _dag(routine: Routine) -> DAG:
    with DAG(
        f"zielzeit_{routine.name}",
        description=routine.meaning,
        schedule=routine.cron,
        start_date=_BEGIN,
        catchup=False,  # a scheduler that was down makes up for one run at most
        max_active_runs=1,
        params={
            name: Param(
                **({} if one.default is None else {"default": one.default}),
                type="string",
                minLength=1,
                description=one.meaning,
            )
            for name, one in routine.parameters.items()
        },
        user_defined_filters={"quote": shlex.quote},
        tags=["zielzeit"],
    ) as dag:
        chain(*(_task(step) for step in routine.steps))
    return dag


def _task(step: Step) -> BashOperator:
    return BashOperator(
        task_id=step.name,
        bash_command=step.command(lambda parameter: f"{{{{ params.{parameter} | quote }}}}"),
        cwd=str(ROOT),
        skip_on_exit_code=NO_CHANGE,
        execution_timeout=timedelta(minutes=step.timeout_minutes),
        retries=step.retries,
        retry_delay=timedelta(minutes=RETRY_MINUTES),
    )


for _routine in routines_of(os.environ.get("ZIELZEIT_LAKE") or LAKE):
    globals()[f"zielzeit_{_routine.name}"] = _dag(_routine)
