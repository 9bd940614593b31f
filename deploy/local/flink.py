"""The local Flink cluster out of the pip package, and the ``flink`` command line against any cluster.

The package holds a whole distribution. Its folders stay untouched: configuration, jars and plugins of the stack are
laid out beside it under ``local_dir`` and made known by ``FLINK_…_DIR``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from deploy.local import bootstrap, scratch, zookeeper
from deploy.local.addresses import flink_address, is_local
from deploy.local.folders import Folders
from deploy.local.java import jars, java
from zielzeit.errors import UserError
from zielzeit.machine_code_cache import CACHE_VARIABLE, cache_folder
from zielzeit.settings import Settings

# What a model's loader inside a TaskManager needs: no pickles, one thread each.
WORKER_ENVIRONMENT = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "OMP_NUM_THREADS": "1",
    # A job brings its own code (flink run -pyfs); the project's folder must not stand in for it.
    "PYTHONPATH": "",
}
JOB_MANAGER_MB = 1024
TASK_MANAGER_MB = 1728
# Java's quick compiler alone, and its smallest garbage collector: a third less work until the job runs.
_QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def distribution() -> Path:
    """Folder of the Flink distribution: the pip package's."""
    spec = find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise RuntimeError("apache-flink is not installed")
    return Path(spec.origin).parent


def client_configuration(settings: Settings) -> dict[str, Any]:
    """The ``config.yaml`` of the ``flink`` command, for a cluster anywhere.

    A job takes how it runs Python, restarts and checkpoints from here: the cluster's own configuration comes too late.
    On a cluster elsewhere Python is ``python`` unless ``-pyexec`` says otherwise.
    """
    shipped: dict[str, Any] = yaml.safe_load((distribution() / "conf" / "config.yaml").read_text())
    rest = urlsplit(settings.flink_rest)
    given = {
        # The distribution's own options open Java's modules.
        "env.java.opts.all": shipped["env"]["java"]["opts"]["all"],
        # The client lives for seconds: what the better compiler costs, it never gets back.
        "env.java.opts.client": _QUICK_START,
        "rest.address": rest.hostname,
        "rest.port": rest.port or (443 if rest.scheme == "https" else 80),
        "security.ssl.rest.enabled": rest.scheme == "https",
        "python.client.executable": sys.executable,
        "python.executable": sys.executable if is_local(settings) else "python",
        "python.execution-mode": settings.flink_execution_mode,
        # What fails a job is mostly outside of it (the broker is away) and may last: attempts have no limit by default.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "1 min",
        "restart-strategy.exponential-delay.reset-backoff-threshold": "10 min",
        "execution.checkpointing.interval": f"{round(settings.checkpoint_interval_seconds * 1000)} ms",
        # A checkpoint on the heap writes all state each time; RocksDB's writes what changed.
        "state.backend.type": settings.state_backend,
        "execution.checkpointing.incremental": settings.state_backend == "rocksdb",
        # All states of a slot share 45 MB for what is not on the disk yet. With Flink's 64 MB for each state those that
        # nobody writes to hold all of it, and the others write files of a few entries (docs/performance.md).
        "state.backend.rocksdb.writebuffer.size": "4 mb",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    }
    if settings.restart_attempts:
        given["restart-strategy.exponential-delay.attempts-before-reset-backoff"] = settings.restart_attempts
    return given | _s3(settings)


def _s3(settings: Settings) -> dict[str, Any]:
    """Configuration of the S3-compatible store, for every process: a job's own configuration comes too late for it."""
    given = {
        "s3.endpoint": settings.s3_endpoint,
        "s3.access-key": settings.s3_access_key,
        "s3.secret-key": settings.s3_secret_key.get_secret_value(),
        "s3.endpoint.region": settings.s3_region,
        "s3.path.style.access": settings.s3_path_style,
    }
    return {name: value for name, value in given.items() if value != ""}


