"""Runs in Airflow's environment: commands of Airflow's command line, one after the other in one process.

A command begins with importing Airflow, and a task with a server of its own: ten seconds that are spent once here.
Takes ``{"arguments": […], "environment": {…}}`` in lines, and answers each with a line: the exit status.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

from airflow.cli import cli_parser

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what the commands print goes to the log
parser = cli_parser.get_parser()
for line in sys.stdin:
    request = json.loads(line)
    before = dict(os.environ)
    os.environ.update(request["environment"])
    status = 0
    try:
        arguments = parser.parse_args(request["arguments"])
        arguments.func(arguments)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except Exception:  # noqa: BLE001 - a command that fails ends with a trace, and the next one runs
        traceback.print_exc()
        status = 1
    finally:
        os.environ.clear()
        os.environ.update(before)
    print(status, file=answers, flush=True)
