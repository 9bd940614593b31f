"""What the register finds, on stations made up here."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zielzeit.stations.identity import StationIdentity
from zielzeit.stations.register import Entry, StationRegister
from zielzeit.stations.resolution import Match
from zielzeit.stations.source import Source
from zielzeit.stations.spelling import comparable, composed, eva_number
from zielzeit.stations.station import Station

MUSTER = Station(
    "8000999", "Musterstadt(Muster)Hbf", ("Musterstadt (Muster) Hauptbahnhof",), ("Musterstadt",), ("FMU",)
)
DEEP = Station("8098999", "Musterstadt Hbf (tief)", codes=("FMUT",), group="8000999")
COLOGNE = Station("8000207", "Köln Hbf", codes=("KK",))


def register(*stations: Station, source: Source = Source.TABLE) -> StationRegister:
    return StationRegister((source, one) for one in stations)


SMALL = register(MUSTER, DEEP, COLOGNE)


def same_group(one: str, other: str) -> bool:
    """Return True if two spellings mean one station or parts of one."""
    first, second = (SMALL.resolve(spelling).key for spelling in (one, other))
    return SMALL.whole_of(first) == SMALL.whole_of(second)


@pytest.mark.parametrize(
    ("spelling", "eva", "match"),
    [
        ("8000999", "8000999", Match.EVA),
        ("08000999", "8000999", Match.EVA),
        ("Musterstadt(Muster)Hbf", "8000999", Match.NAME),
        ("Musterstadt (Muster) Hauptbahnhof", "8000999", Match.NAME),
        ("  Musterstadt(Muster)Hbf ", "8000999", Match.NAME),
        ("Musterstadt", "8000999", Match.EARLIER),
        ("musterstadt", "8000999", Match.EARLIER_SPELLING),
        ("MUSTERSTADT (MUSTER) HBF", "8000999", Match.SPELLING),
        ("FMU", "8000999", Match.CODE),
        ("Musterstadt Hbf (tief)", "8098999", Match.NAME),
        ("FMUT", "8098999", Match.CODE),
        ("Ko\u0308ln Hbf", "8000207", Match.NAME),
        ("Koeln Hbf", "8000207", Match.SPELLING),
    ],
)
def test_every_way_to_name_a_station_finds_it(spelling: str, eva: str, match: Match) -> None:
    assert SMALL.find(spelling).identity == StationIdentity(eva, True)
    assert SMALL.find(spelling).match is match
    assert SMALL.resolve(spelling).eva == eva


@pytest.mark.parametrize("code", ["fmu", "Kk"])
def test_codes_are_capitals(code: str) -> None:
    assert not SMALL.resolve(code).known


def test_a_name_nobody_knows_is_its_own_identity() -> None:
    found = SMALL.find("Neubau  (Kreis)")
    assert found.match is Match.NONE
    assert found.identity == StationIdentity("neubau kreis", False)
    assert found.identity == SMALL.resolve("NEUBAU(Kreis)")
    assert found.identity.eva is None


def test_an_eva_number_nobody_knows_is_that_number() -> None:
    found = SMALL.find("08012345")
    assert found.identity == StationIdentity("8012345", False)
    assert found.identity.eva == "8012345"


def test_an_ambiguous_spelling_is_not_found_and_says_among_which() -> None:
    two = register(Station("8000001", "Neu-Dorf"), Station("8000002", "Neu Dorf"))
    found = two.find("neu dorf")
    assert found.match is Match.AMBIGUOUS
    assert found.candidates == ("8000001", "8000002")
    assert found.identity == StationIdentity("neu dorf", False)
    assert two.resolve("Neu-Dorf").eva == "8000001"
    assert two.resolve("Neu Dorf").eva == "8000002"


def test_a_present_name_wins_over_an_earlier_one() -> None:
    two = register(Station("8000001", "Markt"), Station("8000002", "Neuer Markt", earlier=("Markt",)))
    assert two.resolve("Markt").eva == "8000001"


def test_a_name_that_a_station_shares_with_its_part_is_the_station() -> None:
    shared = register(Station("8098160", "Berlin Hbf", group="8011160"), Station("8011160", "Berlin Hbf"))
    assert shared.resolve("Berlin Hbf").eva == "8011160"


def test_a_stop_does_not_make_a_station_ambiguous() -> None:
    both = StationRegister([(Source.TABLE, Station("8002491", "Haar")), (Source.STOP, Station("302140", "Haar"))])
    assert both.resolve("Haar").eva == "8002491"
    assert both.resolve("302140") == StationIdentity("302140", True)


def test_a_stop_that_differs_from_a_station_by_a_space_is_the_station() -> None:
    both = StationRegister(
        [(Source.TABLE, Station("8002132", "Tal(Saar) Mitte")), (Source.STOP, Station("836092", "Tal (Saar) Mitte"))]
    )
    assert both.resolve("Tal (Saar) Mitte").eva == both.resolve("tal saar mitte").eva == "8002132"


def test_parts_and_the_whole_are_one_group() -> None:
    for eva in ("8000999", "8098999"):
        assert SMALL.group_of(eva) == ("8000999", "8098999")
    assert SMALL.group_of("8000207") == ("8000207",)
    assert SMALL.group_of("neubau kreis") == ("neubau kreis",)
    assert same_group("FMU", "FMUT")
    assert not same_group("FMU", "KK")
    assert same_group("Neubau", "neubau")


@pytest.mark.parametrize("part", ["Neustadt Hbf (tief)", "Neustadt Hbf Gl. 5-10", "Neustadt Hbf Gl.27"])
def test_a_part_that_only_its_name_tells_belongs_to_the_whole(part: str) -> None:
    assert same_group(part, "Neustadt Hbf")
    assert SMALL.group_of(SMALL.resolve(part).key) == ("neustadt hbf", SMALL.resolve(part).key)
    known = SMALL.with_stations([Station("8000777", "Neustadt Hbf")], Source.TABLE)
    assert known.whole_of(known.resolve(part).key) == "8000777"
    assert not known.resolve(part).known


def test_a_letter_in_brackets_is_no_mark_of_a_part() -> None:
    assert not same_group("Halle (S)", "Halle")


@given(st.text())
def test_the_whole_of_a_whole_is_itself(text: str) -> None:
    key = SMALL.resolve(text).key
    head = SMALL.whole_of(key)
    assert SMALL.whole_of(head) == head
    assert SMALL.group_of(key)[0] == head
    assert key in SMALL.group_of(key)


def test_groups_in_a_circle_are_one_group() -> None:
    circle = register(Station("3", "C", group="1"), Station("1", "A", group="2"), Station("2", "B", group="1"))
    assert {circle.group_of(eva) for eva in "123"} == {("1", "2", "3")}


def test_the_own_file_overrides_the_table() -> None:
    own = SMALL.with_stations(
        [Station("8000207", "Köln Dom", group=""), Station("8099999", "Musterstadt(Muster)Hbf", codes=("FMU",))],
        Source.OWN_FILE,
    )
    assert own.resolve("Musterstadt(Muster)Hbf").eva == "8099999"
    assert own.resolve("FMU").eva == "8099999"
    assert own.resolve("Köln Hbf").eva == own.resolve("Köln Dom").eva == "8000207"
    cologne = own.station("8000207")
    assert cologne == Station("8000207", "Köln Dom", ("Köln Hbf",), codes=("KK",))
    assert SMALL.resolve("FMU").eva == "8000999"


def test_the_own_file_takes_a_station_out_of_its_group() -> None:
    own = SMALL.with_stations([Station("8098999", "Musterstadt Hbf (tief)", group="8098999")], Source.OWN_FILE)
    assert own.group_of("8098999") == ("8098999",)
    assert own.group_of("8000999") == ("8000999",)


def test_an_archive_teaches_names_and_changes_none() -> None:
    taught = SMALL.with_names(
        [
            ("08000999", "Musterstadt Mitte", "Musterstadt(Muster)Hbf"),
            ("8012345", None, "Neubau Hbf"),
            ("8012345", "Neubau", ""),
            (None, "Niemand", "Niemand"),
            ("8000999", "Köln Hbf", None),
        ]
    )
    assert taught.resolve("Musterstadt Mitte").eva == "8000999"
    assert taught.resolve("Neubau Hbf") == taught.resolve("Neubau") == StationIdentity("8012345", True)
    assert not taught.resolve("Niemand").known
    assert taught.resolve("Köln Hbf").eva == "8000207"


def test_more_stations_are_read_only_for_an_unknown_spelling() -> None:
    reads = []

    def more() -> list[Entry]:
        reads.append(1)
        return [(Source.STOP, Station("203523", "Kirche, Birkenwerder"))]

    lazy = StationRegister([(Source.TABLE, COLOGNE)], more)
    assert lazy.resolve("köln hbf").known
    assert not reads
    assert lazy.resolve("Kirche, Birkenwerder").eva == "203523"
    assert lazy.resolve("203523").known
    assert not lazy.resolve("Nirgendwo").known
    station = lazy.station("203523")
    assert station is not None
    assert station.name == "Kirche, Birkenwerder"
    assert len(reads) == 1


def test_similar_names_are_offered() -> None:
    assert [one.eva for one in SMALL.similar("Koln Hbf", 1)] == ["8000207"]
    assert [one.eva for one in SMALL.similar("Köln", 1)] == ["8000207"]
    assert SMALL.similar("Xyzzy") == []


def test_the_cache_of_spellings_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zielzeit.stations.register._MOST_CACHED", 10)
    one = register(COLOGNE)
    for number in range(25):
        one.resolve(f"nonsense {number}")
    assert len(one._resolved) <= 10
    assert one.resolve("Köln Hbf").known


NAMES = st.text("aäbcöüßé-/(). ABHbfstr1", min_size=1, max_size=12).map(composed)
NAMES = NAMES.filter(lambda name: bool(name) and eva_number(comparable(name)) is None)
STATIONS = st.lists(
    st.builds(
        Station,
        eva=st.integers(8000000, 8000009).map(str),
        name=NAMES,
        aliases=st.lists(NAMES, max_size=2).map(tuple),
        earlier=st.lists(NAMES, max_size=2).map(tuple),
        codes=st.lists(st.text("ABC", min_size=1, max_size=3), max_size=2).map(tuple),
        group=st.sampled_from(["", "8000000", "8000001", "8000002"]),
    ).map(lambda one: (Source.TABLE, one)),
    max_size=8,
)
ENTRIES = STATIONS.flatmap(
    lambda entries: st.tuples(*(st.sampled_from(Source).map(lambda s, e=entry: (s, e[1])) for entry in entries))
)
VARIANTS: list[Callable[[str], str]] = [
    lambda name: unicodedata.normalize("NFD", name),
    str.upper,
    str.lower,
    str.swapcase,
    lambda name: f" {name.replace(' ', '  ')}\t",
    lambda name: name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss"),
    lambda name: name.replace("(", " (").replace(")", ") "),
]


@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(entries: tuple[Entry, ...], chance: object) -> None:
    shuffled = list(entries)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = StationRegister(entries), StationRegister(shuffled)
    texts = {text for _, each in entries for text in (each.name, *each.aliases, *each.earlier, *each.codes, each.eva)}
    for text in texts | {variant(text) for text in texts for variant in VARIANTS}:
        assert one.find(text) == other.find(text)
    for _, each in entries:
        assert one.group_of(each.eva) == other.group_of(each.eva)
        assert one.station(each.eva) == other.station(each.eva)


@given(ENTRIES, st.sampled_from(VARIANTS))
def test_a_variant_is_the_same_station_or_ambiguous(entries: tuple[Entry, ...], variant: Callable[[str], str]) -> None:
    """Never another station, unless the variant is itself another station's exact name, earlier name or code."""
    known = StationRegister(entries)
    exact = {text for _, one in entries for text in (one.name, *one.aliases, *one.earlier, *one.codes)}
    for _, one in entries:
        found, varied = known.find(one.name), known.find(variant(one.name))
        if composed(variant(one.name)) in exact - {one.name}:
            continue
        if varied.match is not Match.AMBIGUOUS:
            same_form = {
                e.eva for _, e in entries for text in (e.name, *e.aliases) if comparable(text) == comparable(one.name)
            }
            assert varied.identity.eva in same_form | {head for eva in same_form for head in known.group_of(eva)[:1]}
            if len(same_form) == 1:
                assert varied.identity == found.identity


