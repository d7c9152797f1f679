"""From a draft to new boundaries with all open work at home, and back."""

import threading
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import shapely
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from shapely import LineString

from backend.accounts.actor import SYSTEM
from backend.areas import drafts, edits, errors, force, queries
from backend.areas.checking import accept_repairs
from backend.areas.models import Area, Boundary, Division, Duty, Lineage
from backend.cases.models import Case, CaseEvent
from backend.cases.services import NewReport, PointIn, Step, act, report_case
from backend.cases.workflow import Action
from backend.core.errors import StaleVersion
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.dispatch.models import Decision
from backend.inspections import dividing, rehoming
from backend.inspections.impact import impact_of
from backend.inspections.models import Appointment, Visit
from gis.outlines import rounded
from tests.world import SIDE, SOUTH, WEST, World, make_world

COMMUNITY = "330281002011"
FIRST, SECOND, THIRD = (f"{COMMUNITY}{number:03d}" for number in (1, 2, 3))


@pytest.fixture
def draft(world: World, now: datetime) -> Division:
    return draft_of(world, now)


def draft_of(world: World, now: datetime, *, parent: str = COMMUNITY, actor: str = "street:002") -> Division:
    return drafts.create_draft(
        actor=world.actor(actor), parent_code=parent, level="grid", name="秋季调整", now=now, source="in_force"
    )


def edited(world: World, division: Division, edit: edits.Edit, now: datetime) -> Division:
    division.refresh_from_db()
    return edits.edit_draft(
        actor=world.actor("street:002"), division_id=division.pk, version=division.version, edit=edit, now=now
    )


def checked(world: World, division: Division, now: datetime) -> Division:
    division.refresh_from_db()
    return dividing.check_draft(
        actor=world.actor("street:002"), division_id=division.pk, version=division.version, now=now
    )


def published(world: World, division: Division, now: datetime, *, at: datetime | None = None) -> Division:
    division = checked(world, division, now)
    return dividing.publish_division(
        actor=world.actor("street:002"), division_id=division.pk, version=division.version, effective_at=at, now=now
    )


def reported(world: World, lon: float, lat: float, now: datetime, **more: Any) -> Case:
    return report_case(
        actor=world.actor("resident:1"),
        report=NewReport(
            id=uuid7(), matter_id=world.matters["exposed_garbage"].pk, point=PointIn(lon, lat, "wgs84", None),
            channel="resident_web", description="垃圾", contact_name="王", contact_phone="13800000000", **more,
        ),
        now=now,
    ).case  # fmt: skip


def half_split(world: World, division: Division, now: datetime) -> Division:
    """The second grid cut in two from north to south, the east part a little smaller."""
    middle = WEST + 1.6 * SIDE
    return edited(
        world, division, edits.Split(SECOND, LineString([(middle, SOUTH - 1e-4), (middle, SOUTH + SIDE + 1e-4)])), now
    )


def test_a_split_brings_open_work_to_the_new_grid(world: World, draft: Division, now: datetime) -> None:
    east = (WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE)
    stays = reported(world, WEST + 1.2 * SIDE, SOUTH + 0.5 * SIDE, now)
    goes = reported(world, *east, now)
    place = world.add_place("P1", grid="002011002", at=east)
    division = published(world, half_split(world, draft, now), now)

    new = Area.objects.get(code=f"{COMMUNITY}004")
    goes.refresh_from_db(), stays.refresh_from_db(), place.refresh_from_db()
    assert (goes.grid, place.grid) == (new, new)
    assert stays.grid == world.grid("002011002")
    assert goes.responsible == world.people["leader:002011002"], "the new grid begins with the team of its ground"
    line = CaseEvent.objects.filter(case=goes).latest("n")
    assert (line.action, line.facts["from_grid"], line.facts["to_grid"]) == ("route", SECOND, new.code)
    assert Decision.objects.filter(case=goes, cause="boundary", grid=new).count() == 1
    assert not CaseEvent.objects.filter(case=stays, facts__cause="boundary").exists()
    assert {(one.old.code, one.new.code, one.kind) for one in Lineage.objects.filter(division=division)} == {
        (FIRST, FIRST, "kept"), (SECOND, SECOND, "split"), (SECOND, new.code, "split"), (THIRD, THIRD, "kept"),
    }  # fmt: skip
    told = OutboxMessage.objects.filter(topic="division_switched").values_list("area_path", flat=True)
    assert {world.grid("002011002").path, new.path} <= set(told)
    assert division.moved["cases"] == 1


