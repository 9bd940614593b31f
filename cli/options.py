"""Options that several commands have: the decision's rules."""

from __future__ import annotations

from typing import Annotated

import typer

Gap = Annotated[int | None, typer.Option("--gap", help="Minutes of silence that make a departure.")]
Settle = Annotated[
    int | None, typer.Option("--settle", help="Minutes that a row on the boards must have stayed as it is.")
]
Grace = Annotated[int | None, typer.Option("--grace", help="Minutes that boards may be late.")]
MaxSilence = Annotated[
    int | None, typer.Option("--max-silence", help="Minutes of outage across which a decision is made.")
]
