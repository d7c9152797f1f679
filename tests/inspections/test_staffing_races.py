"""Duty changed from two sides at once: one wins, the other is told, no case is lost or doubled."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from backend.areas.duty import gaps
from backend.areas.duty.wishes import AbsenceWish, TransferWish
from backend.areas.models import Absence, Duty, DutyAlarm
from backend.cases import services
from backend.cases.models import Case, CaseEvent
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.inspections import staffing
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import NOON
from tests.inspections.test_races import at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
GRID = "002011001"


def applied(world: World, wish: AbsenceWish | TransferWish, now: datetime) -> Callable[[], object]:
    desk, change_id = world.actor("community:002011"), uuid7()
    seen = staffing.preview(actor=desk, change_id=change_id, wish=wish, now=now)
    return lambda: staffing.apply(actor=desk, change_id=change_id, wish=wish, version=seen.version, now=now).moved


def test_two_absences_of_one_person_at_once_leave_one() -> None:
    world = make_world(NOON)
    leader = world.people[f"leader:{GRID}"].pk
    wishes = [AbsenceWish(leader, kind, NOON, NOON + timedelta(days=2), "") for kind in ("annual", "sick")]
    results = at_once(*[applied(world, wish, NOON) for wish in wishes])
    assert sorted(map(str, results)) == ["0", "duty_overlaps"]
    assert Absence.objects.count() == 1


def test_of_two_leaders_sent_to_one_grid_at_once_one_leads_it() -> None:
    """Each of them is locked, the grid is not: the constraint has the last word."""
    world, free = make_world(NOON), "002011003"
    Duty.objects.filter(grid=world.grid(free), post="leader").delete()
    wishes = [
        TransferWish(world.people[f"leader:{left}"].pk, world.grid(left).code, world.grid(free).code, "leader", NOON)
        for left in (GRID, "002011002")
    ]
    results = at_once(*[applied(world, wish, NOON) for wish in wishes])
    assert sorted(map(str, results)) == ["0", "duty_overlaps"]
    assert Duty.objects.filter(grid=world.grid(free), post="leader", valid__contains=NOON).count() == 1


@pytest.mark.parametrize("_turn", range(5))
def test_a_transfer_while_the_case_is_accepted_has_one_winner(_turn: int) -> None:
    world = make_world(NOON)
    Duty.objects.filter(grid=world.grid("002011002")).delete()
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=NOON).case
    leader = world.people[f"leader:{GRID}"]
    wish = TransferWish(leader.pk, world.grid(GRID).code, world.grid("002011002").code, "leader", NOON)
    actor = world.actor(f"leader:{GRID}")

    def accept() -> object:
        step = Step(Action.ACCEPT, version=case.version)
        return services.act(actor=actor, case_id=case.pk, step=step, now=NOON).state

    results = at_once(accept, applied(world, wish, NOON))
    case = Case.objects.get(pk=case.pk)
    routed = CaseEvent.objects.filter(case=case, action="route").count()
    if "handling" in results:
        assert (set(map(str, results)), routed, case.responsible) == ({"handling", "stale_version"}, 0, leader)
        assert Duty.objects.get(worker=leader).valid.upper is None
    else:
        assert (set(map(str, results)), routed) == ({"stale_version", "1"}, 1)
        assert case.responsible == world.people[f"worker:{GRID}"]


def test_sweeps_side_by_side_tell_once() -> None:
    world = make_world(NOON)
    leader = world.people["leader:002011002"]
    Absence.objects.create(worker=leader, period=(NOON, NOON + timedelta(days=1)))
    results = at_once(*[lambda: gaps.sweep(now=NOON).found] * 4)
    assert sorted(results, key=str) == [0, 0, 0, 1]
    assert DutyAlarm.objects.count() == OutboxMessage.objects.filter(topic="duty_gap").count() == 1


def test_changes_swept_side_by_side_move_each_case_once() -> None:
    world = make_world(NOON)
    for _ in range(3):
        services.report_case(actor=ANONYMOUS, report=report(world), now=NOON)
    begins = NOON + timedelta(hours=1)
    applied(world, AbsenceWish(world.people[f"leader:{GRID}"].pk, "annual", begins, None, ""), NOON)()
    results = at_once(*[lambda: staffing.sweep_changes(now=begins)] * 3)
    assert sum(int(str(one)) for one in results) == 3
    assert CaseEvent.objects.filter(action="route").count() == 3
