"""Every scheduled task, three times side by side and once more: what it is for happens once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils.module_loading import import_string

from backend.accounts.models import SignInAttempt
from backend.areas.duty.wishes import AbsenceWish
from backend.areas.models import Absence, DutyAlarm, Proposal
from backend.cases import services
from backend.cases.models import Case, CaseEvent, Photo
from backend.cases.workflow import Action
from backend.config.celery import app
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.inspections import dividing, plans, reminders, staffing
from backend.inspections.models import PlanJob, PlanJobGrid, Stop, WeeklyPlan
from backend.inspections.services import run_job_grid
from backend.patrols.models import PatrolSession
from backend.places import proposals
from backend.places import queries as places
from backend.stats import coverage_maps
from backend.stats.models import CoverageMap
from backend.sync.models import Change
from tests.cases.test_extensions import at_work, take
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import NOON
from tests.faults.test_halfway import stored_photo
from tests.inspections.conftest import MONDAY
from tests.inspections.test_divisions import checked, draft_of, half_split, reported
from tests.inspections.test_races import at_once
from tests.mobile_api.test_field import plan_stop
from tests.patrols.test_sessions import LEADER, agree, start
from tests.streets import lay_streets
from tests.tables import unchanged
from tests.world import SIDE, SOUTH, WEST, World, make_world

# When the task runs, and the count of what it did, which must be 1 afterwards.
Effect = Callable[[], int]
Prepared = tuple[datetime, Effect]
GRID = "002011001"


def owed_message(world: World) -> Prepared:
    OutboxMessage.objects.all().delete()
    services.report_case(actor=world.actor("resident:1"), report=report(world), now=NOON)
    messages = OutboxMessage.objects.count()
    # The feed has no constraint that would refuse a second line.
    return NOON, lambda: 1 + Change.objects.count() - messages


def overdue_case(world: World) -> Prepared:
    services.report_case(actor=ANONYMOUS, report=report(world), now=NOON)
    return NOON + timedelta(days=3), lambda: CaseEvent.objects.filter(action="escalate").count()


def unclaimed_photo(world: World) -> Prepared:
    stored_photo(uuid7())
    return NOON + timedelta(days=2), lambda: 1 - Photo.objects.count()


def this_week(world: World) -> Prepared:
    """Each run asks anew; the planner answers an equal question with the plan that is in force."""
    lay_streets(world)
    world.add_place("P1", grid=GRID)

    def published() -> int:
        for row in PlanJobGrid.objects.filter(grid=world.grid(GRID)):
            run_job_grid(job_grid_id=row.pk, now=NOON)
        told = OutboxMessage.objects.filter(topic="plan_published").count()
        return told if WeeklyPlan.objects.filter(state="published").count() == 1 else 0

    return NOON, published


def unplanned_week(world: World) -> Prepared:
    return NOON, PlanJob.objects.count


def lost_planner(world: World) -> Prepared:
    WeeklyPlan.objects.create(
        grid=world.grid(GRID), week_start=MONDAY, version=1, state="planning", created_at=NOON,
        claimed_until=NOON + plans.CLAIM,
    )  # fmt: skip
    return NOON + timedelta(hours=1), lambda: WeeklyPlan.objects.filter(state="failed").count()


def lost_proposal(world: World) -> Prepared:
    Proposal.objects.create(
        area=world.areas["330281002011"], grids=3, name="建议划分", state="running", asked_at=NOON, begun_at=NOON,
        claimed_until=NOON + proposals.CLAIM, attempts=proposals.MOST_ATTEMPTS,
    )  # fmt: skip
    return NOON + timedelta(hours=1), lambda: Proposal.objects.filter(state="failed").count()


def past_stop(world: World) -> Prepared:
    with time_machine.travel(NOON, tick=False):
        plan_stop(world)
    missed = Stop.objects.filter(state="missed", version=2)
    return NOON + timedelta(days=1), lambda: missed.count() * OutboxMessage.objects.filter(topic="stop_changed").count()


def due_division(world: World) -> Prepared:
    reported(world, WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE, NOON)
    division = checked(world, half_split(world, draft_of(world, NOON), NOON), NOON)
    later = NOON + timedelta(hours=1)
    dividing.publish_division(
        actor=world.actor("street:002"), division_id=division.pk, version=division.version, effective_at=later, now=NOON
    )
    return later, lambda: CaseEvent.objects.filter(facts__cause="boundary").count()


def forgotten_session(world: World) -> Prepared:
    agree(world, LEADER, NOON)
    start(world, NOON)
    return NOON + timedelta(days=2), lambda: PatrolSession.objects.filter(ended_by="forgotten").count()


def missing_partitions(world: World) -> Prepared:
    return NOON + timedelta(days=200), lambda: _partitions("2027%") // 3


def old_tries(world: World) -> Prepared:
    SignInAttempt.objects.create(subject="x", address="203.0.113.7", at=NOON)
    return NOON + timedelta(days=3), lambda: 1 - SignInAttempt.objects.count()


def empty_grid(world: World) -> Prepared:
    leader = world.people["leader:002011002"]
    Absence.objects.create(worker=leader, period=(NOON, NOON + timedelta(days=1)))
    told = OutboxMessage.objects.filter(topic="duty_gap")
    return NOON, lambda: told.count() * DutyAlarm.objects.count()


def begun_absence(world: World) -> Prepared:
    services.report_case(actor=ANONYMOUS, report=report(world), now=NOON)
    desk, change_id, begins = world.actor("community:002011"), uuid7(), NOON + timedelta(hours=1)
    wish = AbsenceWish(world.people[f"leader:{GRID}"].pk, "annual", begins, begins + timedelta(days=2), "")
    seen = staffing.preview(actor=desk, change_id=change_id, wish=wish, now=NOON)
    staffing.apply(actor=desk, change_id=change_id, wish=wish, version=seen.version, now=NOON)
    return begins, lambda: CaseEvent.objects.filter(action="route").count()


def suspended_case(world: World) -> Prepared:
    case = at_work(world, NOON)
    until = NOON + timedelta(days=1)
    take(world, case, "street:002", Action.SUSPEND, NOON, until=until)
    return until, lambda: CaseEvent.objects.filter(case=case, action="resume").count()


def stop_of_a_moved_case(world: World) -> Prepared:
    """The case has gone to another grid by a door that leaves rounds alone."""
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=NOON).case
    with time_machine.travel(NOON, tick=False):
        stop = plan_stop(world)
    Stop.objects.filter(pk=stop.pk).update(kind="case", case=case, place=None)
    other = world.grid("002011002")
    Case.objects.filter(pk=case.pk).update(grid=other, responsible=world.people["leader:002011002"])
    gone = Stop.objects.filter(state="skipped", version=2)
    return NOON, lambda: gone.count() * OutboxMessage.objects.filter(topic="round_changed").count()


def lost_coverage_map(world: World) -> Prepared:
    CoverageMap.objects.create(
        area=world.areas["330281002"], week_start=MONDAY, weeks=1, unseen_days=30, role="street",
        asked_by=world.people["street:002"], area_paths=[], asked_at=NOON, state="running",
        claimed_until=NOON + coverage_maps.CLAIM, attempts=coverage_maps.MOST_ATTEMPTS,
    )  # fmt: skip
    return NOON + timedelta(hours=1), lambda: CoverageMap.objects.filter(state="failed").count()


def nothing(world: World) -> Prepared:
    """Only the log hears of it."""
    return NOON, lambda: 1


WAITING: dict[str, Callable[[World], Prepared]] = {
    "relay-outbox": owed_message,
    "escalate-overdue": overdue_case,
    "resume-suspended": suspended_case,
    "settle-photos": unclaimed_photo,
    "plan-monday": this_week,
    "plan-due-weeks": unplanned_week,
    "free-stuck-plans": lost_planner,
    "free-stuck-proposals": lost_proposal,
    "mark-missed-stops": past_stop,
    "take-out-moved-stops": stop_of_a_moved_case,
    "switch-divisions": due_division,
    "close-forgotten-sessions": forgotten_session,
    "keep-track-partitions": missing_partitions,
    "forget-expired": old_tries,
    "tend-coverage-maps": lost_coverage_map,
    "watch-duty": empty_grid,
    "sweep-duty-changes": begun_absence,
    "watch-calendar": nothing,
}


@pytest.fixture
def _as_before(transactional_db: None) -> Any:
    """Tables that a task makes go again: the other tests of this process share the database."""
    before = _names()
    yield
    with connection.cursor() as cursor:
        for name in _names() - before:
            cursor.execute(f"DROP TABLE {name}")


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_a_scheduled_task_may_run_twice_and_beside_itself(entry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert entry in WAITING, "say what waits for this task and what it may do once"
    monkeypatch.setattr(reminders, "send", len)
    monkeypatch.setattr(proposals, "send", len)
    monkeypatch.setattr(places, "_kept", None)
    task = import_string(app.conf.beat_schedule[entry]["task"])
    moment, effect = WAITING[entry](make_world(NOON))
    with time_machine.travel(moment, tick=False):
        at_once(task, task, task)
        if entry == "plan-monday":
            task()
        else:
            with unchanged():
                task()
        assert effect() == 1


def _names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'patrols_trackpoint%'")
        return {row[0] for row in cursor.fetchall()}


def _partitions(pattern: str) -> int:
    return sum(name.startswith(f"patrols_trackpoint_{pattern.rstrip('%')}") for name in _names())
