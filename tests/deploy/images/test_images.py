"""The Dockerfile is sound, copies what there is, and its images hold what their programs need."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from deploy.local import flink, mlflow
from tests.deploy.container_checks import parsed, settings_of
from zielzeit.settings import ROOT

FOLDER = ROOT / "deploy" / "images"
# Continued lines as one, without comments.
TEXT = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", (FOLDER / "Dockerfile").read_text(), flags=re.MULTILINE))
STAGES = {stage.split(" AS ")[1].splitlines()[0]: stage for stage in re.split(r"^FROM ", TEXT, flags=re.MULTILINE)[1:]}
TARGETS = ("job", "commands", "poller", "registry", "airflow")


def environment(target: str) -> dict[str, str]:
    """Environment variables of an image, those of the images below it included."""
    base = STAGES[target].split()[0]
    below = environment(base) if base in STAGES else {}
    found = re.findall(r"^ENV (.*)$", STAGES[target], re.MULTILINE)
    return below | dict(pair.split("=", 1) for line in found for pair in line.split())


def instruction(target: str, name: str) -> str:
    """The last instruction of this name of an image."""
    found = re.findall(rf"^{name} (.*)$", STAGES[target], re.MULTILINE)
    return str(found[-1]) if found else instruction(STAGES[target].split()[0], name)


def test_the_linter_has_no_objection() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(hadolint), str(FOLDER / "Dockerfile")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_has_a_pinned_base_no_root_and_a_health_check(target: str) -> None:
    outside = [stage.split()[0] for stage in STAGES.values() if stage.split()[0] not in STAGES]
    assert all(re.fullmatch(r"[\w/.-]+:[\w.-]*\d[\w.-]*", base) for base in outside), outside
    assert instruction(target, "USER") == "9999"
    assert "--uid 9999" in STAGES["base"]
    health = instruction(target, "HEALTHCHECK")
    assert (health == "NONE") == (target == "commands")
    if health != "NONE":
        port = re.search(r"127\.0\.0\.1:(\d+)/", health)
        assert port is not None
        assert port[1] in instruction(target, "EXPOSE").split()


def test_what_is_copied_is_there_and_not_ignored() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", TEXT, re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert len(sources) > 10
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] in sent, source
    packages = {init.parent.name for init in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(sources), "the wheel lacks packages"


def test_ports_variables_and_commands_are_those_of_the_code() -> None:
    worker = {name: value for name, value in flink.WORKER_ENVIRONMENT.items() if name != "PYTHONPATH"}
    assert worker.items() <= environment("job").items()
    compiling = re.search(r"^RUN (NUMBA.*) /opt/zielzeit/bin/python -m zielzeit.features.compile$", TEXT, re.MULTILINE)
    assert compiling is not None
    target = dict(pair.split("=", 1) for pair in compiling[1].split())
    assert target.items() <= environment("job").items(), "machine code for another place or processor is not found"
    assert mlflow.ENVIRONMENT.items() <= environment("registry").items()
    settings = settings_of(environment("poller"))
    assert instruction("poller", "EXPOSE") == str(settings.poll_metrics_port)
    assert environment("job")["ZIELZEIT_JARS_DIR"] in STAGES["job"]
    for target in ("commands", "poller"):
        assert json.loads(instruction(target, "ENTRYPOINT"))[-1] == "zielzeit"
    assert parsed(["topics"]) == "topics"


def test_the_poller_has_all_packages_that_it_imports() -> None:
    program = """
import sys
from typer.main import get_command
from cli.app import build
get_command(build())
from zielzeit.sources import check, plan, run, station_list
from zielzeit.stations.table import register
import zielzeit.progress, zielzeit.terminal_table, deploy.images.healthy
register("")
print("\\n".join({name.partition(".")[0] for name in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT,
                          env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"})  # fmt: skip
    known = packages_distributions()
    imported = {package.lower().replace("_", "-") for name in done.stdout.split() for package in known.get(name, [])}
    lines = (FOLDER / "poller.in").read_text().splitlines()
    declared = {re.split(r"[<=>[]", line)[0] for line in lines if line and not line.startswith("#")}
    project = {re.split(r"[<=>[]", line)[0] for line in (ROOT / "requirements.in").read_text().splitlines()}
    assert imported & project - {"setuptools"} <= declared
    assert declared <= project


@pytest.mark.parametrize("script", ["docker-entrypoint.sh", "lay_out_flink.sh"])
def test_scripts_can_be_read_by_a_shell(script: str) -> None:
    subprocess.run(["bash", "-n", str(FOLDER / script)], check=True)
    if script == "docker-entrypoint.sh":
        done = subprocess.run([str(FOLDER / script), "echo", "a b"], capture_output=True, text=True, check=True)
        assert done.stdout == "a b\n"