def test_a_later_moment_switches_by_itself_and_once(world: World, draft: Division, now: datetime) -> None:
    east = (WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE)
    goes = reported(world, *east, now)
    monday = now + timedelta(days=4)
    division = published(world, half_split(world, draft, now), now, at=monday)
    new = Area.objects.get(code=f"{COMMUNITY}004")

    assert queries.locate(*east, accuracy_m=None, snap_m=0, now=monday - timedelta(seconds=1)).code == SECOND
    assert queries.locate(*east, accuracy_m=None, snap_m=0, now=monday).code == new.code
    assert new not in queries.areas_below(world.actor("street:002"), now=now)
    assert rehoming.switch_due(now=monday - timedelta(seconds=1)) == 0
    goes.refresh_from_db()
    assert goes.grid == world.grid("002011002")

    assert rehoming.switch_due(now=monday) == 1
    assert rehoming.switch_due(now=monday + timedelta(minutes=1)) == 0
    goes.refresh_from_db(), division.refresh_from_db()
    assert (goes.grid, division.switched_at) == (new, monday)
    assert CaseEvent.objects.filter(case=goes, facts__cause="boundary").count() == 1


def test_a_late_sweep_finds_the_switch_done(world: World, draft: Division, now: datetime) -> None:
    """It had read that the division is due before the other one committed."""
    division = published(world, half_split(world, draft, now), now, at=now + timedelta(days=4))
    monday = now + timedelta(days=4)
    assert rehoming.switch_division(division_id=division.pk, now=monday) is True
    assert rehoming.switch_division(division_id=division.pk, now=monday + timedelta(seconds=5)) is False
    division.refresh_from_db()
    assert division.switched_at == monday


def test_what_was_reported_during_the_switch_is_found(world: World, draft: Division, now: datetime) -> None:
    east = (WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE)
    division = published(world, half_split(world, draft, now), now)
    late = reported(world, *east, now - timedelta(seconds=1))
    assert late.grid == world.grid("002011002")
    rehoming.switch_due(now=now + rehoming.SETTLE_AFTER)
    late.refresh_from_db(), division.refresh_from_db()
    assert late.grid.code == f"{COMMUNITY}004"
    assert division.settled_at == now + rehoming.SETTLE_AFTER


