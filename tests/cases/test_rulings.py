"""What an earlier ruling says to later cases: only while both sides of its stretch are as they were ruled on."""

from datetime import datetime, timedelta

import pytest
from django.contrib.gis.geos import LineString
from django.db import IntegrityError, connection, transaction
from django.test import override_settings

from backend.areas.models import Boundary
from backend.areas.services import Outline, publish_division
from backend.areas.shapes import shape_of
from backend.cases.disputes import queries as disputes
from backend.cases.models import Case
from backend.cases.routing import decide_again, verdict_for
from backend.core.ids import uuid7
from backend.dispatch import rulings
from backend.dispatch import services as dispatch
from backend.dispatch.models import Decision, Ruling
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


def test_the_next_case_on_the_stretch_is_told_and_decided_as_ever(world: World, now: datetime) -> None:
    ruling = ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now).ruling
    assert ruling is not None
    later = case_at(world, (121.17193, 30.0512), now + timedelta(days=1))
    decision = dispatch.latest(later.pk)
    assert decision is not None
    assert (decision.grid, later.responsible) == (world.grid(OWN), world.people[f"leader:{OWN}"])
    assert [told["id"] for told in decision.rulings] == [str(ruling.pk)]
    assert decision.rulings[0]["words"] == WORDS
    assert "2026-11-18" in decision.text_zh
    assert world.grid(EAST).code in decision.text_zh
    assert "informs" in decision.text_en
    # Everybody reads the text; the other case and the arbiter's words stay inside.
    assert WORDS not in decision.text_zh
    assert str(decision.rulings[0]["case_number"]) not in decision.text_zh


@pytest.mark.parametrize(
    ("at", "matter", "told"),
    [
        ((121.17195, 30.0510), "exposed_garbage", 1),
        ((121.17205, 30.0510), "exposed_garbage", 1),
        ((121.17195, 30.0510), "graffiti_removal", 1),
        ((121.17172, 30.0510), "exposed_garbage", 1),  # 27 m
        ((121.17166, 30.0510), "exposed_garbage", 0),  # 33 m
        ((121.17195, 30.0518), "exposed_garbage", 0),  # past the end of the stretch
        ((121.17195, 30.0510), "dirty_road", 1),
    ],
    ids=["same place", "other side", "same category", "27 m", "33 m", "along", "department matter"],
)
def test_how_far_a_ruling_reaches(world: World, now: datetime, at: tuple[float, float], matter: str, told: int) -> None:
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    decision = dispatch.latest(case_at(world, at, now, matter=matter).pk)
    assert decision is not None
    assert len(decision.rulings) == told


def test_another_category_is_not_told(world: World, now: datetime) -> None:
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    other = world.matters["graffiti_removal"]
    other.category_code = "02"
    other.save()
    decision = dispatch.latest(case_at(world, AT_BORDER, now, matter="graffiti_removal").pk)
    assert decision is not None
    assert decision.rulings == []


def test_new_boundaries_forget(world: World, now: datetime) -> None:
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    later = now + timedelta(days=1)
    outlines = [
        Outline(row.area, shape_of(row.outline))
        for row in Boundary.objects.in_force(now).filter(area__level="grid").select_related("area")
    ]
    publish_division(
        parent=world.areas["330281"], level="grid", name="new", source="tests", outlines=outlines,
        effective_at=later, now=now,
    )  # fmt: skip
    decision = dispatch.latest(case_at(world, AT_BORDER, later + timedelta(hours=1)).pk)
    assert decision is not None
    assert decision.rulings == []


def test_without_a_stretch_the_matter_in_the_grid_is_told(world: World, now: datetime) -> None:
    case = case_at(world, world.middle_of(OWN), now, matter="dirty_road")
    dispute = returned(world, case, now, by="department:sanitation", grid_code=world.grid(OWN).code)
    ruled(world, dispute, now, by="street:002", grid_code=world.grid(OWN).code)
    told = [
        len(found.rulings)
        for at, matter in ((OWN, "dirty_road"), (OWN, "exposed_garbage"), (EAST, "dirty_road"))
        if (found := dispatch.latest(case_at(world, world.middle_of(at), now, matter=matter).pk))
    ]
    assert told == [1, 0, 0]


def test_its_own_ruling_holds_when_the_case_is_decided_again(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    ruled(world, returned(world, case, now), now)
    case = Case.objects.select_related("matter", "grid").get(pk=case.pk)
    verdict = decide_again(case, cause="duty", now=now + timedelta(hours=1))
    assert (verdict.grid, verdict.rule) == (world.grid(EAST), "dispute_ruling")
    Boundary.objects.filter(area=world.grid(OWN)).update(valid=(now - timedelta(days=2), now + timedelta(hours=2)))
    assert decide_again(case, cause="boundary", now=now + timedelta(hours=3)).rule != "dispute_ruling"


def test_a_case_that_was_moved_since_is_decided_by_its_new_place(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    ruled(world, returned(world, case, now), now)
    case = Case.objects.select_related("matter", "grid").get(pk=case.pk)
    later = now + timedelta(hours=1)
    dispatch.keep(case_id=case.pk, verdict=verdict_for(case, now=later), cause="location", now=later)
    assert verdict_for(case, now=later).rule == "duty_leader"


def test_what_was_ruled_there_is_shown_the_next_time(world: World, now: datetime) -> None:
    first = ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    second = case_at(world, AT_BORDER, now)
    returned(world, second, now)
    assert [one.ruling for one in disputes.rulings_at(second, now=now)] == [first.ruling]
    assert disputes.rulings_at(first.case, now=now) == []


def test_rulings_and_decisions_are_only_added_to(world: World, now: datetime) -> None:
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    for table in (Ruling, Decision):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table._meta.db_table} SET at = at")


def test_the_box_around_a_point_is_wide_enough(world: World, now: datetime) -> None:
    """With a reach of 200 m the far end of a grid still hears of it."""
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    with override_settings(RULING_NEAR_M=180.0):
        decision = dispatch.latest(case_at(world, (121.1702, 30.0510), now).pk)
    assert decision is not None
    assert len(decision.rulings) == 1
