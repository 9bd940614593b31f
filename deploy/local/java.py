"""Java and the jars of the stack's programs: found, or fetched by Maven, where a command needs them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from deploy.local import bootstrap
from deploy.local.setup_step import SetupError
from deploy.local.system_packages import SystemPackages
from zielzeit.errors import UserError
from zielzeit.settings import home

_POM = Path(__file__).with_name("pom.xml")
"""The checkout's, by a link; an installed package has a copy."""

_LOG4J = """\
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = Console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %c{{1}} %m%n
logger.server.name = {server}
logger.server.level = INFO
"""


def java() -> Path:
    """The ``java`` of a Java from 17 to 21: that of JAVA_HOME, of the path, or of the system.

    Raises UserError if there is none.
    """
    home = bootstrap.find_java()
    if home is None:
        raise UserError(f"{bootstrap.NO_JAVA.hint()}, or set JAVA_HOME")
    return home / "bin" / "java"


def jars(folder: Path) -> Path:
    """The folder, checked to hold jars. Raises UserError if it holds none.

    In the default folder, missing jars and those of another pom.xml are fetched first.
    """
    if folder.parent == home() / "jars":
        try:
            bootstrap.fetch_jars(_POM, folder.parent, SystemPackages(folder.parent.parent, allowed=False), live=False)
        except SetupError as error:
            raise UserError(str(error)) from None
    if not any(folder.glob("*.jar")):
        raise UserError(
            f"{folder} holds no jars: unset ZIELZEIT_JARS_DIR, and Maven fetches them into {home() / 'jars'}"
        )
    return folder


def java_command(jars_folder: Path, folder: Path, options: Sequence[str]) -> list[str]:
    """Command line of a JVM with all jars of a folder, up to the class; ``console_logging`` wrote to ``folder``."""
    logging = f"-Dlog4j2.configurationFile={_log4j(folder)}"
    return [str(java()), *options, "-cp", f"{jars_folder}{os.sep}*", logging]


def console_logging(folder: Path, server: str) -> None:
    """Write to the folder that a JVM logs its warnings, and what the class ``server`` reports, to standard output."""
    _log4j(folder).write_text(_LOG4J.format(server=server))


def _log4j(folder: Path) -> Path:
    return folder / "log4j2.properties"