@given(ENTRIES)
def test_two_eva_numbers_are_never_one_identity(entries: tuple[Entry, ...]) -> None:
    known = StationRegister(entries)
    for _, one in entries:
        assert known.resolve(one.eva) == StationIdentity(one.eva, True)
        found = known.find(one.name)
        if found.identity.known:
            # It bears this name, or a code that is spelled so; of a stop it may be the station that it is in front of.
            station = known.station(found.identity.key)
            assert station is not None
            names = {station.name, *station.aliases, *station.codes, *station.earlier}
            assert one.name in names or comparable(one.name) in map(comparable, names)


@given(st.text())
def test_any_text_has_an_identity_that_its_key_keeps(text: str) -> None:
    found = SMALL.resolve(text)
    assert SMALL.resolve(found.key) == found
    assert SMALL.resolve(text) is found


@given(ENTRIES, st.lists(st.tuples(st.integers(8000000, 8000020).map(str), NAMES, NAMES), max_size=6))
def test_teaching_changes_no_spelling_that_was_found(
    entries: tuple[Entry, ...], rows: list[tuple[str, str, str]]
) -> None:
    known = StationRegister(entry for entry in entries if entry[0] < Source.ARCHIVE)
    taught = known.with_names(rows)
    assert all(taught.station(eva) is not None for eva, _, _ in rows)
    for _, one in entries:
        if (found := known.find(one.name)).match is Match.NAME:
            assert taught.find(one.name) == found
