"""A table of the lake copied to a folder, for what reads folders alone: training on a machine whose lake is on S3."""

from __future__ import annotations

from pathlib import Path

from pyarrow import fs

from zielzeit.errors import UserError
from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import TABLES
from zielzeit.progress import SILENT, Progress


def fetch(lake: Lake, name: str, folder: Path, progress: Progress = SILENT) -> int:
    """Copy the files that together hold each row of a table once, and return how many were copied.

    The copy is a lake: ``folder/<table>/day=YYYY-MM-DD/``. Files that are there stay, and those that the lake has
    replaced since are removed. Raises UserError if there is no such table, or the lake holds nothing of it.
    """
    if name not in {table.name for table in TABLES}:
        raise UserError(f"there is no table {name!r}: choose one of {', '.join(table.name for table in TABLES)}")
    here = Lake(fs.LocalFileSystem(), str(folder))
    wanted = lake.visible(name)
    if not wanted:
        raise UserError(f"{lake.root} holds nothing of the table {name}: `./zielzeit store` fills it")
    places = {(file.day, file.name) for file in wanted}
    present = {(file.day, file.name) for file in here.listing(name)}
    missing = [file for file in wanted if (file.day, file.name) not in present]
    with progress.step("files copied", len(missing)) as step:
        for file in missing:
            target = Path(here.path(name, file))
            target.parent.mkdir(parents=True, exist_ok=True)
            # Readers skip names that begin with a dot: a copy that was interrupted is none.
            partial = target.with_name(f".{target.name}")
            fs.copy_files(lake.path(name, file), str(partial), lake.files, here.files)
            partial.rename(target)
            step.advance()
    for file in here.listing(name):
        if (file.day, file.name) not in places:
            Path(here.path(name, file)).unlink()
    return len(missing)
