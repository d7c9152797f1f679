"""Returns with a ground (退单): who may, once; the neighbour takes it or the level above rules; what is remembered."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db import IntegrityError, connection, transaction
from django.test import override_settings

from backend.areas.models import Boundary
from backend.areas.services import Outline, publish_division
from backend.areas.shapes import shape_of
from backend.cases import queries, services
from backend.cases.disputes import queries as disputes
from backend.cases.disputes import raising, settling
from backend.cases.disputes.raising import Ground
from backend.cases.disputes.settling import Outcome, Said
from backend.cases.errors import (
    AlreadyReturned,
    AlreadyRuled,
    CaseNotFound,
    DisputeNotFound,
    DisputeSettled,
    GroundTooShort,
    NothingToDispute,
    NotTheArbiter,
    NotTheNeighbour,
    NotYoursToReturn,
    UnknownOwner,
)
from backend.cases.flows.table import RoleMayNot, TransitionNotAllowed
from backend.cases.models import Case, Dispute
from backend.cases.routing import decide_again, verdict_for
from backend.cases.services import PointIn, Step
from backend.cases.workflow import Action
from backend.core.errors import DomainError, StaleVersion
from backend.core.models import OutboxMessage
from backend.dispatch import services as dispatch
from backend.dispatch.models import Decision, Ruling
from tests.cases.test_spine import ANONYMOUS, report
from tests.world import World

OWN, EAST, NORTH, ABROAD = "002011001", "002011002", "002012001", "003001001"
GROUND = "垃圾桶在围墙另一侧，属于隔壁网格"
WORDS = "以围墙为界，墙外归东侧网格"
# 4.8 m inside the east border of the first grid, in the middle of its length.
AT_BORDER = (121.17195, 30.0510)


def case_at(world: World, at: tuple[float, float], now: datetime, matter: str = "exposed_garbage") -> Case:
    point = PointIn(*at, "wgs84")
    return services.report_case(actor=ANONYMOUS, report=report(world, matter=matter, point=point), now=now).case


def returned(world: World, case: Case, now: datetime, *, by: str = f"leader:{OWN}", **ground: object) -> Dispute:
    said = Ground(GROUND, **ground)  # type: ignore[arg-type]
    return raising.return_case(actor=world.actor(by), case_id=case.pk, ground=said, now=now)


def ruled(world: World, dispute: Dispute, now: datetime, *, by: str = "community:002011", **said: object) -> Dispute:
    given = {"outcome": Outcome.GRID, "words": WORDS, "grid_code": world.grid(EAST).code, **said}
    return settling.rule(
        actor=world.actor(by),
        dispute_id=dispute.pk,
        version=dispute.version,
        said=Said(**given),
        now=now,  # type: ignore[arg-type]
    )


def test_a_return_names_the_neighbour_the_stretch_and_who_rules(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    dispute = returned(world, case, now)
    assert (dispute.state, dispute.level, dispute.arbiter_path) == ("open", "community", "3302.81.002.011.")
    assert (dispute.from_grid, dispute.other_grid) == (world.grid(OWN), world.grid(EAST))
    assert dispute.stretch is not None
    assert {round(x, 6) for x, _ in dispute.stretch.coords} == {121.172}
    assert dispute.border_m == pytest.approx(4.8, abs=0.1)
    assert queries.timeline(case, public=False)[-1].note == GROUND
    assert OutboxMessage.objects.filter(topic="case_disputed", key=str(dispute.pk)).count() == 1


@pytest.mark.parametrize(
    ("grid", "level", "path"),
    [
        (EAST, "community", "3302.81.002.011."),
        (NORTH, "street", "3302.81.002."),
        (ABROAD, "county", "3302.81."),
    ],
)
def test_the_level_above_both_sides_rules(world: World, now: datetime, grid: str, level: str, path: str) -> None:
    dispute = returned(world, case_at(world, AT_BORDER, now), now, grid_code=world.grid(grid).code)
    assert (dispute.level, dispute.arbiter_path, dispute.other_grid) == (level, path, world.grid(grid))
    # Only the first two lie at the case's border; a far grid has no stretch.
    assert (dispute.stretch is not None) == (grid == EAST)


def test_deep_inside_a_grid_there_is_no_border_to_remember(world: World, now: datetime) -> None:
    wide = MultiPolygon(Polygon.from_bbox((121.16, 30.04, 121.172, 30.052)), srid=4326)
    Boundary.objects.filter(area=world.grid(OWN)).update(outline=wide)
    case = case_at(world, AT_BORDER, now)
    Case.objects.filter(pk=case.pk).update(location=Point(121.165, 30.046, srid=4326))
    dispute = returned(world, case, now)
    assert (dispute.other_grid, dispute.stretch, dispute.level) == (None, None, "community")


def test_the_clock_runs_on_and_nobody_loses_the_case(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    due_at, owner = case.due_at, case.responsible
    dispute = returned(world, case, now)
    case.refresh_from_db()
    assert (case.state, case.due_at, case.responsible) == ("pending_handle", due_at, owner)
    assert due_at is not None
    assert services.escalate_overdue(now=due_at + timedelta(minutes=1)) == 1
    ruled(world, dispute, due_at + timedelta(hours=1))
    case.refresh_from_db()
    assert (case.due_at, case.escalated_at is not None) == (due_at, True)


def test_the_neighbour_takes_it(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    dispute = returned(world, case, now)
    settled = settling.accept(actor=world.actor(f"leader:{EAST}"), dispute_id=dispute.pk, now=now)
    case.refresh_from_db()
    assert settled.state == "agreed"
    assert (case.grid, case.area_path) == (world.grid(EAST), world.grid(EAST).path)
    assert case.responsible == world.people[f"leader:{EAST}"]
    decision = dispatch.latest(case.pk)
    assert decision is not None
    assert (decision.cause, decision.rule, decision.grid) == ("dispute", "dispute_ruling", world.grid(EAST))
    assert "同意接办" in decision.text_zh
    line = queries.timeline(case, public=False)[-1]
    assert (line.action, line.facts["from_grid"], line.facts["to_grid"]) == (
        "settle", world.grid(OWN).code, world.grid(EAST).code,
    )  # fmt: skip
    assert not [event for event in queries.timeline(case, public=True) if event.action in ("dispute", "settle")]
    people = OutboxMessage.objects.get(topic="dispute_settled").payload["people"]
    assert set(people) == {str(world.people[f"leader:{grid}"].pk) for grid in (OWN, EAST)}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"outcome": Outcome.STAYS, "grid_code": ""}, (OWN, f"leader:{OWN}", None)),
        ({"outcome": Outcome.GRID}, (EAST, f"leader:{EAST}", None)),
        ({"outcome": Outcome.DEPARTMENT, "by": "street:002"}, (OWN, None, "sanitation")),
    ],
)
def test_the_three_rulings(
    world: World, now: datetime, said: dict[str, object], expected: tuple[str, str | None, str | None]
) -> None:
    grid, owner, department = expected
    case = case_at(world, AT_BORDER, now)
    dispute = returned(world, case, now)
    if department:
        said = {**said, "department_id": world.departments[department].pk}
    settled = ruled(world, dispute, now, **said)
    case.refresh_from_db()
    assert settled.state == "ruled"
    assert case.grid == world.grid(grid)
    assert case.responsible == (world.people[owner] if owner else None)
    assert case.department == (world.departments[department] if department else None)
    assert settled.ruling is not None
    assert (settled.ruling.words, settled.ruling.by) == (
        WORDS, world.people[str(said.get("by", "community:002011"))],
    )  # fmt: skip
    with pytest.raises((AlreadyRuled, CaseNotFound, NotYoursToReturn)):
        returned(world, case, now, by=owner or f"leader:{OWN}")


def test_a_department_is_given_a_case_by_the_street_only(world: World, now: datetime) -> None:
    dispute = returned(world, case_at(world, AT_BORDER, now), now)
    with pytest.raises(NotTheArbiter):
        ruled(
            world, dispute, now, outcome=Outcome.DEPARTMENT, department_id=world.departments["sanitation"].pk
        )  # fmt: skip


def test_a_department_sends_back_and_the_grid_takes_it(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now, matter="dirty_road")
    dispute = returned(world, case, now, by="department:sanitation", grid_code=world.grid(OWN).code)
    assert (dispute.from_department, dispute.from_grid) == (world.departments["sanitation"], None)
    assert (dispute.level, dispute.other_grid) == ("street", world.grid(OWN))
    settling.accept(actor=world.actor(f"leader:{OWN}"), dispute_id=dispute.pk, now=now)
    case.refresh_from_db()
    assert (case.department, case.responsible) == (None, world.people[f"leader:{OWN}"])


def test_the_desk_writes_down_what_a_department_sends(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now, matter="dirty_road")
    with pytest.raises(NotYoursToReturn):
        returned(world, case, now, by=f"leader:{OWN}")
    assert returned(world, case, now, by="community:002011").from_department == world.departments["sanitation"]


def test_once_a_decision(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    dispute = returned(world, case, now)
    for by in (f"leader:{OWN}", f"worker:{OWN}"):
        with pytest.raises(AlreadyReturned):
            returned(world, case, now, by=by)
    raising.withdraw(actor=world.actor(f"leader:{OWN}"), dispute_id=dispute.pk, now=now)
    with pytest.raises(AlreadyReturned):
        returned(world, case, now)
    case.refresh_from_db()
    leader = world.actor(f"leader:{OWN}")
    assert disputes.return_refusal(case, leader) == "already_returned"
    assert "dispute" not in [step.action for step in queries.available_actions(case, leader, now=now)]


def refusals(world: World) -> dict[str, tuple[Ground, str, type[DomainError]]]:
    own, east = world.grid(OWN).code, world.grid(EAST).code
    police = world.departments["police"].pk
    return {
        "too short": (Ground("不归我"), f"leader:{OWN}", GroundTooShort),
        "blanks": (Ground("不归我        "), f"leader:{OWN}", GroundTooShort),
        "own grid": (Ground(GROUND, grid_code=own), f"leader:{OWN}", UnknownOwner),
        "no grid": (Ground(GROUND, grid_code="330281002011"), f"leader:{OWN}", UnknownOwner),
        "no department": (Ground(GROUND, department_id=UUID(int=7)), f"leader:{OWN}", UnknownOwner),
        "both": (Ground(GROUND, grid_code=east, department_id=police), f"leader:{OWN}", UnknownOwner),
        "neighbour": (Ground(GROUND), f"leader:{EAST}", CaseNotFound),
        "desk for a grid": (Ground(GROUND), "community:002011", NothingToDispute),
        "resident": (Ground(GROUND), "resident:1", CaseNotFound),
        "other department": (Ground(GROUND), "department:sanitation", CaseNotFound),
    }


@pytest.mark.parametrize(
    "name",
    ["too short", "blanks", "own grid", "no grid", "no department", "both", "neighbour", "desk for a grid", "resident",
     "other department"],
)  # fmt: skip
def test_what_is_refused_leaves_nothing(world: World, now: datetime, name: str) -> None:
    case = case_at(world, AT_BORDER, now)
    ground, by, error = refusals(world)[name]
    with pytest.raises(error):
        raising.return_case(actor=world.actor(by), case_id=case.pk, ground=ground, now=now)
    assert Dispute.objects.count() == 0
    assert queries.timeline(case, public=False)[-1].action == "dispatch"


def test_only_what_waits_for_its_owner_is_sent_back(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    services.act(actor=world.actor(f"leader:{OWN}"), case_id=case.pk, step=Step(Action.ACCEPT), now=now)
    with pytest.raises(TransitionNotAllowed):
        returned(world, case, now)
    with pytest.raises(StaleVersion):
        raising.return_case(
            actor=world.actor(f"leader:{OWN}"), case_id=case_at(world, AT_BORDER, now).pk, ground=Ground(GROUND),
            version=1, now=now,
        )  # fmt: skip


def test_return_is_no_step_of_the_plain_door(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    leader = world.actor(f"leader:{OWN}")
    with pytest.raises(RoleMayNot):
        services.act(actor=leader, case_id=case.pk, step=Step(Action.RETURN, note=GROUND), now=now)
    for action in (Action.DISPUTE, Action.SETTLE, Action.WITHDRAW):
        with pytest.raises(DomainError, match="own address"):
            services.act(actor=leader, case_id=case.pk, step=Step(action, note=GROUND), now=now)


@pytest.mark.parametrize(
    ("by", "error"),
    [
        ("community:002011", None),
        ("street:002", None),
        ("district", None),
        ("community:002012", DisputeNotFound),
        ("street:003", DisputeNotFound),
        (f"leader:{EAST}", NotTheArbiter),
        ("auditor", NotTheArbiter),
    ],
)
def test_who_rules(world: World, now: datetime, by: str, error: type[DomainError] | None) -> None:
    dispute = returned(world, case_at(world, AT_BORDER, now), now)
    if error is None:
        assert ruled(world, dispute, now, by=by).state == "ruled"
        return
    with pytest.raises(error):
        ruled(world, dispute, now, by=by)


def test_across_communities_both_desks_see_it_and_the_street_rules(world: World, now: datetime) -> None:
    dispute = returned(world, case_at(world, AT_BORDER, now), now, grid_code=world.grid(NORTH).code)
    for desk in ("community:002011", "community:002012"):
        assert disputes.get_dispute(world.actor(desk), dispute.pk) == dispute
        with pytest.raises(NotTheArbiter):
            ruled(world, dispute, now, by=desk, outcome=Outcome.STAYS)
    assert ruled(world, dispute, now, by="street:002", grid_code=world.grid(NORTH).code).state == "ruled"


def test_an_arbiter_sends_nothing_out_of_their_areas(world: World, now: datetime) -> None:
    dispute = returned(world, case_at(world, AT_BORDER, now), now)
    with pytest.raises(UnknownOwner):
        ruled(world, dispute, now, by="street:002", grid_code=world.grid(ABROAD).code)
    with pytest.raises(GroundTooShort):
        ruled(world, dispute, now, words="归东")


@pytest.mark.parametrize(
    ("by", "error"),
    [(f"leader:{OWN}", NotTheNeighbour), ("leader:002011003", DisputeNotFound), ("community:002011", NotTheNeighbour)],
)
def test_only_the_neighbour_takes_it(world: World, now: datetime, by: str, error: type[DomainError]) -> None:
    dispute = returned(world, case_at(world, AT_BORDER, now), now)
    with pytest.raises(error):
        settling.accept(actor=world.actor(by), dispute_id=dispute.pk, now=now)


def test_where_a_department_is_proposed_the_neighbour_is_not_asked(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    dispute = returned(world, case, now, department_id=world.departments["sanitation"].pk)
    assert (dispute.other_grid, dispute.level) == (None, "street")
    settling.accept(actor=world.actor("department:sanitation"), dispute_id=dispute.pk, now=now)
    case.refresh_from_db()
    assert (case.department, case.responsible) == (world.departments["sanitation"], None)


@pytest.mark.parametrize(
    ("by", "step"),
    [(f"leader:{OWN}", Step(Action.ACCEPT)), ("street:002", Step(Action.FORCE_CLOSE, note="重复上报"))],
    ids=["taken on", "ended"],
)
def test_another_step_ends_the_dispute(world: World, now: datetime, by: str, step: Step) -> None:
    case = case_at(world, AT_BORDER, now)
    dispute = returned(world, case, now)
    services.act(actor=world.actor(f"leader:{OWN}"), case_id=case.pk, step=Step(Action.NOTE, note="已拍照"), now=now)
    assert Dispute.objects.open().count() == 1
    services.act(actor=world.actor(by), case_id=case.pk, step=step, now=now)
    dispute.refresh_from_db()
    assert (dispute.state, dispute.settled_by) == ("withdrawn", world.people[by])
    with pytest.raises(DisputeSettled):
        ruled(world, dispute, now)


def test_a_stale_dispute_is_not_ruled(world: World, now: datetime) -> None:
    dispute = returned(world, case_at(world, AT_BORDER, now), now)
    dispute.version = 7
    with pytest.raises(StaleVersion):
        ruled(world, dispute, now)


# What is remembered.


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
