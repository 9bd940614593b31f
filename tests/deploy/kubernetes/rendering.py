"""The manifests of deploy/kubernetes as a cluster gets them: rendered by the kustomize of kubectl."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from zielzeit.settings import ROOT

OVERLAYS = ("staging", "production")
MAIN_CONTAINER = "flink-main-container"
Manifest = dict[str, Any]


@functools.cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """Every object of an overlay."""
    kubectl = Path(sys.executable).with_name("kubectl")
    folder = ROOT / "deploy" / "kubernetes" / "overlays" / overlay
    done = subprocess.run([str(kubectl), "kustomize", str(folder)], capture_output=True, text=True, check=True)
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, kind: str) -> dict[str, Manifest]:
    """An overlay's objects of a kind, by name."""
    return {each["metadata"]["name"]: each for each in rendered(overlay) if each["kind"] == kind}


def containers(value: Any) -> Iterator[Manifest]:
    """Every container anywhere below a value, init containers included."""
    if isinstance(value, dict):
        for name, below in value.items():
            if name in ("containers", "initContainers"):
                yield from below
            else:
                yield from containers(below)
    elif isinstance(value, list):
        for below in value:
            yield from containers(below)


def environment(overlay: str, *of: Manifest) -> dict[str, str]:
    """The environment of a pod whose containers are these, merged, without what Secrets bring."""
    maps = of_kind(overlay, "ConfigMap")
    found: dict[str, str] = {}
    for container in of:
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                found |= maps[source["configMapRef"]["name"]]["data"]
    for container in of:
        found |= {variable["name"]: variable["value"] for variable in container.get("env", [])}
    return found


def job_environment(overlay: str, deployment: Manifest) -> dict[str, str]:
    """The environment that a FlinkDeployment's JobManager reads the settings from."""
    spec = deployment["spec"]
    templates = [spec["podTemplate"], spec["jobManager"]["podTemplate"]]
    return environment(
        overlay,
        *(each for template in templates for each in template["spec"].get("containers", [])),
    )
