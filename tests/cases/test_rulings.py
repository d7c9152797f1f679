"""What an earlier ruling still says: only while both sides of its stretch are as they were ruled on."""

from datetime import datetime, timedelta

import pytest
from django.contrib.gis.geos import LineString

from backend.areas.models import Boundary
from backend.cases.models import Case
from backend.cases.routing import verdict_for
from backend.core.ids import uuid7
from backend.dispatch import rulings
from backend.dispatch import services as dispatch
from backend.dispatch.models import Ruling
from backend.dispatch.rulings import MOST_TOLD, Place, Remembered
from backend.dispatch.services import Ask
from tests.cases.test_disputes import AT_BORDER, EAST, OWN, WORDS, case_at, returned, ruled
from tests.world import World


def redraw(world: World, grid: str, at: datetime) -> None:
    """The grid gets a new boundary of the same shape; its neighbours keep theirs."""
    boundary = Boundary.objects.in_force(at).get(area=world.grid(grid))
    Boundary.objects.filter(pk=boundary.pk).update(valid=(boundary.valid.lower, at))
    boundary.pk, boundary.valid = uuid7(), (at, None)
    boundary.save(force_insert=True)


def told_at(world: World, now: datetime, *, at: tuple[float, float] = AT_BORDER) -> list[str]:
    """Ids of the rulings that a decision is told of, the newest first; alone and among many the same."""
    ask = Ask(*at, None, world.matters["exposed_garbage"])
    alone = dispatch.decide(lon=at[0], lat=at[1], accuracy_m=None, matter=ask.matter, now=now)
    (among_many,) = dispatch.decide_many([ask], now=now)
    assert among_many == alone
    return [str(one["id"]) for one in alone.rulings]


@pytest.mark.parametrize("side", [OWN, EAST])
def test_a_new_boundary_on_one_side_is_enough_to_forget(world: World, now: datetime, side: str) -> None:
    """Looked at from either side of the stretch: the point's own boundary and the one across are both asked for."""
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    across = (121.17205, 30.0510)
    later = now + timedelta(days=1)
    assert [len(told_at(world, later, at=spot)) for spot in (AT_BORDER, across)] == [1, 1]
    redraw(world, side, later)
    assert [told_at(world, later, at=spot) for spot in (AT_BORDER, across)] == [[], []]


@pytest.mark.parametrize("side", [OWN, EAST])
def test_a_new_boundary_on_one_side_frees_the_case_that_was_ruled_on(world: World, now: datetime, side: str) -> None:
    case = case_at(world, AT_BORDER, now)
    ruled(world, returned(world, case, now), now)
    case, later = Case.objects.select_related("matter", "grid").get(pk=case.pk), now + timedelta(hours=1)
    assert verdict_for(case, now=later).rule == "dispute_ruling"
    redraw(world, side, later)
    assert verdict_for(case, now=later).rule == "duty_leader"


def test_a_ruling_for_a_third_grid_ends_with_that_grid(world: World, now: datetime) -> None:
    case, third = case_at(world, AT_BORDER, now), world.grid("002011003")
    ruled(world, returned(world, case, now), now, grid_code=third.code)
    later = now + timedelta(hours=1)
    assert rulings.binding(case.pk, matter=case.matter, now=later) is not None
    Boundary.objects.filter(area=third).update(valid=(now - timedelta(days=9), later))
    assert rulings.binding(case.pk, matter=case.matter, now=later) is None


def test_a_ruling_binds_its_own_matter_only(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    ruled(world, returned(world, case, now), now)
    assert rulings.binding(case.pk, matter=world.matters["exposed_garbage"], now=now) is not None
    assert rulings.binding(case.pk, matter=world.matters["graffiti_removal"], now=now) is None


def test_the_last_ruling_binds_and_the_newest_are_told(world: World, now: datetime) -> None:
    first = ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now).ruling
    assert first is not None
    turns = [7, 3, 11, 1, 9, 2, 12, 5, 8, 4, 10, 6]
    later = [again(first, world, now + timedelta(minutes=turn), east=1e-6 * turn) for turn in turns]
    by_age = sorted(later, key=lambda one: one.at, reverse=True)
    assert told_at(world, now + timedelta(hours=1)) == [str(one.pk) for one in by_age[:MOST_TOLD]]
    binding = rulings.binding(first.case_id, matter=first.matter, now=now + timedelta(hours=1))
    assert binding is not None
    assert binding.ruling == by_age[0]


def again(first: Ruling, world: World, at: datetime, *, east: float) -> Ruling:
    """The same ruling given once more at another moment, a hair to the east."""
    assert first.stretch is not None
    stretch = LineString([(lon + east, lat) for lon, lat in first.stretch.coords], srid=4326)
    return rulings.remember(
        case_id=first.case_id, matter=first.matter, how=Ruling.How.RULED, words=WORDS, grid=first.grid,
        department=None, actor=world.actor("community:002011"), now=at,
        place=Place(first.boundary, first.other_boundary, stretch),
    )  # fmt: skip


def test_a_category_of_another_scheme_is_another_category(world: World, now: datetime) -> None:
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    other = world.matters["graffiti_removal"]
    boundary = Boundary.objects.in_force(now).get(area=world.grid(OWN))
    remembered = Remembered.read(now)

    def told() -> list[int]:
        given = {"matter": other, "boundary": boundary}
        alone = rulings.earlier_at(*AT_BORDER, now=now, **given)
        return [len(alone), len(remembered.earlier_at(*AT_BORDER, **given))]

    assert told() == [1, 1]
    other.scheme = "another"
    assert told() == [0, 0]
