"""The poll plan: which stations are polled how often, checked against the rules of the instance."""

from __future__ import annotations

from math import ceil, floor
from urllib.parse import quote, urlsplit

import msgspec

from zielzeit.errors import UserError
from zielzeit.settings import Settings

PUBLIC_HOST = "dbf.finalrewind.org"
PUBLIC_PER_MINUTE = 10.0
PUBLIC_SPACING_SECONDS = 60.0
"""The public instance's rules: ten requests a minute in all, one per station and minute (docs/architecture.md)."""

_MARGIN = 1.005
"""Requests sent six seconds apart arrive a little less than that: without it, eleven could fall into one minute."""
_MOST_CONNECTIONS = 512


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A poll plan that keeps the rules."""

    base_url: str
    """Address of the DBF instance, without a slash at the end."""
    stations: tuple[str, ...]
    """Names, EVA numbers or DS100 codes, each once."""
    past: bool
    """Whether boards include the departures of the last 60 minutes."""
    no_related: bool
    """Whether boards leave out the rows of related stations, such as ``Hbf (tief)`` on the board of ``Hbf``."""
    interval_seconds: float
    """Seconds of wall time between two polls of a station."""
    per_minute: float | None
    """Most requests per minute in all, retries included; None: no limit."""
    spacing_seconds: float
    """Least seconds of wall time between a reply for a station and the next request for it."""
    timeout_seconds: float
    """Most seconds that a request may take, from its begin to its end."""
    concurrency: int
    """Most requests under way at once."""

    @property
    def requests_per_minute(self) -> float:
        """Requests per minute of all stations, without retries."""
        return len(self.stations) * 60 / self.interval_seconds

    def wait_seconds(self, wall: float) -> list[float]:
        """Seconds from a start at ``wall`` (Unix time, seconds) to the first poll of each station.

        The stations share the interval evenly, and each has its place in every interval of the clock. Where the
        instance has rules, a station waits for its place: so no number of starts asks it more than once an interval.
        Elsewhere the station whose place is next is asked at once, and the others keep their distance from it.
        """
        interval = self.interval_seconds
        waits = [(interval * index / len(self.stations) - wall) % interval for index in range(len(self.stations))]
        first = 0.0 if self.spacing_seconds else min(waits)
        return [wait - first for wait in waits]

    def url(self, station: str) -> str:
        """Address of a station's board, DBF's JSON version 3."""
        options = ("&past=1" if self.past else "") + ("&no_related=1" if self.no_related else "")
        return f"{self.base_url}/{quote(station, safe='()')}.json?version=3{options}"


def make_plan(
    base_url: str,
    stations: list[str],
    *,
    interval_seconds: float = Settings.model_fields["poll_interval_seconds"].default,
    past: bool = True,
    no_related: bool = Settings.model_fields["no_related"].default,
    public: bool = False,
    per_minute: float | None = None,
    timeout_seconds: float = 10.0,
    concurrency: int | None = None,
) -> Plan:
    """A checked plan. Raises UserError, with the arithmetic, if it breaks the rate or a rule of the public instance.

    With ``public`` the rules of the public instance hold for this host as well. Without ``concurrency`` there are as
    many connections as it takes that stations which all time out do not delay each other.
    """
    host = _check_url(base_url)
    names = tuple(dict.fromkeys(name.strip() for name in stations if name.strip()))
    if not names:
        raise UserError("--stations names no station")
    public = public or host == PUBLIC_HOST or host.endswith("." + PUBLIC_HOST)
    if public and interval_seconds < PUBLIC_SPACING_SECONDS:
        raise UserError(
            f"a station every {interval_seconds:g} s is {60 / interval_seconds:.3g} requests a minute for one station; "
            "the public instance allows 1: set --poll-interval-seconds to at least 60"
        )
    limit, who = (PUBLIC_PER_MINUTE, "the public instance") if public else (per_minute, "--rate")
    if per_minute is not None and limit is not None and per_minute < limit:
        limit, who = per_minute, "--rate"
    if limit is not None:
        _check_rate(len(names), interval_seconds, limit, who)
        interval_seconds = max(interval_seconds, len(names) * 60 / limit * _MARGIN)
    needed = ceil(len(names) * timeout_seconds / interval_seconds) + 1
    return Plan(
        base_url=base_url.rstrip("/"),
        stations=names,
        past=past,
        no_related=no_related,
        interval_seconds=interval_seconds,
        per_minute=limit and limit / _MARGIN,
        spacing_seconds=PUBLIC_SPACING_SECONDS if public else 0.0,
        timeout_seconds=timeout_seconds,
        concurrency=concurrency or min(len(names), needed, _MOST_CONNECTIONS),
    )


def _check_url(base_url: str) -> str:
    """The host of an http address. Raises UserError if it is none."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"--base-url {base_url!r} is no address: give one like http://127.0.0.1:8092")
    return parts.hostname


def _check_rate(stations: int, interval_seconds: float, limit: float, who: str) -> None:
    asked = stations * 60 / interval_seconds
    if asked <= limit * (1 + 1e-9):
        return
    most = floor(limit * interval_seconds / 60 + 1e-9)
    own = ", or host your own (derfnull/db-fakedisplay)" if who != "--rate" else ", or raise --rate"
    raise UserError(
        f"{stations} stations every {interval_seconds:g} s are {asked:.1f} requests a minute; {who} allows {limit:g}: "
        f"poll at most {most} stations or set --poll-interval-seconds to at least "
        f"{ceil(stations * 60 / limit - 1e-9)}{own}"
    )