def configuration(settings: Settings) -> dict[str, Any]:
    """The local cluster's ``config.yaml``. Raises UserError if ``flink_rest`` is not on this machine."""
    folders, rest = Folders.of(settings), flink_address(settings)
    given = {
        "jobmanager.rpc.address": rest.host,
        "jobmanager.rpc.port": settings.flink_rpc_port,
        "jobmanager.bind-host": rest.host,
        "jobmanager.memory.process.size": f"{JOB_MANAGER_MB}m",
        # The JobManager only coordinates.
        "env.java.opts.jobmanager": _QUICK_START,
        # Java passes on what Python computes: compiling it better takes longer than it saves (docs/performance.md).
        "env.java.opts.taskmanager": _QUICK_START,
        "rest.bind-address": rest.host,
        "rest.bind-port": str(rest.port),
        # For so long the REST API repeats what it said of a job. Flink's 3 s are what commands would wait too long.
        "web.refresh-interval": "500 ms",
        "taskmanager.host": rest.host,
        "taskmanager.bind-host": rest.host,
        # Thread mode: two slots of one TaskManager would share one interpreter's lock.
        "taskmanager.numberOfTaskSlots": 1,
        "taskmanager.memory.process.size": f"{TASK_MANAGER_MB}m",
        # RocksDB draws on it, and the Python workers in process mode.
        "taskmanager.memory.managed.size": "320m" if settings.flink_execution_mode == "process" else "192m",
        "taskmanager.memory.task.off-heap.size": "64m",
        # RocksDB makes one file name of this path and some 200 characters more. Under a TaskManager's own folder it is
        # too long when state of several subtasks is put together: no job could go on at a smaller parallelism.
        "state.backend.rocksdb.localdir": str(folders.scratch / "db"),
        "heartbeat.timeout": "20 s",
        "heartbeat.interval": "4 s",
        # `stack status` tells why a job failed for as long as the JobManager knows it: a week instead of an hour.
        "completed-application-store.expiration-time": "7 d",
        "completed-application-store.max-capacity": 100,
        "execution.checkpointing.dir": (folders.flink / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (folders.flink / "savepoints").as_uri(),
        "metrics.reporters": "prometheus",
        "metrics.reporter.prometheus.factory.class": "org.apache.flink.metrics.prometheus.PrometheusReporterFactory",
        # The JobManager's; a TaskManager is told its own.
        "metrics.reporter.prometheus.port": metrics_ports(settings)[0],
        # Or the bound +Inf of a histogram becomes _Inf.
        "metrics.reporter.prometheus.filterLabelValueCharacters": False,
    }
    return client_configuration(settings) | given | zookeeper.flink_options(settings)


def flink_environment(settings: Settings) -> dict[str, str]:
    """Environment variables, on top of the process's own, for the distribution's scripts."""
    folder = Folders.of(settings).flink
    return {
        "JAVA_HOME": str(java().parent.parent),
        "FLINK_HOME": str(distribution()),
        "FLINK_CONF_DIR": str(folder / "conf"),
        "FLINK_LIB_DIR": str(folder / "lib"),
        "FLINK_PLUGINS_DIR": str(folder / "plugins"),
        "FLINK_LOG_DIR": str(Folders.of(settings).logs),
        "FLINK_PID_DIR": str(folder / "pid"),
        "FLINK_IDENT_STRING": "zielzeit",
        "PYFLINK_PYTHON": sys.executable,
    }


def worker_environment(settings: Settings, program: str) -> dict[str, str]:
    """Environment of a JobManager or TaskManager; its log files bear the program's name."""
    pid_dir = Folders.of(settings).flink / "pid" / program
    return {
        **flink_environment(settings),
        **WORKER_ENVIRONMENT,
        # What a command or an earlier worker has compiled is loaded: compiling takes longer than all else at a start.
        CACHE_VARIABLE: str(cache_folder()),
        "FLINK_IDENT_STRING": program,
        "FLINK_PID_DIR": str(pid_dir),
        # The dashboard shows standard output and error only from its own files.
        "STD_REDIRECT_TO_FILE": "true",
    }


def job_manager_command() -> list[str]:
    """Command that starts the JobManager in the foreground."""
    return [str(distribution() / "bin" / "jobmanager.sh"), "start-foreground"]


def metrics_ports(settings: Settings) -> list[int]:
    """Ports where Flink answers Prometheus: the JobManager's, the TaskManagers', that of the one for storage."""
    first = settings.flink_metrics_port
    return list(range(first, first + settings.task_managers + 2))


def task_manager_command(program: str, metrics_port: int) -> list[str]:
    """Command that starts a TaskManager in the foreground.

    It keeps its id over restarts: the cluster then takes the new process as the end of the old one, instead of waiting
    for the heartbeat's timeout. It keeps its port as well: Prometheus looks for it there.
    """
    given = {"taskmanager.resource-id": program, "metrics.reporter.prometheus.port": metrics_port}
    options = [f"-D{name}={value}" for name, value in given.items()]
    return [str(distribution() / "bin" / "taskmanager.sh"), "start-foreground", *options]


def prepare(settings: Settings) -> None:
    """Lay out configuration, jars and plugins of the local cluster.

    Raises UserError where the jars or Python's shared library are missing, ``flink_rest`` is not on this machine, or
    Flink would misread the path of ``local_dir``.
    """
    if settings.flink_execution_mode == "thread" and not bootstrap.has_libpython(Path(sys.executable)):
        raise UserError(f"{bootstrap.NO_LIBPYTHON.hint()}, or set ZIELZEIT_FLINK_EXECUTION_MODE=process")
    folder = Folders.of(settings).flink
    _check_path(folder)
    for name in ("checkpoints", "savepoints"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _configure(folder / "conf", configuration(settings))
    _gather(settings)


def flink_run(
    settings: Settings, args: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``flink run ARGS…`` against the cluster at ``settings.flink_rest``, here or elsewhere; output is captured.

    A failed submission raises nothing: read ``returncode``, ``stdout`` and ``stderr``. Raises UserError where Java or
    the jars are missing.
    """
    client = Folders.of(settings).flink / "client"
    _check_path(client)
    _configure(client, client_configuration(settings))
    _gather(settings)
    Folders.of(settings).logs.mkdir(parents=True, exist_ok=True)
    with scratch.of_client(Folders.of(settings)) as temporary:
        given = {**flink_environment(settings), "FLINK_CONF_DIR": str(client), **scratch.environment(temporary)}
        return subprocess.run(
            [str(distribution() / "bin" / "flink"), "run", *args],
            env={**os.environ, **given, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _check_path(folder: Path) -> None:
    """Raise UserError for a path that Flink misreads: its scripts split at spaces, and %20 of a URI stays %20."""
    if folder.as_uri() != f"file://{folder}":
        raise UserError(
            f"Flink misreads the path {folder}: set ZIELZEIT_LOCAL_DIR to one of ASCII letters, digits and . _ - ~ only"
        )


def _configure(folder: Path, content: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.yaml"
    file.touch()
    file.chmod(0o600)  # it may hold a key
    file.write_text(yaml.safe_dump(content, width=10_000))
    for shipped in (distribution() / "conf").glob("log4j*.properties"):
        shutil.copy(shipped, folder)


def _gather(settings: Settings) -> None:
    """Link the distribution's jars and ours into one folder, and the plugins into theirs."""
    folder, home = Folders.of(settings).flink, distribution()
    # flink-python lies in opt/: on a cluster it belongs beside the rest, for all jobs.
    shipped = [*home.glob("lib/*.jar"), *home.glob("opt/flink-python*.jar")]
    _link([*shipped, *jars(settings.jars_dir / "flink").glob("*.jar")], folder / "lib")
    for plugin in [*home.glob("plugins/metrics-prometheus"), *settings.jars_dir.glob("plugins/*")]:
        _link(plugin.glob("*.jar"), folder / "plugins" / plugin.name)


def _link(files: Iterable[Path], folder: Path) -> None:
    """Make the folder hold links to exactly these files; right ones stay, for a running cluster reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {file.name: file.resolve() for file in files}
    for link in folder.iterdir():
        if wanted.get(link.name) != link.resolve():
            link.unlink()
    for name, file in wanted.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(file)
