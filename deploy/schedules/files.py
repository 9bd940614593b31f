"""The crontab and systemd's units of the routines: ``python -m deploy.schedules.files [--root /srv/zielzeit]``.

The files in this folder are for a checkout at ``ROOT`` and a user ``zielzeit``; ``--root`` and ``--out`` make them for
another one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from deploy.schedules.routines import NO_CHANGE, RETRY_MINUTES, ROUTINES, ZONE, Routine

FOLDER = Path(__file__).parent
ROOT = "/opt/zielzeit"
"""Where the committed files expect the checkout."""
CRONTAB = "zielzeit.cron"


def files(root: str = ROOT) -> dict[str, str]:
    """Content of each file by its name, for a checkout in a folder whose name holds no blank, % or quote."""
    daily = [routine for routine in ROUTINES if routine.at is not None]
    found = {CRONTAB: _crontab(daily, root)}
    for routine in daily:
        found[f"zielzeit-{routine.name}.service"] = _service(routine, root)
        found[f"zielzeit-{routine.name}.timer"] = _timer(routine)
    return found


def _crontab(routines: list[Routine], root: str) -> str:
    lines = [
        "# Zielzeit's routines for cron: crontab deploy/schedules/zielzeit.cron. Written by deploy/schedules/files.py.",
        f"# Times are {ZONE}'s, if that is the machine's zone: most crons know no other.",
        "# flock: a routine that still runs is not started again. timeout: none runs for ever.",
        "SHELL=/bin/sh",
        "MAILTO=zielzeit",
    ]
    for routine in routines:
        steps = " && ".join(
            step.command(routine.default, program=f"timeout {step.timeout_minutes}m ./zielzeit")
            for step in routine.steps
        )
        lines += [
            "",
            f"# {routine.meaning}",
            f"{routine.cron} cd {root} && flock -n .local/{routine.name}.lock sh -c '{steps}'",
        ]
    return "\n".join(lines) + "\n"


def _service(routine: Routine, root: str) -> str:
    retries = max(step.retries for step in routine.steps)
    minutes = sum(step.timeout_minutes for step in routine.steps)
    limit = (retries + 1) * (minutes + RETRY_MINUTES)
    start = [f"StartLimitIntervalSec={limit}min", f"StartLimitBurst={retries + 1}"] if retries else []
    restart = ["Restart=on-failure", f"RestartSec={RETRY_MINUTES}min"] if retries else []
    return _unit(
        Unit=[f"Description=Zielzeit: {routine.meaning}", "After=network-online.target", *start],
        Service=[
            "Type=oneshot",
            "User=zielzeit",
            f"WorkingDirectory={root}",
            "# Settings, ZIELZEIT_NAME=value; docs/settings.md lists them.",
            "EnvironmentFile=-/etc/zielzeit.env",
            *(f"ExecStart={step.command(routine.default, program=f'{root}/zielzeit')}" for step in routine.steps),
            "# The challenger did not pass the gate: no failure.",
            f"SuccessExitStatus={NO_CHANGE}",
            f"TimeoutStartSec={minutes}min",
            *restart,
        ],
    )


def _timer(routine: Routine) -> str:
    return _unit(
        Unit=[f"Description=Zielzeit, every day: {routine.meaning}"],
        Timer=[
            f"OnCalendar=*-*-* {routine.at:%H:%M}:00 {ZONE}",
            "# Made up for once after a time without power.",
            "Persistent=true",
        ],
        Install=["WantedBy=timers.target"],
    )


def _unit(**sections: list[str]) -> str:
    parts = [
        "# Written by deploy/schedules/files.py.",
        *(f"[{name}]\n" + "\n".join(sections[name]) for name in sections),
    ]
    return "\n\n".join(parts) + "\n"


def write(folder: Path, root: str = ROOT) -> None:
    """Write the files, and remove units of routines that are gone."""
    wanted = files(root)
    for old in [*folder.glob("*.service"), *folder.glob("*.timer")]:
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the crontab and systemd's units of the routines.")
    parser.add_argument("--root", default=ROOT, help="Folder of the checkout.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="Folder to write to.")
    given = parser.parse_args()
    write(given.out, given.root)
