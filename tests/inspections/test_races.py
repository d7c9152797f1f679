"""Real threads on a real database: what happens at once counts once."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.db import connection

from backend.accounts.actor import SYSTEM
from backend.core.errors import DomainError
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.inspections.models import Stop, Visit, WeeklyPlan
from backend.inspections.services import NewVisit, plan_week, publish_plan, record_visit, request_plans, run_job_grid
from backend.places import queries as places
from backend.places.models import VisitDuty
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY, stops_of
from tests.streets import spot_in
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What each call gave, or the code of its refusal; all start together. Raises what is no refusal."""
    results: list[object] = []
    bugs: list[Exception] = []
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        try:
            barrier.wait()
            results.append(call())
        except DomainError as error:
            results.append(error.code)
        except Exception as error:
            bugs.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if bugs:
        raise bugs[0]
    return results


def plan_once(world: World) -> Callable[[], object]:
    return lambda: plan_week(grid_id=world.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY).pk


def test_two_planners_at_once_leave_one_plan(request: pytest.FixtureRequest) -> None:
    town: World = request.getfixturevalue("town")
    places.walking_network()
    results = at_once(*[plan_once(town)] * 3)
    usable = WeeklyPlan.objects.filter(state="draft")
    assert usable.count() == 1
    assert set(results) <= {usable.get().pk, "planning_under_way"}
    assert WeeklyPlan.objects.exclude(state__in=("draft", "failed")).count() == 0


def test_a_job_sent_twice_is_done_once(request: pytest.FixtureRequest) -> None:
    town: World = request.getfixturevalue("town")
    places.walking_network()
    job = request_plans(
        actor=SYSTEM, week_start=MONDAY, grid_codes=[town.grid(GRID).code], now=MONDAY_EARLY, publish=True
    )
    row = job.grids.get()
    results = at_once(*[lambda: run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY)] * 3)
    assert sorted(results, key=str) == [False, False, True]
    assert OutboxMessage.objects.filter(topic="plan_published").count() == 1


def test_two_versions_published_at_once_leave_one_in_force(request: pytest.FixtureRequest) -> None:
    town: World = request.getfixturevalue("town")
    drafts: list[WeeklyPlan] = []
    for number in range(2):
        drafts.append(plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY))
        town.add_place(f"R{number}", grid=GRID, at=spot_in(town, GRID))

    def publish(plan: WeeklyPlan) -> Callable[[], object]:
        return lambda: publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY).version

    results = at_once(*[publish(draft) for draft in drafts])
    in_force = WeeklyPlan.objects.get(state="published")
    assert in_force.version == 2
    assert set(results) <= {1, 2, "stale_draft"}


def test_one_visit_sent_twice_at_once_is_one(request: pytest.FixtureRequest) -> None:
    town: World = request.getfixturevalue("town")
    plan: WeeklyPlan = request.getfixturevalue("published")
    stop = stops_of(plan)[0]
    VisitDuty.objects.filter(place=stop.place).update(failed_tries=0)
    actor = _actor(town, stop)
    visit = NewVisit(id=uuid7(), stop_id=stop.pk, outcome="nobody_home", at=stop.start_at)
    results = at_once(*[lambda: record_visit(actor=actor, visit=visit, now=stop.leave_at).pk] * 4)
    assert results == [visit.id] * 4
    assert Visit.objects.count() == 1
    assert VisitDuty.objects.get(place=stop.place).failed_tries == 1
    assert OutboxMessage.objects.filter(topic="stop_changed").count() == 1


def test_two_phones_at_one_stop_leave_one_visit(request: pytest.FixtureRequest) -> None:
    town: World = request.getfixturevalue("town")
    stop = stops_of(request.getfixturevalue("published"))[0]
    actor = _actor(town, stop)

    def record() -> Callable[[], object]:
        visit = NewVisit(id=uuid7(), stop_id=stop.pk, outcome="done", at=stop.start_at)
        return lambda: record_visit(actor=actor, visit=visit, now=stop.leave_at).outcome

    results = at_once(record(), record(), record())
    assert sorted(map(str, results)) == ["done", "stop_ended", "stop_ended"]
    assert Visit.objects.count() == 1


def test_a_visit_while_a_new_plan_is_published_is_not_lost(request: pytest.FixtureRequest) -> None:
    town: World = request.getfixturevalue("town")
    plan: WeeklyPlan = request.getfixturevalue("published")
    stop = stops_of(plan)[0]
    actor = _actor(town, stop)
    town.add_place("R9", grid=GRID, at=spot_in(town, GRID))
    draft = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    visit = NewVisit(id=uuid7(), stop_id=stop.pk, outcome="done", at=stop.start_at)
    results = at_once(
        lambda: record_visit(actor=actor, visit=visit, now=stop.leave_at).outcome,
        lambda: publish_plan(actor=SYSTEM, plan_id=draft.pk, now=MONDAY_EARLY + timedelta(minutes=1)).state,
    )
    assert sorted(map(str, results)) == ["done", "published"]
    same: Sequence[Stop] = [one for one in stops_of(draft) if one.place_id == stop.place_id]
    assert [one.state for one in same] == ["done"]


def _actor(world: World, stop: Stop) -> object:
    name = next(name for name, person in world.people.items() if person.pk == stop.route.worker_id)
    return world.actor(name)
