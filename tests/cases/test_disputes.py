"""Returns with a ground (退单): who may, once; the neighbour takes it or the level above rules."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from backend.areas.models import Boundary
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
from backend.cases.services import PointIn, Step
from backend.cases.workflow import Action
from backend.core.errors import DomainError, StaleVersion
from backend.core.models import OutboxMessage
from backend.dispatch import services as dispatch
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
