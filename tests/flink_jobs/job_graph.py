"""Prints the graph of a job as JSON, without a cluster: ``python -m tests.flink_jobs.job_graph MODULE``.

A process of its own, because Flink's client starts one JVM for all that a process does. The environment has Flink's
variables and the settings.
"""

from __future__ import annotations

import importlib
import json
import sys

from flink_jobs.environment import environment
from zielzeit.settings import load


def main(module: str) -> None:
    """Print each vertex: its name and description, and the names and ids of its operators, the last one first."""
    settings = load()
    env = environment(settings)
    importlib.import_module(module).build(env, settings)
    graph = env._j_stream_execution_environment.getStreamGraph(False).getJobGraph()
    vertices = [
        {
            "name": vertex.getName(),
            "description": vertex.getOperatorPrettyName(),
            "operators": [pair.getGeneratedOperatorID().toString() for pair in vertex.getOperatorIDs()],
        }
        for vertex in graph.getVerticesSortedTopologicallyFromSources()
    ]
    print(json.dumps(vertices))


if __name__ == "__main__":
    main(sys.argv[1])
