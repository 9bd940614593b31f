"""What ``./zielzeit`` does before anything is installed: virtual environment, Java, Maven, jars; each once.

Standard library only, and Python from 3.9: it runs on whatever ``python3`` is. A stamp, written last, tells that a step
is done; a step that was cut off is simply done again.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Sequence  # noqa: UP035 - this file runs on Python 3.9

JAVA_COMMANDS = frozenset({"demo", "stack", "submit", "test", "setup"})
"""Commands that start the broker or the cluster, or talk to the cluster by its own client."""

_PYTHON = (3, 11)
_JAVA = range(17, 22)  # Kafka needs 17, Flink is tested up to 21
_UV = "uv==0.9.11"
_LAST_LINES = 12


class SetupError(Exception):
    """Something is missing on this machine; the message says what to do."""


# --- Python ---------------------------------------------------------------------------------------------------------


def ensure_python(root: Path, development: bool = False) -> Path:
    """The interpreter of an environment that has what requirements.txt says (and requirements-dev.txt, for tests)."""
    venv = root / ".venv"
    python, stamp = venv / "bin" / "python", venv / "zielzeit.json"
    files = [root / "requirements.txt", root / "requirements-dev.txt"]
    wanted = [_digest(file) for file in files[: 2 if development else 1]]
    if _is_done(stamp, wanted) and python.exists():
        return python
    with _alone(root):
        if _is_done(stamp, wanted) and python.exists():
            return python
        if not _runs(python):
            shutil.rmtree(venv, ignore_errors=True)
            _make_environment(root, _find_python(), venv)
        stamp.unlink(missing_ok=True)
        for file in files[: len(wanted)]:
            _install(root, python, file)
        _ensure_openmp(root, python)
        stamp.write_text(json.dumps(wanted))
    return python


def _is_done(stamp: Path, wanted: Sequence[str]) -> bool:
    """Whether at least the wanted files are installed as they are now."""
    try:
        return json.loads(stamp.read_text())[: len(wanted)] == list(wanted)
    except (OSError, ValueError):
        return False


def _runs(python: Path) -> bool:
    """Whether this is a whole environment of the right version (its base Python may have gone)."""
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


def _make_environment(root: Path, python: str, venv: Path) -> None:
    try:
        _run(root, "making the virtual environment", [python, "-m", "venv", str(venv)])
    except SetupError:
        # Debian ships venv without ensurepip unless this package is there.
        shutil.rmtree(venv, ignore_errors=True)
        _apt(root, ["python3.11-venv"], "Python's venv module is not whole")
        _run(root, "making the virtual environment", [python, "-m", "venv", str(venv)])


def _install(root: Path, python: Path, requirements: Path) -> None:
    """uv takes a fifth of pip's time; where it cannot do it (no wheel, an index that only pip knows), pip does."""
    uv = root / ".local" / "tools" / "bin" / "uv"
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    title = f"installing {requirements.name}"
    # Compiled once here, or by every process at its start where PYTHONDONTWRITEBYTECODE is set.
    by_uv = [str(uv), "pip", "install", "--compile-bytecode", "--python", str(python), "-r", str(requirements)]
    try:
        if not uv.exists():
            _run(root, "fetching uv", [*pip, "--target", str(uv.parent.parent), "--upgrade", _UV])
        _run(root, title, by_uv)
    except SetupError:
        _run(root, f"{title} with pip", [*pip, "--no-deps", "-r", str(requirements)])


def _ensure_openmp(root: Path, python: Path) -> None:
    """LightGBM's wheel brings everything but the compiler's OpenMP runtime, which small Linux images lack."""
    tried = subprocess.run([python, "-c", "import lightgbm"], capture_output=True, text=True, check=False)
    if tried.returncode:
        complaint = tried.stderr.strip().rpartition("\n")[2]
        _apt(root, ["libgomp1"], f"LightGBM cannot be loaded ({complaint}): it wants the OpenMP runtime, libgomp1")


# --- Java, Maven, jars ------------------------------------------------------------------------------------------------


