"""The routines' commands exist, with their flags and parameters."""

from __future__ import annotations

import pytest

from deploy.schedules.routines import ROUTINES, Routine, Step
from tests.command_line import parse

STEPS = [
    pytest.param(routine, step, id=f"{routine.name} {step.name}") for routine in ROUTINES for step in routine.steps
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
