"""The one change to Flink's Kafka connector, made when its jar is fetched.

A bounded source reads up to a stopping offset and ends when its enumerator has said that no more splits come. An
enumerator that is restored (from a savepoint, or after the JobManager's death) knows all partitions already, finds no
change and returns before it says so: the job reads to its end and never ends (FLINK-31006, in every release up to
5.0.0). The change lets it go on from there, as it does when it finds a change; with no partition to add, saying so is
all that it does.

Standard library only, Python from 3.9: see ``deploy.local.bootstrap``.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from deploy.local.setup_step import SetupError

CLASS = "org/apache/flink/connector/kafka/source/enumerator/KafkaSourceEnumerator.class"

# Of checkPartitionChanges: aload_3; invokevirtual PartitionChange.isEmpty; ifeq +4; return
RETURNS_EARLY = bytes.fromhex("2d b6 01a9 99 0004 b1")
# aload_3; invokevirtual PartitionChange.isEmpty; pop; nop; nop; nop
GOES_ON = bytes.fromhex("2d b6 01a9 57 00 00 00")


def mend(jars: Path) -> None:
    """Make the change in the connector's jar in this folder, if there is one; does nothing where it is made.

    Raises SetupError where the connector's code is another one: then look whether the change is still needed.
    """
    for jar in jars.glob("flink-sql-connector-kafka-*.jar"):
        mended = jar.with_suffix(".mended")
        with zipfile.ZipFile(jar) as before, zipfile.ZipFile(mended, "w") as after:
            for entry in before.infolist():
                content = before.read(entry)
                if entry.filename == CLASS:
                    content = _changed(content, jar.name)
                after.writestr(entry, content)
        mended.replace(jar)


def _changed(code: bytes, jar: str) -> bytes:
    if code.count(GOES_ON) == 1:
        return code
    if code.count(RETURNS_EARLY) != 1:
        raise SetupError(
            f"{jar}: KafkaSourceEnumerator is not the one that deploy/local/kafka_connector.py changes; if FLINK-31006 "
            "is fixed in this release, remove that file, else adapt it"
        )
    return code.replace(RETURNS_EARLY, GOES_ON)
