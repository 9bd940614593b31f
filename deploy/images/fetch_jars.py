"""The jars of pom.xml for an image: ``python -m deploy.images.fetch_jars FOLDER``, in a copy of the repository.

Standard library only: see ``deploy.local.bootstrap``. The broker's and ZooKeeper's jars are not kept: these programs
have images of their own.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from deploy.local.bootstrap import fetch_jars
from deploy.local.system_packages import SystemPackages


def main() -> None:
    """Fetch them into the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.parent.mkdir(parents=True, exist_ok=True)
    fetch_jars(Path("pom.xml"), folder, SystemPackages(folder.parent, allowed=False))
    for name in ("kafka", "zookeeper"):
        shutil.rmtree(folder / name)


if __name__ == "__main__":
    main()
