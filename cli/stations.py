"""``zielzeit stations``: the station register."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.known_names import print_known
from zielzeit import settings

if TYPE_CHECKING:
    from zielzeit.evaluation.known_network import KnownNetwork
    from zielzeit.evaluation.served_names import ServedNames
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
    stations.command()(compare)
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
    model: Annotated[
        str | None, typer.Option(help="Model whose state of the network to check: models:/…, runs:/… or a folder.")
    ] = None,
    station: Annotated[str | None, typer.Option(help="Name of the station; default: the folder's name.")] = None,
) -> None:
    """Count the station names in recorded boards or Parquet files that are known.

    Reports the share of known names by source, and the unknown names with the number of times they occur. With --state
    or --model also the shares of the boards' stations, hops, trains (by number), services and relations that a state
    knows.
    """
    from zielzeit.errors import UserError
    from zielzeit.evaluation.station_names import in_archive, on_boards
    from zielzeit.progress import Shown
    from zielzeit.stations.coverage import coverage
    from zielzeit.stations.table import register as load

    known = load(settings.load().stations)
    shown = Shown()
    parquet, boards = _by_kind(paths)
    if state is not None and model is not None:
        raise UserError("--state and --model exclude each other: a model carries a state")
    if (state is not None or model is not None) and not boards:
        raise UserError("--state and --model need recorded boards: give a folder or file of them")
    file = _state_file(model) if model is not None else state
    sources: list[Mentions] = [one for path in parquet for one in in_archive(path, shown)]
    if boards:
        sources += on_boards(boards, station, shown)
    results = [(one.source, coverage(known, one.counts)) for one in sources]
    _print_shares(results)
    for source, result in results:
        _print_missing(source, result, limit)
    if file is not None:
        _check_state(file, boards, station, known)


def compare(
    paths: Annotated[
        list[Path], typer.Argument(help="Folders of YYYYMMDDTHHMM.json[.gz], or JSON lines.", metavar="BOARDS…")
    ],
    archive: Annotated[
        list[Path], typer.Option(help="Parquet file, or folder of them, with the archive's own names of stations.")
    ],
    model: Annotated[
        str, typer.Option(help="models:/…, runs:/… or a folder; its state knows what the archive taught.")
    ],
    station: Annotated[str | None, typer.Option(help="Name of the station; default: the folder's name.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures to this file, as JSON.")] = None,
) -> None:
    """Compare what a model is served under the boards' and the archive's names.

    Each departure on the boards is described and scored three times: with the boards' names, with those of the archive,
    and with the boards' names compared as they are spelled, without the station register. Prints the number of
    departures whose features differ, and the skill by train class. Only trains of categories that the model's state
    knows count.

    Where the state is newer than the boards, they are taken for boards of whole weeks later, and the output says so.
    """
    import msgspec

    from training import model_registry
    from zielzeit.errors import UserError
    from zielzeit.evaluation.compare_names import compare_names
    from zielzeit.progress import Shown
    from zielzeit.stations.table import register as load

    config = settings.load()
    model_registry.connect(config)
    served = model_registry.fetch_served(model)
    parquet = _by_kind(archive)[0]
    if not parquet:
        raise UserError(f"{', '.join(map(str, archive))} holds no Parquet file")
    found = compare_names(paths, station, parquet, served, config, load(config.stations), Shown())
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    _print_comparison(found)


def _check_state(state: Path, boards: Sequence[Path], station: str | None, known: StationRegister) -> None:
    """Print how much of what boards show a state knows."""
    from zielzeit.evaluation.known_network import known_network
    from zielzeit.features.initial_state import read_network
    from zielzeit.features.key_names import station_keys
    from zielzeit.progress import Shown

    key = station_keys(known)
    network = read_network(state, key)
    print()
    _print_known(known_network(boards, network, key, station, Shown()))


def _state_file(model: str) -> Path:
    """The file with the network's state of a model. Raises UserError where it has none."""
    from training import model_registry
    from zielzeit.errors import UserError
    from zielzeit.model.loading import network_file

    model_registry.connect(settings.load())
    loaded, folder = model_registry.fetch(model)
    file = network_file(folder, loaded.card)
    if file is None:
        raise UserError(f"{model} carries no state of the network: train it on a folder that `history import` made")
    return file


def _print_known(found: KnownNetwork) -> None:
    print_known("on boards", found.spaces)
    if found.left_out:
        print(f"trains left out, of categories that the state lacks: {found.left_out.total():,}")
        _field("by category", [f"{name} {count:,}" for name, count in found.left_out.most_common()])


def _print_comparison(found: ServedNames) -> None:
    from zielzeit.features.definition import FEATURES
    from zielzeit.terminal_table import Column, show

    if found.weeks_later:
        print(f"boards taken to be {found.weeks_later} weeks later, because the model's state is newer")
    print(f"{found.departures:,} departures; {found.renamed:,} with a station that the archive spells otherwise")
    if found.ambiguous:
        print("names of the archive that alone mean another station or none; departures with that station:")
        _field("kept as on boards", [f"{name} {count:,}" for name, count in found.ambiguous.items()])
    print()
    ways = (("archive's names", found.differ), ("boards' names as spelled", found.lost))
    columns = [Column("beside the boards' names"), *(Column(title, right=True) for title in ("features", "departures"))]
    rows = [
        (title, f"{len(differ)} of {len(FEATURES)} differ", f"{max(differ.values(), default=0):,} at most")
        for title, differ in ways
    ]
    show(columns, rows)
    print()
    titles = ("arrived", "MAE persistence", "skill", "archive's names", "as spelled")
    skills = [
        (
            one.name,
            f"{one.arrived:,}",
            f"{one.persistence:.3f}",
            *(f"{one.skill(error):.3f}" for error in (one.boards, one.archive, one.spelling)),
        )
        for one in found.classes
    ]
    show([Column("class"), *(Column(title, right=True) for title in titles)], skills)


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
