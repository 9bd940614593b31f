"""The environment that a job is laid out in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.util.java_utils import get_j_env_configuration

from zielzeit.settings import Settings

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

_JARS: Final = "pipeline.jars"
_FLINK_PYTHON: Final = "flink-python-"


def environment(settings: Settings) -> StreamExecutionEnvironment:
    """Return the environment of ``flink run``, with the settings' parallelism and the jars of ``jars_to_send``.

    Logs the settings, since PyFlink's client sets up no logging of its own.
    """
    logging.basicConfig()
    log.info("settings: %s", settings)
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(settings.parallelism)
    # As PyFlink's own ``add_jars`` reaches it: there is no other way to what the client has configured.
    configured = get_j_env_configuration(env._j_stream_execution_environment)
    given = Configuration.parse_list_value(configured.getString(_JARS, None))
    configured.setString(_JARS, str(jars_to_send(given, settings.flink_execution_mode)))
    return env


def jars_to_send(given: Sequence[str], execution_mode: str) -> list[str]:
    """Return which of the client's jars go to the cluster with the job.

    ``flink run`` adds Flink's own jar for Python, 42 MB, to each Python job, and each TaskManager fetches it. In thread
    mode it must lie in the cluster's ``lib/`` anyway (docs/architecture.md): there it is left out.
    """
    if execution_mode != "thread":
        return list(given)
    return [jar for jar in given if not PurePosixPath(jar).name.startswith(_FLINK_PYTHON)]
