"""A Prometheus beside the local stack: what it scrapes, the rules that it evaluates, how it is started."""

from __future__ import annotations

import shutil
from typing import Any

import yaml

from deploy.local.addresses import prometheus_address
from deploy.local.flink import metrics_ports
from deploy.local.folders import Folders
from deploy.monitoring.files import RULES
from zielzeit.errors import UserError
from zielzeit.settings import Settings

SCRAPE_SECONDS = 15.0


def configuration(settings: Settings, seconds: float = SCRAPE_SECONDS) -> dict[str, Any]:
    """Return the content of ``prometheus.yml``; ``seconds`` are those between two scrapes."""
    flink = [f"127.0.0.1:{port}" for port in metrics_ports(settings)]
    targets = {"flink": flink[:-1], "flink-store": flink[-1:]}
    if settings.poll_metrics_port:
        targets["poller"] = [f"127.0.0.1:{settings.poll_metrics_port}"]
    if settings.node_exporter:
        targets["node"] = [settings.node_exporter]
    return {
        "global": {"scrape_interval": f"{seconds:g}s", "evaluation_interval": f"{seconds:g}s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": addresses}]} for name, addresses in targets.items()
        ],
    }


def command(settings: Settings) -> list[str]:
    """Command that starts Prometheus in the foreground."""
    folder = Folders.of(settings).prometheus
    return [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={prometheus_address(settings)}",
    ]


def prepare(settings: Settings) -> None:
    """Write the configuration. Raises UserError where Prometheus is not installed."""
    if shutil.which("prometheus") is None:
        raise UserError(
            "Prometheus is not installed: apt-get install prometheus, or `./zielzeit setup --dev` in a checkout. "
            "Debian's package starts one of its own at port 9090: stop that one, or give another port in "
            "ZIELZEIT_PROMETHEUS_URL"
        )
    folder = Folders.of(settings).prometheus
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration(settings), sort_keys=False))