def ensure_java(root: Path, python: Path) -> Path:
    """JAVA_HOME of a Java that fits, once the jars of pom.xml and Python's shared library are there too."""
    jars, pom = root / ".local" / "jars", root / "pom.xml"
    stamp = jars / "zielzeit.json"
    home = _find_java()
    wanted = [_digest(pom)]
    if home and _is_done(stamp, wanted):
        return home
    with _alone(root):
        home = home or _install_java(root)
        if not _is_done(stamp, wanted):
            _ensure_shared_library(root, python)
            if not shutil.which("mvn"):
                _apt(root, ["maven"], "Maven is not installed")
            os.environ["JAVA_HOME"] = str(home)
            fetched = jars.with_name("jars.new")
            shutil.rmtree(fetched, ignore_errors=True)
            maven = ["mvn", "-B", "-ntp", "-f", str(pom), f"-Djars={fetched}", "generate-resources"]
            _run(root, "fetching the jars of Kafka and Flink", maven)
            (fetched / stamp.name).write_text(json.dumps(wanted))
            shutil.rmtree(jars, ignore_errors=True)
            fetched.rename(jars)
    return home


def _find_java() -> Path | None:
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


def _install_java(root: Path) -> Path:
    for package in ("openjdk-17-jre-headless", "openjdk-21-jre-headless"):
        try:
            _apt(root, [package], "Java 17 is not installed")
        except SetupError:
            if package.startswith("openjdk-21") or not _may_install():
                raise
            continue
        break
    home = _find_java()
    if not home:
        raise SetupError("Java was installed, yet there is none: set JAVA_HOME to a Java from 17 to 21")
    return home


def _ensure_shared_library(root: Path, python: Path) -> None:
    """Flink runs Python inside its own process (thread mode): that takes Python as a shared library."""
    found = subprocess.run([python, "-m", "find_libpython"], capture_output=True, text=True, check=False)
    if not found.stdout.strip():
        lack = "Python 3.11 has no shared library (pyenv builds one with PYTHON_CONFIGURE_OPTS=--enable-shared)"
        _apt(root, ["libpython3.11"], lack)


# --- How it is done ---------------------------------------------------------------------------------------------------


def _may_install() -> bool:
    return bool(shutil.which("apt-get")) and _sudo() is not None


def _sudo() -> list[str] | None:
    """What to put before a command to be root, without asking for a password; None where that cannot be."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def _apt(root: Path, packages: Sequence[str], lack: str) -> None:
    """Install Debian packages, or say what to install where that is not for us to do."""
    if not _may_install():
        raise SetupError(
            f"{lack}. Debian or Ubuntu: sudo apt-get install {' '.join(packages)}; elsewhere install the same by the "
            "system's package manager (macOS: brew install openjdk@17 maven libomp python@3.11). Then start this again."
        )
    sudo = [*(_sudo() or []), "env", "DEBIAN_FRONTEND=noninteractive"]
    _update_package_list(root, tuple(sudo))
    install = [*sudo, "apt-get", "install", "-y", "--no-install-recommends", *packages]
    _run(root, f"installing {' '.join(packages)}", install)


@functools.cache
def _update_package_list(root: Path, sudo: tuple[str, ...]) -> None:
    _run(root, "updating the package list", [*sudo, "apt-get", "update"])


def _run(root: Path, title: str, command: Sequence[str]) -> None:
    """Run a step with its output in a log, and show that it goes on. Raises SetupError with the log's last lines."""
    log = root / ".local" / "setup.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    live = sys.stderr.isatty()
    start = time.monotonic()
    print(f"zielzeit: {title} …", file=sys.stderr, end="" if live else "\n", flush=True)
    with log.open("a") as file:
        file.write(f"\n$ {' '.join(command)}\n")
        file.flush()
        begin = file.tell()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if live:
                    seconds = f"{time.monotonic() - start:.0f} s"
                    print(f"\rzielzeit: {title} … {seconds}", file=sys.stderr, end="", flush=True)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if live:
                print(file=sys.stderr)
    if process.returncode:
        with log.open(errors="replace") as file:
            file.seek(begin)
            tail = "\n".join("  " + line.rstrip() for line in file.readlines()[-_LAST_LINES:])
        raise SetupError(f"{title} failed. The last lines of {log}:\n{tail}")


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the lock, so that two first starts at the same moment follow one another."""
    folder = root / ".local"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("zielzeit: waiting for another ./zielzeit that is setting up …", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
