"""Claims of planners and jobs: who was given up stores nothing, and whoever finishes last ends the job."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from backend.accounts.actor import SYSTEM
from backend.inspections import planning, plans
from backend.inspections.errors import NobodyServes, PlanningUnderWay
from backend.inspections.models import PlanJob, PlanJobGrid, Route, WeeklyPlan
from backend.inspections.planning import Collected
from backend.inspections.services import plan_week, request_plans, run_job_grid
from gis.rounds import Plan
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY
from tests.world import World

AFTER_THE_CLAIM = MONDAY_EARLY + plans.CLAIM + timedelta(seconds=1)


def asked(world: World, *grids: str) -> PlanJob:
    codes = [world.grid(grid).code for grid in grids or (GRID,)]
    return request_plans(actor=SYSTEM, week_start=MONDAY, grid_codes=codes, now=MONDAY_EARLY)


def meanwhile(monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> None:
    """Something that happens once while the planner searches."""
    solve, due = planning.solve, [call]

    def solve_slowly(collected: Collected, **how: Any) -> Plan:
        solved = solve(collected, **how)
        if due:
            due.pop()()
        return solved

    monkeypatch.setattr(planning, "solve", solve_slowly)


def test_a_planner_that_was_given_up_stores_nothing(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(monkeypatch, lambda: plans.free_stuck(now=AFTER_THE_CLAIM))
    with pytest.raises(PlanningUnderWay):
        plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    given_up = WeeklyPlan.objects.get()
    assert (given_up.state, Route.objects.count()) == ("failed", 0)
    assert given_up.error == "the planner did not finish in time"


def test_a_planner_that_was_replaced_leaves_the_other_ones_plan(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = asked(town).grids.get()
    meanwhile(monkeypatch, lambda: run_job_grid(job_grid_id=row.pk, now=AFTER_THE_CLAIM))
    assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY) is False
    row.refresh_from_db()
    assert (row.plan.state, row.error, row.attempts) == ("draft", "", 2)
    assert list(WeeklyPlan.objects.order_by("version").values_list("state", flat=True)) == ["failed", "draft"]


def test_what_a_replaced_run_says_last_is_not_kept(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row, plan = asked(town).grids.get(), plans.plan_week

    def fails_after_the_other(*, now: datetime, **given: Any) -> WeeklyPlan:
        monkeypatch.setattr(plans, "plan_week", plan)
        assert run_job_grid(job_grid_id=row.pk, now=AFTER_THE_CLAIM)
        raise NobodyServes("the grid has no boundary in force")

    monkeypatch.setattr(plans, "plan_week", fails_after_the_other)
    assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY) is False
    row.refresh_from_db()
    assert (row.plan is not None, row.error, row.done_at) == (True, "", AFTER_THE_CLAIM)


def test_a_claim_that_holds_is_not_taken(town: World) -> None:
    row = asked(town).grids.get()
    PlanJobGrid.objects.filter(pk=row.pk).update(claimed_until=MONDAY_EARLY + plans.CLAIM, attempts=1)
    assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY + timedelta(minutes=1)) is False
    assert not WeeklyPlan.objects.exists()
    assert run_job_grid(job_grid_id=row.pk, now=AFTER_THE_CLAIM) is True


def test_a_grid_that_fails_again_and_again_is_given_up_with_its_reason(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = asked(town)
    row, moment = job.grids.get(), MONDAY_EARLY

    def busy(**_: Any) -> WeeklyPlan:
        raise PlanningUnderWay("somebody plans")

    monkeypatch.setattr(plans, "plan_week", busy)
    for turn in range(plans.MOST_ATTEMPTS):
        row.refresh_from_db()
        assert row.done_at is None, turn
        assert run_job_grid(job_grid_id=row.pk, now=moment) is False
        moment += timedelta(minutes=1)
    row.refresh_from_db()
    job.refresh_from_db()
    assert (row.error, job.finished_at) == ("planning_under_way: somebody plans", row.done_at)


@pytest.mark.django_db(transaction=True)
def test_two_last_grids_that_finish_at_once_end_their_job(request: pytest.FixtureRequest) -> None:
    """The one does not see the other before its commit; still one of them has to see both."""
    town: World = request.getfixturevalue("town")
    job = asked(town, GRID, "002011002")
    one, two = job.grids.order_by("id")
    finished = threading.Event()

    def finish_first() -> None:
        with transaction.atomic():
            plans._finish(one, plan=None, error="", now=MONDAY_EARLY)
            finished.set()
            second.join(0.5)
        connection.close()

    def finish_second() -> None:
        finished.wait(10)
        plans._finish(two, plan=None, error="", now=MONDAY_EARLY)
        connection.close()

    first, second = threading.Thread(target=finish_first), threading.Thread(target=finish_second)
    second.start()
    first.start()
    first.join()
    second.join()
    job.refresh_from_db()
    assert job.finished_at == MONDAY_EARLY


class Killed(BaseException):
    """As a kill would: nothing that catches errors notices."""


def lost(monkeypatch: pytest.MonkeyPatch, row: PlanJobGrid, now: datetime, **how: Any) -> None:
    """A worker that is killed while it plans."""

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(planning, "solve", die)
        with pytest.raises(Killed):
            run_job_grid(job_grid_id=row.pk, now=now, **how)


def test_what_a_lost_worker_had_is_planned_again_when_its_task_comes_back(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = asked(town).grids.get()
    lost(monkeypatch, row, MONDAY_EARLY)
    soon = MONDAY_EARLY + timedelta(seconds=1)
    assert run_job_grid(job_grid_id=row.pk, now=soon) is False  # a second message alone proves nothing
    assert run_job_grid(job_grid_id=row.pk, now=soon, is_redelivered=True) is True
    row.refresh_from_db()
    assert (row.plan.state, row.attempts) == ("draft", 2)
    assert list(WeeklyPlan.objects.order_by("version").values_list("state", "error")) == [
        ("failed", "the planner was lost"),
        ("draft", ""),
    ]


def test_a_task_that_comes_back_leaves_the_claim_of_somebody_else(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = asked(town).grids.get()
    lost(monkeypatch, row, MONDAY_EARLY)
    other = MONDAY_EARLY + timedelta(minutes=9)
    WeeklyPlan.objects.update(claimed_until=other)
    assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY, is_redelivered=True) is False
    assert WeeklyPlan.objects.get().claimed_until == other


@pytest.mark.django_db(transaction=True)
def test_a_task_that_comes_back_twice_at_once_is_planned_once(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second takes the grid between the first one's look and its write: a new claim, which is left alone."""
    town: World = request.getfixturevalue("town")
    row = asked(town).grids.get()
    lost(monkeypatch, row, MONDAY_EARLY)
    searching, may_store, planned = threading.Event(), threading.Event(), list[bool]()

    def search() -> None:
        searching.set()
        may_store.wait(20)

    def run() -> bool:
        soon = MONDAY_EARLY + timedelta(seconds=1)
        return run_job_grid(job_grid_id=row.pk, now=soon, is_redelivered=True)

    def run_beside() -> None:
        planned.append(run())
        connection.close()

    def between(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        if sql.startswith("UPDATE") and not searching.is_set():
            beside.start()
            assert searching.wait(20)
        return execute(sql, *given)

    beside = threading.Thread(target=run_beside)
    meanwhile(monkeypatch, search)
    with connection.execute_wrapper(between):
        planned.append(run())
    may_store.set()
    beside.join()
    row.refresh_from_db()
    assert (planned, row.attempts, row.plan.state) == ([False, True], 2, "draft")


def test_a_grid_whose_workers_are_always_lost_is_given_up(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = asked(town).grids.get()
    for attempt in range(plans.MOST_ATTEMPTS):
        lost(monkeypatch, row, MONDAY_EARLY, is_redelivered=attempt > 0)
    assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY, is_redelivered=True) is False
    row.refresh_from_db()
    assert (row.done_at, row.error, row.attempts) == (MONDAY_EARLY, "gave up after several tries", plans.MOST_ATTEMPTS)
    assert not WeeklyPlan.objects.filter(state=WeeklyPlan.State.PLANNING).exists()


def test_a_week_planned_from_the_morning_on_is_claimed_from_now_on(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = MONDAY_EARLY + timedelta(hours=1)
    row = request_plans(
        actor=SYSTEM, week_start=MONDAY, grid_codes=[town.grid(GRID).code], now=now, plan_from=MONDAY_EARLY
    ).grids.get()
    meanwhile(monkeypatch, lambda: plans.free_stuck(now=now + timedelta(minutes=1)))
    assert run_job_grid(job_grid_id=row.pk, now=now) is True
