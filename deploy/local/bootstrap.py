"""What must be there before the command line runs: the virtual environment, and for some commands Java, Maven and jars.

Each is made once. A stamp is written last: a step that was interrupted is done again.

Standard library only, Python from 3.9: the launcher ``zielzeit`` runs this on whatever ``python3`` is.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Sequence  # noqa: UP035 - this file runs on Python 3.9

from deploy.local import kafka_connector
from deploy.local.setup_step import SetupError, alone, run
from deploy.local.system_packages import Missing, SystemPackages

_PYTHON = (3, 11)
_JAVA = range(17, 22)  # Kafka needs 17, Flink is tested up to 21
_UV = "uv==0.9.11"

_VENV = Missing("Python's venv module is not whole, it makes the virtual environment", ["python3.11-venv"])
NO_JAVA = Missing(
    "Java 17 to 21 is not installed, Kafka and Flink run on it", ["openjdk-17-jre-headless", "openjdk-21-jre-headless"]
)
NO_MAVEN = Missing("Maven is not installed, it fetches the jars of Kafka and Flink", ["maven"])
NO_OPENMP = Missing("the OpenMP runtime (libgomp.so.1) is not installed, LightGBM needs it", ["libgomp1"])
NO_LIBPYTHON = Missing(
    "Python 3.11 has no shared library, Flink needs it to run Python in its own process "
    "(pyenv builds one with PYTHON_CONFIGURE_OPTS=--enable-shared)",
    ["libpython3.11"],
)

NO_EXPORTER = Missing("Prometheus's exporter is not installed, it knows the disks", ["prometheus-node-exporter"])
NO_BROWSER = Missing("Chromium is not installed, a test looks at dashboards with it", ["chromium"])
NO_PROMETHEUS = Missing("Prometheus is not installed, tests check its rules and let it watch the stack", ["prometheus"])


# --- Python ---------------------------------------------------------------------------------------------------------


def ensure_python(root: Path, packages: SystemPackages, development: bool = False) -> Path:
    """The interpreter of an environment that has what requirements.txt says (and requirements-dev.txt, for tests)."""
    files = [root / "requirements.txt", root / "requirements-dev.txt"]
    return _ensure_environment(root, root / ".venv", files[: 2 if development else 1], packages)


def ensure_airflow(root: Path, packages: SystemPackages) -> Path:
    """The interpreter of Airflow's own environment, which has what deploy/airflow/requirements.txt says."""
    return _ensure_environment(root, airflow(root), [root / "deploy" / "airflow" / "requirements.txt"], packages)


def airflow(root: Path) -> Path:
    """Folder of Airflow's environment."""
    return root / ".local" / "airflow"


def uv(root: Path) -> Path:
    """The program uv, which making an environment fetched; missing where it was made by pip."""
    return root / ".local" / "tools" / "bin" / "uv"


def _ensure_environment(root: Path, venv: Path, files: Sequence[Path], packages: SystemPackages) -> Path:
    python, stamp = venv / "bin" / "python", venv / "zielzeit.json"
    wanted = [_digest(file) for file in files]
    if _is_done(stamp, wanted) and python.exists():
        return python
    with alone(root / ".local"):
        if _is_done(stamp, wanted) and python.exists():
            return python
        if not _runs(python):
            shutil.rmtree(venv, ignore_errors=True)
            _make_environment(root, _find_python(), venv, packages)
        stamp.unlink(missing_ok=True)
        for file in files:
            _install(root, python, file)
        stamp.write_text(json.dumps(wanted))
    return python


def _is_done(stamp: Path, wanted: Sequence[str]) -> bool:
    """Return True if the stamp begins with the wanted digests."""
    try:
        return bool(json.loads(stamp.read_text())[: len(wanted)] == list(wanted))
    except (OSError, ValueError):
        return False


def _runs(python: Path) -> bool:
    """Return True if this Python runs, has pip and the right version; its base Python may have been removed."""
    try:
        check = f"import sys, pip; sys.exit(sys.version_info[:2] != {_PYTHON})"
        return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _find_python() -> str:
    if sys.version_info[:2] == _PYTHON:
        return sys.executable
    found = shutil.which("python3.11")
    if found:
        return found
    raise SetupError(
        "Python 3.11 is not installed. Debian 12: apt-get install python3.11 python3.11-venv; Ubuntu: the deadsnakes "
        "archive has it; macOS: brew install python@3.11; anywhere: pyenv install 3.11. Then start this again."
    )


def _make_environment(root: Path, python: str, venv: Path, packages: SystemPackages) -> None:
    make = [python, "-m", "venv", str(venv)]
    try:
        run(root / ".local", "making the virtual environment", make)
    except SetupError:
        # Debian ships venv without ensurepip unless the package is there.
        shutil.rmtree(venv, ignore_errors=True)
        packages.require([_VENV])
        run(root / ".local", "making the virtual environment", make)


