"""Carries out the Dockerfile without a container engine: each stage in a root of its own, bare as the base image's.

    python -m tests.deploy.images.bare_root FOLDER poller     # as root, on Debian with debootstrap

COPY and RUN are carried out in their order, ENV and WORKDIR hold for what follows, in a chroot that debootstrap made
of the base image's release. The machine's own way to the package registries (certificates, pip.conf, apt's options,
Maven's settings) is lent to each root. Minutes and gigabytes: it is no part of the test command.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.deploy.images.test_images import STAGES
from zielzeit.settings import ROOT

_LENT = (
    "/etc/resolv.conf",
    "/etc/pip.conf",
    "/etc/hosts",
    "/etc/ssl/certs/java/cacerts",
    "/root/.m2/settings.xml",
    "/etc/apt/apt.conf.d/99artifact-registry",
)
_NAMES = re.compile(r"(?i)^(.*_proxy|pip_.*|.*_ca_?bundle|.*ca_?info|ssl_cert_.*|maven_.*|pip_cert)$")


def stage(folder: Path, name: str) -> Path:
    """Make the root of a stage, and of those that it needs, unless they are there."""
    root, where = folder / name, "/"
    if (root / ".made").exists():
        return root
    base, *lines = [line for line in STAGES[name].splitlines() if line.strip()]
    below = base.split()[0]
    for other in re.findall(r"--from=(\w+)", STAGES[name]):
        stage(folder, other)
    shutil.rmtree(root, ignore_errors=True)
    if below in STAGES:
        subprocess.run(["cp", "-a", str(stage(folder, below)), str(root)], check=True)
        (root / ".made").unlink()
        where = (root / ".workdir").read_text()
        environment = dict(re.findall(r"^(\w+)=(.*)$", (root / ".environment").read_text(), re.MULTILINE))
    else:
        subprocess.run(
            ["debootstrap", "--variant=minbase", "bookworm", str(root)], check=True, stdout=subprocess.DEVNULL
        )
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    for line in lines:
        word, _, rest = line.partition(" ")
        began = time.monotonic()
        if word == "ENV":
            for pair in rest.split():
                variable, _, value = pair.partition("=")
                environment[variable] = value.replace("$PATH", environment["PATH"])
        elif word == "WORKDIR":
            where = rest
            (root / where.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "COPY":
            _copy(folder, root, where, rest)
        elif word == "RUN":
            _lend(root)  # a step may have installed certificates of its own over them
            run(root, where, environment, rest)
        if word in ("COPY", "RUN"):
            print(f"{name}: {time.monotonic() - began:6.1f} s  {line[:100]}", flush=True)
    (root / ".environment").write_text("".join(f"{variable}={value}\n" for variable, value in environment.items()))
    (root / ".workdir").write_text(where)
    (root / ".made").touch()
    return root


def run(root: Path, where: str, environment: dict[str, str], command: str, user: str = "0:0") -> None:
    """Run a shell command in a root, with processes, /proc and shared memory of its own, as a container has them."""
    lent = {name: value for name, value in os.environ.items() if _NAMES.match(name)}
    apart = ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={root / 'proc'}"]
    subprocess.run(
        [*apart, "sh", "-c", 'mount -t tmpfs -o mode=1777 shm "$1/dev/shm" && shift && exec "$@"', "sh", str(root),
         "chroot", f"--userspec={user}", str(root), "/bin/sh", "-c", f"cd {where} && {command}"],
        env={**lent, **environment, "DEBIAN_FRONTEND": "noninteractive"}, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def _copy(folder: Path, root: Path, where: str, rest: str) -> None:
    flags, words = re.findall(r"--(\S+)", rest), [word for word in rest.split() if not word.startswith("--")]
    options = dict(flag.split("=", 1) for flag in flags)
    source = folder / options["from"] if "from" in options else ROOT
    ignored = shutil.ignore_patterns(*(() if "from" in options else ("__pycache__",)))  # as .dockerignore says
    *names, target = words
    place = root / str(Path(where, target)).lstrip("/")
    into = target.endswith("/") or len(names) > 1
    (place if into else place.parent).mkdir(parents=True, exist_ok=True)
    for name in names:
        here = source / name.lstrip("/")
        goal = place / here.name if into else place
        if here.is_dir():
            shutil.copytree(here, goal, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            shutil.copy(here, goal, follow_symlinks=False)
        if "chmod" in options:
            goal.chmod(int(options["chmod"], 8))
        if "chown" in options:
            subprocess.run(
                ["chroot", str(root), "chown", "-R", options["chown"], "/" + str(goal.relative_to(root))], check=True
            )


def _lend(root: Path) -> None:
    certificates = [value for name, value in os.environ.items() if _NAMES.match(name) and value.startswith("/")]
    for file in (*_LENT, *certificates):
        if Path(file).is_file():
            (root / file.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, root / file.lstrip("/"))


if __name__ == "__main__":
    for target in sys.argv[2:]:
        stage(Path(sys.argv[1]), target)
