"""Options that several commands have: where a job goes and what it reads, and the decision's rules."""

from __future__ import annotations

from typing import Annotated

import typer

Cluster = Annotated[str | None, typer.Option("--cluster", help="The cluster's REST address.")]
Broker = Annotated[str | None, typer.Option("--broker", help="Kafka bootstrap servers.")]
Prefix = Annotated[str | None, typer.Option("--topic-prefix", help="Put before every topic's name.")]
Group = Annotated[str | None, typer.Option("--group", help="Consumer group and transactional id prefix.")]
Bounded = Annotated[bool | None, typer.Option("--bounded", help="Read the topics up to their present end and finish.")]
LakeAt = Annotated[str | None, typer.Option("--lake", help="Folder of Parquet files, or s3://bucket/prefix.")]
Resume = Annotated[
    str | None,
    typer.Option("--resume", help="Savepoint or checkpoint to go on from; 'latest' for the local stack's newest."),
]

Gap = Annotated[int | None, typer.Option("--gap", help="Minutes of silence that make a departure.")]
Settle = Annotated[
    int | None, typer.Option("--settle", help="Minutes that a row on the boards must have stayed as it is.")
]
Grace = Annotated[int | None, typer.Option("--grace", help="Minutes that boards may be late.")]
MaxSilence = Annotated[
    int | None, typer.Option("--max-silence", help="Minutes of outage across which a decision is made.")
]
