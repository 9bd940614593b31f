"""``zielzeit stations``: the station register."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zielzeit import settings

if TYPE_CHECKING:
    from zielzeit.evaluation.known_network import KnownNetwork
    from zielzeit.evaluation.station_names import Mentions
    from zielzeit.stations.coverage import Coverage
    from zielzeit.stations.register import StationRegister
    from zielzeit.stations.station import Station

_WIDTH = 80


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    stations = typer.Typer(no_args_is_help=True)
    stations.command()(find)
    stations.command()(check)
    app.add_typer(stations, name="stations", help="The station register: find stations, check the names in data.")


def find(
    names: Annotated[list[str], typer.Argument(help="Station names, EVA numbers or DS100 codes.", metavar="NAME…")],
) -> None:
    """Show which station each name, EVA number or DS100 code means.

    Exit code 1 if one of the names is not found.
    """
    from zielzeit.stations.table import register as load

    known = load(settings.load().stations)
    found = [_show(known, name) for name in names]
    raise typer.Exit(0 if all(found) else 1)


def check(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Folders or files of recorded boards; Parquet files or folders of them.", metavar="PATH…"),
    ],
    limit: Annotated[int, typer.Option(min=0, help="Number of unknown names to list for each source.")] = 20,
    state: Annotated[
        Path | None,
        typer.Option(
            help="State of the network: _history/state.bin of an import, network.bin of a model version. Says how much "
            "of what the boards show it knows.",
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """Count the station names in recorded boards or Parquet files that are known.

    Reports the share of known names by source, and the unknown names with the number of times they occur. With --state
    also the shares of the boards' stations, hops, trains (by number), services and relations that a state knows.
    """
    from zielzeit.evaluation.station_names import in_archive, on_boards
    from zielzeit.progress import Shown
    from zielzeit.stations.coverage import coverage
    from zielzeit.stations.table import register as load

    known = load(settings.load().stations)
    shown = Shown()
    parquet, boards = _by_kind(paths)
    sources: list[Mentions] = [one for path in parquet for one in in_archive(path, shown)]
    if boards:
        sources += on_boards(boards, shown)
    results = [(one.source, coverage(known, one.counts)) for one in sources]
    _print_shares(results)
    for source, result in results:
        _print_missing(source, result, limit)
    if state is not None:
        _check_state(state, boards, known)


def _check_state(state: Path, boards: Sequence[Path], known: StationRegister) -> None:
    """Print how much of what boards show a state knows."""
    from zielzeit.errors import UserError
    from zielzeit.evaluation.known_network import known_network
    from zielzeit.features.key_names import station_keys
    from zielzeit.features.network_state import NetworkState
    from zielzeit.progress import Shown

    if not boards:
        raise UserError("--state needs recorded boards: give a folder or file of them")
    key = station_keys(known)
    try:
        network = NetworkState.from_bytes(state.read_bytes(), key)
    except (OSError, ValueError) as error:
        raise UserError(f"--state {state}: {error}") from None
    print()
    _print_known(known_network(boards, network, key, Shown()))


def _print_known(found: KnownNetwork) -> None:
    from zielzeit.terminal_table import Column, show

    titles = ("on boards", "between known stations", "known", "share")
    columns = [Column("state knows"), *(Column(title, right=True) for title in titles)]
    rows = [
        (f"{one.space}s", f"{one.shown:,}", f"{one.near:,}", f"{one.known:,}", f"{one.share:.2%}")
        for one in found.spaces
    ]
    show(columns, rows)
    if found.left_out:
        print(f"trains left out, of categories that the state lacks: {found.left_out.total():,}")
        _field("by category", [f"{name} {count:,}" for name, count in found.left_out.most_common()])


def _by_kind(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Parquet files, and paths of recorded boards."""
    parquet: list[Path] = []
    boards: list[Path] = []
    for path in paths:
        files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path] if path.suffix == ".parquet" else []
        parquet += files
        if not files:
            boards.append(path)
    return parquet, boards


def _show(known: StationRegister, name: str) -> bool:
    """Print what is known of a name and return True if it is a known station's."""
    from zielzeit.stations.resolution import Match

    found = known.find(name)
    station = known.station(found.identity.key) if found.identity.known else None
    if station is None:
        print(f"{name}: {found.match}; identity: {found.identity.key}")
        others = [one for eva in found.candidates if (one := known.station(eva))] or known.similar(name)
        _field("one of" if found.match is Match.AMBIGUOUS else "similar", [_label(one) for one in others])
        return False
    print(f"{name}: {station.name} ({found.match}); identity: {found.identity.key}")
    _field("other names", station.aliases)
    _field("earlier names", station.earlier)
    _field("DS100", station.codes)
    members = known.group_of(station.eva)
    if len(members) > 1:
        _field("group", [_label(one) for eva in members if (one := known.station(eva))])
    return True


def _label(station: Station) -> str:
    return f"{station.name} [{station.eva}]"


def _field(title: str, values: Sequence[str]) -> None:
    from textwrap import fill

    if values:
        indent = " " * 17
        print(fill("; ".join(values), _WIDTH, initial_indent=f"  {title:<15}", subsequent_indent=indent))


def _print_shares(results: Sequence[tuple[str, Coverage]]) -> None:
    from zielzeit.stations.resolution import Match
    from zielzeit.terminal_table import Column, show

    columns = [Column("source"), *(Column(title, right=True) for title in ("names", "known", "share", "mentions"))]
    rows = []
    for source, result in results:
        total = sum(result.mentions.values())
        lost = result.mentions.get(Match.NONE, 0) + result.mentions.get(Match.AMBIGUOUS, 0)
        share = 1 - lost / total if total else 1.0
        rows.append(
            (source, f"{result.total_names:,}", f"{result.known_names:,}", f"{result.share:.2%}", f"{share:.2%}")
        )
    show(columns, rows)


def _print_missing(source: str, result: Coverage, limit: int) -> None:
    for title, names in (("unknown", result.unknown), ("ambiguous", result.ambiguous)):
        if not names:
            continue
        print(f"\n{title} in {source}:")
        by_count = sorted(names.items(), key=lambda item: (-item[1], item[0]))
        for name, count in by_count[:limit]:
            print(f"{count:>10,}  {name[: _WIDTH - 12]}")
        if len(by_count) > limit:
            print(f"{'':>12}and {len(by_count) - limit:,} more")
