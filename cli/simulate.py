"""``zielzeit simulate``: a simulated railway, served like DBF or recorded to a file."""

from __future__ import annotations

import contextlib
import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zielzeit.errors import UserError

if TYPE_CHECKING:
    from zielzeit.simulator.faults import Faults
    from zielzeit.simulator.server import SimulatedClock
    from zielzeit.simulator.world import World


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("simulate")(_simulate)


def _simulate(
    station_count: Annotated[int, typer.Option("--stations", help="Number of stations, 5 to 5400.")] = 20,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal railways.")] = 1,
    start: Annotated[
        str | None,
        typer.Option(
            help="Simulated time at the start, ISO; default: today 06:30, of history so that it ends yesterday."
        ),
    ] = None,
    faults: Annotated[
        str, typer.Option(help="Faults of the server: none, all, or name=rate,… like error500=0.05,outage.")
    ] = "none",
    truth: Annotated[Path | None, typer.Option(help="Write what really happens to this file, JSON lines.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8090,
    speed: Annotated[float, typer.Option(help="Simulated seconds per second.", min=0.01)] = 1.0,
    boards: Annotated[
        Path | None, typer.Option(help="Record boards to this file (.jsonl or .jsonl.zst) instead of serving them.")
    ] = None,
    hours: Annotated[float, typer.Option(help="Hours to record.", min=0.01)] = 24.0,
    every: Annotated[int, typer.Option(help="Seconds between two boards of a station.", min=30)] = 180,
    past: Annotated[bool, typer.Option(help="Record boards as polled with past=1.")] = True,
    history: Annotated[
        Path | None, typer.Option(help="Write finished history to this Parquet file, for `history import`.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="Service days of history.")] = 31,
) -> None:
    """Simulate a railway: serve boards like DBF, record them to a file, or write finished history."""
    from zielzeit.progress import Shown
    from zielzeit.simulator.faults import Faults
    from zielzeit.simulator.recording import record
    from zielzeit.simulator.server import SimulatedClock
    from zielzeit.simulator.start import start_time
    from zielzeit.simulator.timetable import build
    from zielzeit.simulator.world import World

    begin = start_time(start)
    wrong = Faults.parse(faults, seed)
    if history is not None:
        from zielzeit.simulator.history import stop_table

        first = begin.date() if start else begin.date() - timedelta(days=days)
        stops = stop_table(build(station_count, seed), first, days)
        stops.write_parquet(history)
        print(f"{history}: {len(stops):,} stops on {days} days from {first}")
        return
    world = World(build(station_count, seed))
    if boards is None:
        _serve_simulation(world, wrong, SimulatedClock(begin.timestamp(), speed), host=host, port=port, truth=truth)
        return
    if not boards.name.removesuffix(".zst").endswith(".jsonl"):
        raise UserError(f"--boards {boards}: name it .jsonl or .jsonl.zst, as replay reads it")
    done = record(
        world,
        boards,
        start=begin,
        hours=hours,
        every=every,
        past=past,
        faults=wrong,
        truth_file=truth,
        progress=Shown(),
    )
    print(f"{boards}: {done.boards} boards from {begin.isoformat()}, {done.faulty} of them faulty.")
    if truth is not None:
        print(f"{truth}: {done.truths} stops of runs, {done.undecidable} of them undecidable.")


def _serve_simulation(
    world: World, faults: Faults, ticking: SimulatedClock, *, host: str, port: int, truth: Path | None
) -> None:
    from zielzeit.simulator.clock import local
    from zielzeit.simulator.server import application, serve

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UserError(f"{host}:{port} cannot be used ({error.strerror}); choose another --port") from None
    network = world.network
    trips = sum(len(line.trips) for line in network.lines)
    base = f"http://{host}:{port}"
    print(f"{len(network.stations)} stations, {len(network.lines)} lines, {trips} trains a day, seed {network.seed}")
    now, wrong = local(ticking.now()).isoformat(), ", ".join(faults.rates) or "none"
    print(f"Simulated time {now}, speed {ticking.speed:g}; faults: {wrong}")
    print(f"Boards:   {base}/{network.stations[0].eva}.json?version=3&past=1  ({network.stations[0].name})")
    print(f"Stations: {base}/stations.json   Clock: {base}/clock.json")
    print("Ctrl-C stops it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        serve(application(world, faults, ticking, truth), host, port)