def test_a_crash_in_the_switch_leaves_it_to_the_next(
    world: World, draft: Division, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes = reported(world, WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE, now)
    place = world.add_place("P1", grid="002011002", at=(WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE))
    monday = now + timedelta(days=4)
    published(world, half_split(world, draft, now), now, at=monday)

    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(rehoming, "_plan_again", crash)
        with pytest.raises(KeyboardInterrupt):
            rehoming.switch_due(now=monday)
    place.refresh_from_db(), goes.refresh_from_db()
    assert (place.grid, goes.grid) == (world.grid("002011002"),) * 2, "all or nothing"
    assert rehoming.switch_due(now=monday) == 1
    place.refresh_from_db(), goes.refresh_from_db()
    assert place.grid.code == goes.grid.code == f"{COMMUNITY}004"


def test_a_merge_closes_a_grid_and_its_code_is_never_given_again(world: World, draft: Division, now: datetime) -> None:
    goes = reported(world, *world.middle_of("002011003"), now)
    published(world, edited(world, draft, edits.Merge((SECOND, THIRD)), now), now)
    closed = world.grid("002011003")
    closed.refresh_from_db(), goes.refresh_from_db()
    assert closed.closed_at == now
    assert goes.grid == world.grid("002011002")
    assert not Duty.objects.filter(grid=closed, valid__contains=now + timedelta(days=1)).exists()
    later = now + timedelta(hours=1)
    published(world, half_split(world, draft_of(world, later), later), later)
    assert Area.objects.filter(parent__code=COMMUNITY, closed_at=None).order_by("code").last().code == f"{COMMUNITY}004"


def test_a_moved_border_moves_both_neighbours(world: World, draft: Division, now: datetime) -> None:
    corner = (WEST + SIDE, SOUTH + SIDE)
    moved = edited(world, draft, edits.MoveVertex(corner, (WEST + 1.2 * SIDE, SOUTH + SIDE)), now)
    assert moved.version == 2
    report = checked(world, draft, now).report
    assert report["blocking"] == 0
    assert report["counts"] == {}
    impact = impact_of(actor=world.actor("street:002"), division_id=moved.pk, now=now)
    assert [(one.old_code, one.new_code) for one in impact.pairs if one.is_moved] == [(SECOND, FIRST)]


def test_a_gap_blocks_until_its_repair_is_accepted(world: World, draft: Division, now: datetime) -> None:
    sheet = drafts.Sheet(draft)
    sheet.reshape({SECOND: shapely.box(WEST + SIDE, SOUTH, WEST + 2 * SIDE - 1e-4, SOUTH + SIDE)})
    sheet.save()
    division = checked(world, draft, now)
    assert (division.state, division.report["counts"]) == ("draft", {"gap": 1})
    fault = division.report["faults"][0]
    assert fault["repair"] == {"heir": SECOND}
    with pytest.raises(errors.DivisionNotChecked):
        dividing.publish_division(
            actor=SYSTEM, division_id=division.pk, version=division.version, effective_at=None, now=now
        )
    accept_repairs(
        actor=world.actor("street:002"), division_id=division.pk, version=division.version, fault_ids=None, now=now
    )
    assert checked(world, draft, now).state == "checked"


def test_publishing_looks_at_the_coverage_again(world: World, draft: Division, now: datetime) -> None:
    """Something changed the rows after the check without a new version: the transaction sees it itself."""
    division = checked(world, draft, now)
    sheet = drafts.Sheet(division)
    sheet.reshape({SECOND: shapely.box(WEST + SIDE, SOUTH, WEST + 2.1 * SIDE, SOUTH + SIDE)})
    sheet.save()
    with pytest.raises(errors.BadDivision) as refused:
        dividing.publish_division(
            actor=SYSTEM, division_id=division.pk, version=division.version, effective_at=None, now=now
        )
    assert refused.value.facts["faults"][0]["kind"] == "overlap"


def test_a_stale_draft_is_refused(world: World, draft: Division, now: datetime) -> None:
    other = draft_of(world, now)
    published(world, half_split(world, other, now), now)
    later = now + timedelta(minutes=1)
    with pytest.raises(errors.DivisionStale):
        published(world, edited(world, draft, edits.Merge((FIRST, SECOND)), later), later)


def test_a_division_is_published_once(world: World, draft: Division, now: datetime) -> None:
    division = published(world, half_split(world, draft, now), now)
    with pytest.raises(errors.DivisionNotDraft):
        dividing.publish_division(
            actor=SYSTEM, division_id=division.pk, version=division.version, effective_at=None, now=now
        )
    with pytest.raises(errors.DivisionNotDraft):
        edited(world, division, edits.Merge((FIRST, SECOND)), now)


def test_an_edit_of_another_version_is_refused(world: World, draft: Division, now: datetime) -> None:
    half_split(world, draft, now)
    with pytest.raises(StaleVersion):
        edits.edit_draft(
            actor=world.actor("street:002"), division_id=draft.pk, version=1,
            edit=edits.Rename(FIRST, "新名"), now=now,
        )  # fmt: skip


def test_others_neither_see_nor_touch_it(world: World, draft: Division, now: datetime) -> None:
    rename = edits.Rename(FIRST, "新名")
    for who, error in (
        ("street:003", errors.DivisionNotFound),
        ("community:002012", errors.DivisionNotFound),
        ("community:002011", errors.MayNotDivide),
    ):
        with pytest.raises(error):
            edits.edit_draft(actor=world.actor(who), division_id=draft.pk, version=1, edit=rename, now=now)
        with pytest.raises(error):
            dividing.publish_division(
                actor=world.actor(who), division_id=draft.pk, version=1, effective_at=None, now=now
            )
        with pytest.raises(error):
            dividing.undo_division(actor=world.actor(who), division_id=draft.pk, now=now)
    with pytest.raises(errors.AreaNotFound):
        draft_of(world, now, actor="street:003")


def test_a_division_that_is_still_to_come_is_taken_back(world: World, draft: Division, now: datetime) -> None:
    before = {one.pk for one in force.last_published(world.areas[COMMUNITY], "grid")}
    monday = now + timedelta(days=4)
    division = published(world, edited(world, draft, edits.Merge((SECOND, THIRD)), now), now, at=monday)
    dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=now)
    assert {one.pk for one in force.last_published(world.areas[COMMUNITY], "grid")} == before
    closed = world.grid("002011003")
    closed.refresh_from_db()
    assert closed.closed_at is None
    assert Duty.objects.filter(grid=closed, valid__contains=monday).count() == 1
    assert rehoming.switch_due(now=monday) == 0


