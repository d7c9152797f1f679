"""Who answers for a grid at a moment: order, reasons, period edges, and what the tables refuse."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from backend.accounts.models import User
from backend.areas.duty.chain import Roster, chain_of, chains
from backend.areas.duty.gaps import gaps_of
from backend.areas.models import Absence, Area, DeskShift, Duty
from backend.core.clock import LOCAL
from tests.world import World

GRID = "002011001"
MIDNIGHT = datetime(2026, 11, 19, tzinfo=LOCAL)


def span(start: datetime, hours: float | None = None) -> DateTimeTZRange:
    return DateTimeTZRange(start, start + timedelta(hours=hours) if hours is not None else None)


def person(name: str) -> User:
    return User.objects.create(username=name, name=name)


def reasons(world: World, at: datetime, grid: str = GRID) -> list[str]:
    return [f"{line.worker.username}:{line.reason}" for line in chain_of(world.grid(grid).pk, at=at).lines]


def test_cover_leader_full_time_part_time_and_deputies_answer_in_this_order(world: World, now: datetime) -> None:
    grid = world.grid(GRID)
    since = span(now)
    Duty.objects.create(grid=grid, worker=person("b"), post="deputy", rank=2, valid=since)
    Duty.objects.create(grid=grid, worker=person("a"), post="deputy", rank=1, valid=since)
    Duty.objects.create(grid=grid, worker=person("half"), post="worker", part_time=True, valid=since)
    Duty.objects.create(grid=grid, worker=person("stand-in"), post="cover", valid=span(now, 24))
    assert reasons(world, now) == [
        "stand-in:cover",
        "leader-002011001:leader",
        "worker-002011001:worker",
        "half:worker_part_time",
        "a:deputy_a",
        "b:deputy_b",
    ]


def test_an_absent_leader_stays_in_the_chain_with_the_period_and_does_not_answer(world: World, now: datetime) -> None:
    leader = world.people[f"leader:{GRID}"]
    Absence.objects.create(worker=leader, period=span(now, 24), kind="annual")
    chain = chain_of(world.grid(GRID).pk, at=now)
    line = chain.lines[0]
    assert (line.worker, line.reason, line.away_kind) == (leader, "away", "annual")
    assert (line.away_since, line.away_until) == (now, now + timedelta(hours=24))
    assert chain.first is not None
    assert chain.first.worker == world.people[f"worker:{GRID}"]


@pytest.mark.parametrize(("second", "answers"), [(-1, "leader"), (0, "worker"), (86_399, "worker"), (86_400, "leader")])
def test_a_day_of_absence_is_half_open_from_midnight_in_shanghai(world: World, second: int, answers: str) -> None:
    Absence.objects.create(worker=world.people[f"leader:{GRID}"], period=span(MIDNIGHT, 24))
    first = chain_of(world.grid(GRID).pk, at=MIDNIGHT + timedelta(seconds=second)).first
    assert first is not None
    assert first.post == answers


def test_the_desk_stands_behind_with_its_own_number_or_the_one_of_the_shift(world: World, now: datetime) -> None:
    community = world.areas["330281002011"]
    clerk = world.people["community:002011"]
    DeskShift.objects.create(desk=community, worker=clerk, period=span(now, 8), phone="0574-111")
    grid = world.grid(GRID).pk
    manned, unmanned = chain_of(grid, at=now).desk[0], chain_of(grid, at=now + timedelta(hours=8)).desk[0]
    assert (manned.worker, manned.phone) == (clerk, "0574-111")
    assert (unmanned.worker, unmanned.phone) == (None, community.duty_phone)


def test_any_number_of_grids_and_moments_takes_the_same_queries(world: World, now: datetime) -> None:
    grids = [area.pk for area in Area.objects.filter(level="grid")]
    asked = [(grid, now + timedelta(hours=hour)) for grid in grids for hour in range(12)]
    with CaptureQueriesContext(
        connection,
    ) as seen:
        found = chains(asked)
    assert len(found) == len(grids) * 12
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"post": "leader"}, {"post": "leader"}),
        ({"post": "deputy", "rank": 1}, {"post": "deputy", "rank": 1}),
        ({"post": "cover"}, {"post": "cover"}),
    ],
)
def test_nobody_shares_the_post_of_one(world: World, now: datetime, first: dict, second: dict) -> None:
    grid = world.grid("003001002")
    Duty.objects.filter(grid=grid).delete()
    Duty.objects.create(grid=grid, worker=person("one"), valid=span(now, 10), **first)
    Duty.objects.create(grid=grid, worker=person("next"), valid=span(now + timedelta(hours=10), 10), **second)
    with pytest.raises(IntegrityError), transaction.atomic():
        Duty.objects.create(grid=grid, worker=person("two"), valid=span(now + timedelta(hours=9), 10), **second)


def test_a_person_holds_one_post_of_a_grid_at_a_time(world: World, now: datetime) -> None:
    grid, worker = world.grid("003001002"), person("one")
    Duty.objects.create(grid=grid, worker=worker, post="worker", valid=span(now, 10))
    Duty.objects.create(grid=grid, worker=worker, post="cover", valid=span(now + timedelta(hours=1), 2))
    with pytest.raises(IntegrityError, match="one_post_a_worker_and_grid"), transaction.atomic():
        Duty.objects.create(grid=grid, worker=worker, post="deputy", rank=1, valid=span(now + timedelta(hours=9), 10))


def test_a_person_is_away_once_and_at_one_desk_at_a_time(world: World, now: datetime) -> None:
    leader, community = world.people[f"leader:{GRID}"], world.areas["330281002011"]
    Absence.objects.create(worker=leader, period=span(now, 4))
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.create(worker=leader, period=span(now + timedelta(hours=3), 4))
    DeskShift.objects.create(desk=community, worker=leader, period=span(now, 4))
    with pytest.raises(IntegrityError), transaction.atomic():
        DeskShift.objects.create(
            desk=world.areas["330281002012"], worker=leader, period=span(now + timedelta(hours=3), 4)
        )


@pytest.mark.parametrize("bad", [{"post": "deputy"}, {"post": "leader", "rank": 1}, {"post": "cover"}])
def test_deputies_are_ranked_and_a_cover_ends(world: World, now: datetime, bad: dict) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Duty.objects.create(grid=world.grid("002012003"), worker=person("x"), valid=span(now), **bad)


HOURS = st.tuples(st.integers(0, 200), st.integers(1, 60))
POSTS = st.sampled_from([("leader", 0), ("worker", 0), ("deputy", 1), ("deputy", 2), ("cover", 0)])


class AnyRoster(TestCase):
    """Whatever rows the tables accept: one leader at most, the absent never first, gaps exactly where nobody is."""

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 5), POSTS, HOURS), max_size=12), st.lists(HOURS, max_size=6))
    def test_chain(self, duties: list, absences: list) -> None:
        began = MIDNIGHT
        grid = Area.objects.create(level="city", scheme="t", code="t", path="t.", name="t", opened_at=began)
        people = [person(f"p{number}") for number in range(6)]
        for who, (post, rank), (start, hours) in duties:
            valid = span(began + timedelta(hours=start), hours)
            _store(Duty(grid=grid, worker=people[who], post=post, rank=rank, valid=valid))
        for number, (start, hours) in enumerate(absences):
            _store(Absence(worker=people[number % 6], period=span(began + timedelta(hours=start), hours)))
        end = began + timedelta(hours=300)
        roster = Roster.read([grid.pk], start=began, end=end)
        gaps = gaps_of(roster, grid.pk, start=began, end=end)
        for hour in range(300):
            at = began + timedelta(hours=hour)
            lines = chain_of(grid.pk, at=at).lines if hour % 37 == 0 else roster.lines_at(grid.pk, at)
            assert lines == roster.lines_at(grid.pk, at)
            assert [line.post for line in lines].count("leader") <= 1
            assert len({line.worker.pk for line in lines}) == len(lines)
            first = next((line for line in lines if not line.is_absent), None)
            assert first is None or not Absence.objects.filter(period__contains=at, worker=first.worker).exists()
            in_gap = any(gap.start <= at and (gap.end is None or at < gap.end) for gap in gaps)
            assert in_gap == (first is None)


def _store(row: Duty | Absence) -> None:
    """As far as the tables accept it."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return
