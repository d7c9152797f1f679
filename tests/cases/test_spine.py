"""A report finds its grid, its rules, its worker and its deadline; every step is in the history."""

from datetime import datetime
from uuid import UUID

import pytest

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.cases import queries, services
from backend.cases.errors import CaseNotFound, NoteNeeded
from backend.cases.flows.table import RoleMayNot, TransitionNotAllowed
from backend.cases.models import Case, CaseEvent
from backend.cases.services import NewReport, PointIn, Step
from backend.cases.workflow import Action
from backend.core.errors import IdReused, StaleVersion
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.dispatch import services as dispatch
from backend.dispatch.errors import OutsideServedArea
from tests.world import World

ANONYMOUS = Actor(user_id=None, role=Role.RESIDENT)


def report(world: World, *, grid: str = "002011001", matter: str = "exposed_garbage", **more: object) -> NewReport:
    lon, lat = world.middle_of(grid)
    given = {
        "id": uuid7(),
        "matter_id": world.matters[matter].pk,
        "point": PointIn(lon, lat, "wgs84"),
        "channel": "resident_web",
        "description": "桶边有垃圾",
    }
    return NewReport(**{**given, **more})  # type: ignore[arg-type]


def test_a_report_is_routed_dated_and_explained(world: World, now: datetime) -> None:
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=now).case
    case.refresh_from_db()
    assert case.state == "pending_handle"
    assert case.grid == world.grid("002011001")
    assert case.responsible == world.people["leader:002011001"]
    assert case.due_at is not None
    assert case.due_at.isoformat() == "2026-11-18T08:00:00+00:00"  # 10:00 + 2 h to noon + 2 h from 14:00, Shanghai
    assert case.number == "2026111833028100001"
    (decision,) = dispatch.decisions_of(case.pk)
    assert (decision.kind, decision.rule) == ("inside", "duty_leader")
    assert "330281002011001" in decision.text_zh
    assert [event.action for event in queries.timeline(case, public=False)] == ["report", "file", "dispatch"]


def test_the_same_report_twice_is_one_case_and_one_answer(world: World, now: datetime) -> None:
    first = report(world)
    told = services.report_case(actor=ANONYMOUS, report=first, now=now)
    again = services.report_case(actor=ANONYMOUS, report=first, now=now)
    assert (again.case.pk, again.tracking_code, again.is_new) == (told.case.pk, told.tracking_code, False)
    assert Case.objects.count() == 1
    with pytest.raises(IdReused):
        services.report_case(actor=ANONYMOUS, report=report(world, id=first.id, description="另一件事"), now=now)


def test_the_whole_life(world: World, now: datetime) -> None:
    resident, leader, desk = (world.actor(name) for name in ("resident:1", "leader:002011001", "community:002011"))
    case_id = services.report_case(actor=resident, report=report(world), now=now).case.pk
    for actor, action in ((leader, Action.ACCEPT), (leader, Action.SUBMIT), (desk, Action.CLOSE)):
        services.act(actor=actor, case_id=case_id, step=Step(action), now=now)
    services.rate(actor=resident, case_id=case_id, rating=services.Rating(True, True, 5), now=now)
    case = Case.objects.get(pk=case_id)
    assert case.state == "closed"
    assert [event.n for event in case.events.all()] == list(range(1, 8))
    assert queries.stage(case) == "evaluated"
    assert OutboxMessage.objects.filter(topic="case_changed", key=str(case_id)).count() == 7


@pytest.mark.parametrize(
    "name", ["leader:002011002", "community:002012", "street:003", "department:sanitation", "resident:2"]
)
def test_strangers_find_no_case(world: World, now: datetime, name: str) -> None:
    case_id = services.report_case(actor=world.actor("resident:1"), report=report(world), now=now).case.pk
    with pytest.raises(CaseNotFound):
        services.act(actor=world.actor(name), case_id=case_id, step=Step(Action.NOTE, note="x"), now=now)


def test_refusals_change_nothing(world: World, now: datetime) -> None:
    leader = world.actor("leader:002011001")
    case_id: UUID = services.report_case(actor=ANONYMOUS, report=report(world), now=now).case.pk
    before = Case.objects.values().get(pk=case_id)
    tries = (
        (Step(Action.SUBMIT), TransitionNotAllowed),
        (Step(Action.FORCE_CLOSE, note="weg"), RoleMayNot),
        (Step(Action.RETURN, note="不归我"), RoleMayNot),
        (Step(Action.NOTE), NoteNeeded),
        (Step(Action.ACCEPT, version=1), StaleVersion),
    )
    for step, error in tries:
        with pytest.raises(error):
            services.act(actor=leader, case_id=case_id, step=step, now=now)
    assert Case.objects.values().get(pk=case_id) == before
    assert CaseEvent.objects.filter(case_id=case_id).count() == 3


def test_a_point_in_another_country_is_refused_and_leaves_no_number(world: World, now: datetime) -> None:
    with pytest.raises(OutsideServedArea):
        services.report_case(actor=ANONYMOUS, report=report(world, point=PointIn(8.5, 47.4, "wgs84")), now=now)
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=now).case
    assert case.number.endswith("00001")