def test_a_division_in_force_is_undone_while_nothing_has_happened(world: World, draft: Division, now: datetime) -> None:
    goes = reported(world, *world.middle_of("002011003"), now - timedelta(minutes=5))
    division = published(world, edited(world, draft, edits.Merge((SECOND, THIRD)), now), now)
    later = now + timedelta(minutes=10)
    dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=later)
    goes.refresh_from_db(), division.refresh_from_db()
    assert division.state == "undone"
    assert goes.grid == world.grid("002011003")
    facts = [event.facts for event in CaseEvent.objects.filter(case=goes, facts__cause="boundary").order_by("n")]
    assert [(one["from_grid"], one["to_grid"]) for one in facts] == [(THIRD, SECOND), (SECOND, THIRD)]
    reopened = world.grid("002011003")
    reopened.refresh_from_db()
    assert reopened.closed_at is None
    assert Duty.objects.filter(grid=reopened, valid__contains=later).exists()


def test_after_work_was_done_an_undo_is_refused_by_name(world: World, draft: Division, now: datetime) -> None:
    division = published(world, half_split(world, draft, now), now)
    later = now + timedelta(minutes=10)
    reported(world, *world.middle_of("002011002"), later)
    with pytest.raises(errors.NotUndoable) as refused:
        dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=later)
    assert refused.value.facts["reason"] == "cases_reported"


@pytest.mark.parametrize(
    ("grid", "worked", "reason"),
    [
        ("002011001", "reported", None),
        ("002011002", "reported", "cases_reported"),
        ("002011001", "accepted", None),
        ("002011002", "accepted", "cases_worked_on"),
        ("002011001", "visited", None),
        ("002011002", "visited", "visits_recorded"),
        ("002011001", "booked", None),
        ("002011002", "booked", "appointments_booked"),
    ],
)
def test_only_work_on_changed_ground_stands_against_an_undo(
    world: World, draft: Division, now: datetime, *, grid: str, worked: str, reason: str | None
) -> None:
    """The second grid was cut in two, the first is as it was."""
    case = reported(world, *world.middle_of(grid), now - timedelta(hours=1))
    division = published(world, half_split(world, draft, now), now)
    later = now + timedelta(minutes=10)
    if worked == "reported":
        reported(world, *world.middle_of(grid), later)
    elif worked == "accepted":
        act(actor=world.actor(f"leader:{grid}"), case_id=case.pk, step=Step(Action.ACCEPT), now=later)
    elif worked == "visited":
        Visit.objects.create(
            worker=world.people[f"leader:{grid}"], grid=world.grid(grid), place=world.add_place("V", grid=grid),
            at=later, received_at=later, outcome="done",
        )  # fmt: skip
    else:
        window = DateTimeTZRange(later + timedelta(days=1), later + timedelta(days=1, hours=1))
        Appointment.objects.create(case=case, grid=world.grid(grid), window=window, dwell_minutes=5, booked_at=later)
    undo = partial(dividing.undo_division, actor=world.actor("street:002"), division_id=division.pk, now=later)
    if reason is None:
        assert undo().state == "undone"
    else:
        with pytest.raises(errors.NotUndoable) as refused:
            undo()
        assert (refused.value.facts["reason"], refused.value.facts["count"]) == (reason, 1)