def _install(root: Path, python: Path, requirements: Path) -> None:
    """Install with uv, in a fifth of pip's time; with pip if uv fails (no wheel, an index that only pip knows)."""
    local, by = root / ".local", uv(root)
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    title = f"installing {requirements.relative_to(root)}"
    # Compiled once here, or by every process at its start where PYTHONDONTWRITEBYTECODE is set.
    by_uv = [str(by), "pip", "install", "--compile-bytecode", "--python", str(python), "-r", str(requirements)]
    try:
        if not by.exists():
            run(local, "fetching uv", [*pip, "--target", str(by.parent.parent), "--upgrade", _UV])
        run(local, title, by_uv)
    except SetupError:
        run(local, f"{title} with pip", [*pip, "--no-deps", "-r", str(requirements)])


# --- Java, jars, shared libraries -------------------------------------------------------------------------------------


def ensure_java(root: Path, python: Path, packages: SystemPackages, development: bool = False) -> Path:
    """JAVA_HOME of a Java that fits, once all system packages (for tests, too) and the jars of pom.xml are there."""
    missing = [] if find_java() else [NO_JAVA]
    missing += [] if shutil.which("mvn") else [NO_MAVEN]
    missing += [] if has_openmp() else [NO_OPENMP]
    missing += [] if has_libpython(python) else [NO_LIBPYTHON]
    missing += missing_for_tests() if development else []
    packages.require(missing)
    home = find_java()
    if not home:
        raise SetupError("Java was installed, yet there is none: set JAVA_HOME to a Java from 17 to 21")
    fetch_jars(root / "pom.xml", root / ".local" / "jars", packages)
    return home


def fetch_jars(pom: Path, jars: Path, packages: SystemPackages, live: bool = True) -> None:
    """Make the folder hold the jars that pom.xml lists, with the connector mended; does nothing where it does.

    Raises SetupError without Maven.
    """
    stamp, wanted = jars / "zielzeit.json", [_digest(pom), _digest(Path(kafka_connector.__file__))]
    if _is_done(stamp, wanted):
        return
    with alone(jars.parent):
        if _is_done(stamp, wanted):
            return
        if not _is_done(stamp, wanted[:1]):
            _fetch_jars(pom, jars, packages, live)
        kafka_connector.mend(jars / "flink")
        stamp.write_text(json.dumps(wanted))


def _fetch_jars(pom: Path, jars: Path, packages: SystemPackages, live: bool) -> None:
    home = find_java()
    packages.require([*([] if home else [NO_JAVA]), *([] if shutil.which("mvn") else [NO_MAVEN])])
    os.environ["JAVA_HOME"] = str(home or find_java())
    fetched = jars.with_name("jars.new")
    shutil.rmtree(fetched, ignore_errors=True)
    maven = ["mvn", "-B", "-ntp", "-f", str(pom), f"-Djars={fetched}", "generate-resources"]
    run(jars.parent, "fetching the jars of Kafka and Flink", maven, live)
    shutil.rmtree(jars, ignore_errors=True)
    fetched.rename(jars)


def find_java() -> Path | None:
    """The first Java that fits: JAVA_HOME, the path's, then where Linux distributions and Homebrew put theirs."""
    on_path = shutil.which("java")
    candidates = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    candidates += [Path(on_path).resolve().parent.parent] if on_path else []
    candidates += sorted(Path("/usr/lib/jvm").glob("*"))
    candidates += sorted(Path("/opt/homebrew/opt").glob("openjdk@*/libexec/openjdk.jdk/Contents/Home"))
    return next((home for home in candidates if _java_version(home) in _JAVA), None)


def _java_version(home: Path) -> int:
    """Major version by the ``release`` file that each Java carries (no start of a JVM needed); 0 where it is none."""
    try:
        match = re.search(r'^JAVA_VERSION="(\d+)', (home / "release").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(match[1]) if match and (home / "bin" / "java").exists() else 0


def has_openmp() -> bool:
    """Return True if the OpenMP runtime is installed: LightGBM's wheel needs it and does not bring it."""
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        return False
    return True


def missing_for_tests() -> list[Missing]:
    """Return what only the tests need, and this machine lacks."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    return [
        *([] if browser else [NO_BROWSER]),
        *([] if shutil.which("prometheus") and shutil.which("promtool") else [NO_PROMETHEUS]),
        *([] if shutil.which("prometheus-node-exporter") else [NO_EXPORTER]),
    ]


def has_libpython(python: Path) -> bool:
    """Return True if this Python has a shared library, which Flink's thread mode needs."""
    found = subprocess.run([python, "-m", "find_libpython"], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip())


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
