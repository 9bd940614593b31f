"""Examples are read alike from the archive's import and from what the pipeline stored itself."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from training import examples, model_registry, retraining, thresholds
from zielzeit import settings as configuration
from zielzeit.errors import UserError
from zielzeit.features.definition import FEATURES


@pytest.fixture(scope="module")
def lake(examples_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same examples as the storage job writes them: many files a day, doubles, nulls, an id, whole minutes."""
    folder = tmp_path_factory.mktemp("lake") / "examples"
    for day in examples.days(examples_folder):
        table = examples.read(examples_folder, day, day).drop("day")
        stored = table.with_columns(
            pl.col(FEATURES).cast(pl.Float64).fill_nan(None),
            pl.col("final_delay").cast(pl.Int32),
            pl.col("scheduled", "decided_at").dt.cast_time_unit("us"),
            pl.col("labelled_at").dt.replace_time_zone(None),
            id=pl.format("{}|{}", "station", "number"),
        ).select("id", *sorted(set(table.columns)))
        target = folder / f"day={day}"
        target.mkdir(parents=True)
        for number, part in enumerate(stored.iter_slices(200)):
            part.write_parquet(target / f"part-{number:05}-1.parquet")
        (target / ".part-00099-1.parquet.inprogress").write_bytes(b"not whole yet")
    return folder


@pytest.mark.slow
def test_what_the_pipeline_stored_reads_as_what_was_imported(lake: Path, examples_folder: Path) -> None:
    assert examples.days(lake) == examples.days(examples_folder)
    day = examples.days(lake)[5]
    assert_frame_equal(examples.read(lake, day, day), examples.read(examples_folder, day, day))
    some = ["train_class", "cancelled"]
    assert_frame_equal(examples.read(lake, columns=some), examples.read(examples_folder, columns=some))


def test_examples_of_older_versions_are_read_without_eva_numbers(examples_folder: Path, tmp_path: Path) -> None:
    day = examples.days(examples_folder)[5]
    table = examples.read(examples_folder, day, day)
    (tmp_path / f"day={day}").mkdir()
    table.drop("day", "station_eva", "destination_eva").write_parquet(tmp_path / f"day={day}" / "part.parquet")
    read = examples.read(tmp_path)
    assert_frame_equal(read.drop("station_eva", "destination_eva"), table.drop("station_eva", "destination_eva"))
    assert read["station_eva"].null_count() == read["destination_eva"].null_count() == len(table)
    assert read.schema == table.schema


def test_a_run_that_nobody_saw_end_has_no_label(lake: Path, tmp_path: Path) -> None:
    day = examples.days(lake)[5]
    table = examples.read(lake, day, day).drop("day")
    unseen = table.with_columns(final_delay=pl.lit(None, pl.Int32), cancelled=pl.lit(value=False))
    (tmp_path / f"day={day}").mkdir()
    unseen.write_parquet(tmp_path / f"day={day}" / "part.parquet")
    assert examples.read(tmp_path)["cancelled"].null_count() == len(table)


def test_a_day_without_a_whole_file_is_no_day_yet(tmp_path: Path) -> None:
    (tmp_path / "day=2026-03-01").mkdir()
    (tmp_path / "day=2026-03-01" / ".part.inprogress").touch()
    with pytest.raises(UserError, match="holds no examples"):
        examples.read(tmp_path)


def test_a_file_that_is_damaged_is_named(tmp_path: Path) -> None:
    (tmp_path / "day=2026-03-01").mkdir()
    (tmp_path / "day=2026-03-01" / "part-0.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(UserError, match=r"part-0\.parquet is not a readable"):
        examples.read(tmp_path)


@pytest.mark.slow
def test_retrain_learns_from_what_the_pipeline_stored(lake: Path, tmp_path: Path) -> None:
    config = configuration.load(mlflow_uri=f"sqlite:///{tmp_path}/registry.db", local_dir=tmp_path)
    model_registry.connect(config)
    rules = thresholds.load()
    done = retraining.retrain(
        config,
        lake,
        [],
        today=examples.days(lake)[-1],
        rules=rules,
        rounds={"growth": 3, "p10": 3, "p90": 3, "cancelled": 3},
    )
    assert done.uri is not None
    assert done.result is not None
