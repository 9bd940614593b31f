"""The routines' commands exist, with their flags and parameters."""

from __future__ import annotations

import pytest

from deploy.schedules.routines import LAKE, ROUTINES, Routine, Step, routines_of
from tests.command_line import parse

STEPS = [
    pytest.param(routine, step, id=f"{routine.name} {step.name}")
    for routine in routines_of("s3://bucket/lake")
    for step in routine.steps
]


@pytest.mark.parametrize(("routine", "step"), STEPS)
def test_the_command_line_takes_each_command(routine: Routine, step: Step) -> None:
    parse(step.arguments)


@pytest.mark.parametrize(("routine", "step"), STEPS)
def test_each_parameter_of_a_command_is_one_of_the_routine(routine: Routine, step: Step) -> None:
    used = {one[1:-1] for one in step.arguments if one.startswith("{")}
    assert used <= set(routine.parameters)
    assert step.timeout_minutes > 0
    assert routine.at is None or all(one.default is not None for one in routine.parameters.values())


def test_a_value_with_blanks_stays_one_word() -> None:
    step = Step("check", ("lake", "check", "--lake", "{lake}", "a b"), timeout_minutes=1)
    assert step.command({"lake": "'my lake'"}.__getitem__) == "./zielzeit lake check --lake 'my lake' 'a b'"


def test_a_lake_elsewhere_changes_defaults_and_only_on_s3_are_examples_fetched() -> None:
    assert routines_of(LAKE) == ROUTINES
    for routine in routines_of("/data/lake"):
        assert routine.steps == next(one.steps for one in ROUTINES if one.name == routine.name)
        assert {routine.parameters[name].default for name in {"lake", "examples"} & {*routine.parameters}} <= {
            "/data/lake",
            "/data/lake/examples",
        }
    fetching = {routine.name for routine in routines_of("s3://bucket/lake") if routine.steps[0].name == "fetch"}
    assert fetching == {"retrain", "calibrate"}
