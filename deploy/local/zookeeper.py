"""The local ZooKeeper, and how Flink uses it: the JobManager that starts learns there which jobs run, and from where.

ZooKeeper holds pointers; the jobs' graphs, their code and the checkpoints' descriptions lie as files beside its data.
Both are in one folder, because one without the other keeps the JobManager from starting.
"""

from __future__ import annotations

import shutil
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deploy.local.addresses import Address, flink_address
from deploy.local.folders import Folders
from deploy.local.java import console_logging, jars, java_command
from zielzeit.settings import Settings

_TICK_MS = 2000
SESSION_SECONDS = 20
"""How long ZooKeeper takes a JobManager that is silent for alive, and a JobManager a silent ZooKeeper.

As long as Flink's own heartbeats: a new JobManager waits for it after a kill, and a busy machine must not end a job.
"""


def address(settings: Settings) -> Address:
    """Address of ZooKeeper, on the interface of the JobManager."""
    return Address(flink_address(settings).host, settings.zookeeper_port)


def flink_options(settings: Settings) -> dict[str, Any]:
    """Options of the cluster's ``config.yaml`` that let its jobs outlive the JobManager; none without ZooKeeper."""
    if not settings.high_availability:
        return {}
    return {
        "high-availability.type": "zookeeper",
        "high-availability.zookeeper.quorum": str(address(settings)),
        "high-availability.storageDir": (_folder(settings) / "storage").as_uri(),
        # Another version of Flink cannot read the graphs of this one's jobs, and would not start.
        "high-availability.cluster-id": f"/{version('apache-flink')}",
        # Otherwise any free port.
        "high-availability.jobmanager.port": settings.flink_rpc_port,
        "high-availability.zookeeper.client.session-timeout": f"{SESSION_SECONDS} s",
        # ZooKeeper asks for no password here, and Flink would complain at each connection that it has none.
        "zookeeper.sasl.disable": True,
        # There is only one JobManager: a restart of ZooKeeper need not interrupt its jobs.
        "high-availability.zookeeper.client.tolerate-suspended-connections": True,
    }


def command(settings: Settings) -> list[str]:
    """Command line that runs ZooKeeper in the foreground."""
    # The JVM's simplest compiler and collector: a few writes per checkpoint are all there is to do.
    options = ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dzookeeper.jmx.log4j.disable=true"]
    folder = _folder(settings)
    return [
        *java_command(settings.jars_dir / "zookeeper", folder, options),
        *("org.apache.zookeeper.server.ZooKeeperServerMain", str(folder / "zoo.cfg")),
    ]


def prepare(settings: Settings) -> None:
    """Write the configuration. Raises UserError if the jars are missing."""
    jars(settings.jars_dir / "zookeeper")
    folder, here = _folder(settings), address(settings)
    folder.mkdir(parents=True, exist_ok=True)
    console_logging(folder, "org.apache.zookeeper.server.ZooKeeperServer")
    properties = {
        "tickTime": _TICK_MS,
        "dataDir": folder / "zookeeper",
        "clientPort": here.port,
        "clientPortAddress": here.host,
        "admin.enableServer": "false",
        # A log ends with so many writes, and grows by so many KB at a time; by default 100,000 and 64 MB.
        "snapCount": 10_000,
        "preAllocSize": 1024,
        "autopurge.snapRetainCount": 3,
        "autopurge.purgeInterval": 1,
        "4lw.commands.whitelist": "srvr",
    }
    (folder / "zoo.cfg").write_text("".join(f"{name}={value}\n" for name, value in properties.items()))


def discard(settings: Settings) -> None:
    """Forget all jobs: those of a time with ZooKeeper must not come back after a time without."""
    shutil.rmtree(_folder(settings), ignore_errors=True)


def answers(settings: Settings, timeout_seconds: float) -> bool:
    """Return True if ZooKeeper serves requests; its port alone answers too early. Never raises."""
    try:
        with socket.create_connection(address(settings), timeout_seconds) as connection:
            connection.settimeout(timeout_seconds)
            connection.sendall(b"srvr")
            return b"Mode: standalone" in b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError:
        return False


def _folder(settings: Settings) -> Path:
    return Folders.of(settings).flink / "high-availability"
