"""Runs in Airflow's environment: prints, as JSON, what Airflow makes of a folder of DAGs."""

from __future__ import annotations

import json
import sys

from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1])
dags = {
    name: {
        "schedule": dag.schedule,
        "zone": str(dag.timezone),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "parameters": {key: param.description for key, param in dag.params.items()},
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
print(json.dumps({"errors": bag.import_errors, "dags": dags}))
