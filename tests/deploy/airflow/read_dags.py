"""Runs in Airflow's environment: prints, as JSON, what Airflow makes of a folder of DAGs, its options and commands."""

from __future__ import annotations

import json
import sys

from airflow.cli.cli_config import core_commands
from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1])
dags = {
    name: {
        "schedule": dag.schedule,
        "zone": str(dag.timezone),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "parameters": {key: param.description for key, param in dag.params.items()},
        "defaults": {key: param.resolve() for key, param in dag.params.items() if param.has_value},
        "tasks": [
            {
                "name": task.task_id,
                "after": sorted(task.upstream_task_ids),
                "command": task.bash_command,
                "retries": task.retries,
                "retry_minutes": task.retry_delay.total_seconds() / 60,
                "timeout_minutes": task.execution_timeout.total_seconds() / 60,
                "skips_on": task.skip_on_exit_code,
            }
            for task in dag.topological_sort()
        ],
    }
    for name, dag in bag.dags.items()
}
options = {
    f"AIRFLOW__{section}__{name}".upper(): one["default"]
    for section, described in conf.configuration_description.items()
    for name, one in described["options"].items()
}
commands = [command.name for command in core_commands]
print(json.dumps({"errors": bag.import_errors, "dags": dags, "options": options, "commands": commands}))