def test_a_rename_takes_effect_at_the_moment(world: World, draft: Division, now: datetime) -> None:
    monday = now + timedelta(days=4)
    first = world.grid("002011001")
    renamed = edited(world, draft, edits.Rename(FIRST, "新名网格", "New name"), now)
    division = published(world, renamed, now, at=monday)
    actor = world.actor("street:002")

    def called() -> list[str]:
        first.refresh_from_db()
        moments = (now, monday - timedelta(seconds=1), monday)
        return [first.name, *(queries.grid_in_force(actor, FIRST, now=at).name for at in moments)]

    assert called() == ["第1网格", "第1网格", "第1网格", "新名网格"]
    assert draft_of(world, now).drawn.get(code=FIRST).name == "新名网格", "a new draft begins with what is to come"
    rehoming.switch_due(now=monday)
    assert called() == ["新名网格", "第1网格", "第1网格", "新名网格"]
    later = monday + timedelta(minutes=1)
    dividing.undo_division(actor=actor, division_id=division.pk, now=later)
    assert called() == ["第1网格", "第1网格", "第1网格", "新名网格"]
    assert queries.grid_in_force(actor, FIRST, now=later).name == "第1网格"


def test_a_rename_that_is_taken_back_never_was(world: World, draft: Division, now: datetime) -> None:
    monday = now + timedelta(days=4)
    division = published(world, edited(world, draft, edits.Rename(FIRST, "新名网格"), now), now, at=monday)
    dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=now)
    assert rehoming.switch_due(now=monday) == 0
    assert Area.objects.get(code=FIRST).name == "第1网格"
    assert queries.grid_in_force(world.actor("street:002"), FIRST, now=monday).name == "第1网格"


def test_a_moment_before_another_division_is_refused(world: World, draft: Division, now: datetime) -> None:
    monday = now + timedelta(days=4)
    published(world, half_split(world, draft, now), now, at=monday)
    other = draft_of(world, now)
    with pytest.raises(errors.BadMoment):
        published(world, edited(world, other, edits.Merge((FIRST, SECOND)), now), now, at=monday - timedelta(days=1))
    with pytest.raises(errors.BadMoment):
        published(world, other, now, at=now - timedelta(seconds=1))


def test_a_community_is_redrawn_with_its_grids(world: World, now: datetime) -> None:
    """The north row's first grid goes over to the south community: a new code there, communities follow."""
    draft = draft_of(world, now, parent="330281002")
    north = "330281002012001"
    taken = shapely.union(
        shapely.box(WEST, SOUTH, WEST + 3 * SIDE, SOUTH + SIDE),
        shapely.box(WEST, SOUTH + SIDE, WEST + SIDE, SOUTH + 2 * SIDE),
    )
    goes = reported(world, *world.middle_of("002012001"), now)
    division = published(world, edited(world, draft, edits.RedrawCommunity(COMMUNITY, taken), now), now)
    goes.refresh_from_db()
    assert goes.grid.code == f"{COMMUNITY}004"
    assert goes.area_path.startswith(world.areas[COMMUNITY].path)
    assert (north, f"{COMMUNITY}004", "moved") in {
        (one.old.code, one.new.code, one.kind) for one in Lineage.objects.filter(division=division, old__isnull=False)
    }
    community = Boundary.objects.in_force(now).get(area__code=COMMUNITY)
    assert shapely.equals(shapely.from_wkb(bytes(community.outline.wkb)), rounded(taken))


@pytest.mark.django_db(transaction=True)
def test_two_publishes_at_once_leave_one(now: datetime) -> None:
    world = make_world(now)
    both = [checked(world, half_split(world, draft_of(world, now), now), now) for _ in range(2)]
    results: list[str] = []
    gate = threading.Barrier(2)

    def publish(division: Division) -> None:
        gate.wait()
        try:
            dividing.publish_division(
                actor=SYSTEM, division_id=division.pk, version=division.version, effective_at=None, now=now
            )
            results.append("published")
        except errors.DivisionStale as error:
            results.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=(one,)) for one in both]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(results) == ["division_stale", "published"]
    assert Boundary.objects.in_force(now).filter(area__parent__code=COMMUNITY).count() == 4


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_switch_once(now: datetime) -> None:
    world = make_world(now)
    goes = reported(world, WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE, now)
    monday = now + timedelta(days=4)
    published(world, half_split(world, draft_of(world, now), now), now, at=monday)
    done: list[int] = []
    gate = threading.Barrier(2)

    def sweep() -> None:
        gate.wait()
        done.append(rehoming.switch_due(now=monday))
        connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == [0, 1]
    assert CaseEvent.objects.filter(case=goes, facts__cause="boundary").count() == 1
