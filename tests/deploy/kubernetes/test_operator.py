"""Flink's Kubernetes operator takes the FlinkDeployments: by its own CRD, its own validator and its own options."""

from __future__ import annotations

import copy
import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.local import flink
from deploy.local.java import java
from deploy.local.setup_step import alone
from tests.deploy.kubernetes.rendering import OVERLAYS, Manifest, of_kind
from zielzeit.settings import ROOT

pytestmark = pytest.mark.slow

_HERE = Path(__file__).with_name("operator")
_CRD = "META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"
_OPERATOR = "kubernetes.operator."
_AUTOSCALER = "job.autoscaler."


@pytest.fixture(scope="module")
def jars() -> Path:
    """Folder of the operator's jars, fetched once."""
    pom = _HERE / "pom.xml"
    kept = ROOT / ".local" / "operator" / hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
    with alone(ROOT / ".local"):
        if not kept.is_dir():
            fetched = kept.with_name("fetched")
            shutil.rmtree(kept.parent, ignore_errors=True)
            maven = ["mvn", "-B", "-ntp", "-q", "-f", str(pom), f"-DoutputDirectory={fetched}"]
            subprocess.run([*maven, "dependency:copy-dependencies"], check=True)
            fetched.rename(kept)
    return kept


@pytest.fixture(scope="module")
def schema(jars: Path) -> Mapping[str, Any]:
    """The schema of a FlinkDeployment, which allows no field that it does not name."""
    (jar,) = jars.glob("flink-kubernetes-operator-api-*.jar")
    with zipfile.ZipFile(jar) as archive:
        (served,) = yaml.load(archive.read(_CRD), yaml.CSafeLoader)["spec"]["versions"]
    return _strict(served["schema"]["openAPIV3Schema"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_jobs_fit_the_operators_crd(overlay: str, schema: Mapping[str, Any]) -> None:
    deployments = of_kind(overlay, "FlinkDeployment")
    assert len(deployments) == 2
    validator = jsonschema.Draft202012Validator(schema)
    for deployment in deployments.values():
        assert [error.message for error in validator.iter_errors(deployment)] == []
        mistaken = copy.deepcopy(deployment)
        mistaken["spec"]["job"]["upgradeMod"] = "last-state"
        assert not validator.is_valid(mistaken)


def test_the_operators_validator_has_no_objection(jars: Path, tmp_path: Path) -> None:
    deployments = [each for overlay in OVERLAYS for each in of_kind(overlay, "FlinkDeployment").values()]
    without_standby = copy.deepcopy(deployments[0])
    del without_standby["spec"]["flinkConfiguration"]["high-availability.type"]
    without_standby["spec"]["jobManager"]["replicas"] = 2
    with_forbidden = copy.deepcopy(deployments[0])
    with_forbidden["spec"]["flinkConfiguration"]["kubernetes.namespace"] = "other"
    objections = _objections(jars, tmp_path, [*deployments, without_standby, with_forbidden])
    assert [number for number, _ in objections] == [len(deployments), len(deployments) + 1], objections


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_flink_and_the_operator_know_each_option(overlay: str, jars: Path) -> None:
    (operator,) = jars.glob("flink-kubernetes-operator-1*.jar")
    own, python = (flink.distribution() / name for name in ("lib", "opt"))
    known = {
        _OPERATOR: _texts([operator], "org/apache/flink/kubernetes/operator/config/"),
        "": _texts([*own.glob("flink-dist*.jar"), *python.glob("flink-python*.jar")], "org/apache/flink/"),
    }
    for deployment in of_kind(overlay, "FlinkDeployment").values():
        for option in deployment["spec"]["flinkConfiguration"]:
            if option.startswith((_AUTOSCALER, "s3.", "metrics.reporter.")):
                continue  # of jars that are not here, or made of parts
            prefix = _OPERATOR if option.startswith(_OPERATOR) else ""
            # A text of a class file: its length in two bytes, then the text.
            name = option.removeprefix(prefix).encode()
            assert len(name).to_bytes(2, "big") + name in known[prefix], option


def _strict(schema: Any) -> Any:
    """The schema of a CRD, where an object that lists its fields has no others."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(below) for name, below in schema.items()}
    listed = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    if listed and "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        names = schema["properties"].keys()
        # At the top Kubernetes knows these by itself.
        strict["additionalProperties"] = False
        if "spec" in names and "status" in names:
            strict["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {}}
    return strict


def _objections(jars: Path, folder: Path, deployments: Sequence[Manifest]) -> list[tuple[int, str]]:
    """What the operator's validator objects to: number of the deployment, and its sentence."""
    files = []
    for number, deployment in enumerate(deployments):
        files.append(folder / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump(deployment))
    program = [str(java()), "-cp", f"{jars}/*", str(_HERE / "ValidateDeployment.java"), *map(str, files)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    *lines, last = done.stdout.splitlines() or [""]
    assert last == f"validated {len(files)}", done.stdout + done.stderr
    return [(files.index(Path(file)), sentence) for file, sentence in (line.split(": ", 1) for line in lines)]


def _texts(archives: Sequence[Path], folder: str) -> bytes:
    """The contents of these jars' classes below a folder."""
    found = []
    for archive in archives:
        with zipfile.ZipFile(archive) as jar:
            found += [jar.read(name) for name in jar.namelist() if name.startswith(folder) and "Option" in name]
    return b"".join(found)
