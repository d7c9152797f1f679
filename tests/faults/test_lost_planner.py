"""Kill -9 of a process that plans, in the middle of a week: its own team waits a little longer, and nothing else."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.faults.lay_world import PLACES, PLANNED_GRIDS
from tests.faults.stack import Stack

# Long enough for two searches to be caught at their work.
STEPS = "60000"
ASK = """
from datetime import timedelta
from django.utils import timezone
from backend.accounts.actor import SYSTEM
from backend.core.clock import week_start_of
from backend.inspections.services import request_plans
now = timezone.now()
week = week_start_of(now) + timedelta(days=7)
print(request_plans(actor=SYSTEM, week_start=week, grid_codes=None, now=now, publish=True).pk)
"""
pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # No beat: at minute 35 it would ask for the due weeks as well, and its plans would be counted here.
    one = Stack(tmp_path_factory.mktemp("planners"), {"GRIDWARD_PLAN_STEPS": STEPS}, parts=("web", "worker"))
    try:
        one.begin()
        yield one
    finally:
        one.end()


def processes_of(stack: Stack) -> list[int]:
    """The processes of the worker that do the tasks."""
    found = subprocess.run(
        ["pgrep", "-P", str(stack.processes["worker"].pid)], capture_output=True, text=True, check=True
    )
    return [int(pid) for pid in found.stdout.split()]


def wait_for_worker(stack: Stack) -> None:
    until = time.monotonic() + 180
    while " ready." not in stack.programs["worker"].log.read_text(errors="replace"):
        assert time.monotonic() < until, "the worker does not start"
        time.sleep(0.2)


def wait_for(stack: Stack, sql: str, wanted: list[str], *, most_s: float) -> None:
    until = time.monotonic() + most_s
    while stack.count(sql) != wanted:
        assert time.monotonic() < until, (sql, stack.count(sql))
        time.sleep(0.02)


def test_a_lost_planner_costs_only_its_own_team(stack: Stack) -> None:
    wait_for_worker(stack)
    job = stack.manage("shell", "-v0", "-c", ASK).split()[-1]
    wait_for(stack, "SELECT count(*) FROM inspections_weeklyplan WHERE state = 'planning'", ["2"], most_s=60)
    os.kill(processes_of(stack)[0], signal.SIGKILL)
    rows = f"SELECT count(*) FROM inspections_planjobgrid WHERE job_id = '{job}' AND done_at IS NULL"
    # Far below the five minutes for which the lost one had claimed its grid.
    wait_for(stack, rows, ["0"], most_s=120)

    attempts = f"SELECT attempts, error FROM inspections_planjobgrid WHERE job_id = '{job}' ORDER BY attempts"
    assert stack.count(attempts) == [*["1|"] * (len(stack.count(attempts)) - 1), "2|"]
    assert stack.count("SELECT error FROM inspections_weeklyplan WHERE state = 'failed'") == ["the planner was lost"]
    assert stack.count("SELECT state FROM inspections_weeklyplan WHERE state NOT IN ('failed', 'published')") == []
    of_the_lost = """
        SELECT count(*) FROM inspections_route route JOIN inspections_weeklyplan plan ON plan.id = route.plan_id
        WHERE plan.state = 'failed'"""
    assert stack.count(of_the_lost) == ["0"]
    served = """
        SELECT area.code, count(DISTINCT plan.id), count(DISTINCT stop.place_id)
        FROM inspections_weeklyplan plan JOIN areas_area area ON area.id = plan.grid_id
        JOIN inspections_route route ON route.plan_id = plan.id JOIN inspections_stop stop ON stop.route_id = route.id
        WHERE plan.state = 'published' GROUP BY 1 ORDER BY 1"""
    assert stack.count(served) == [f"330281{grid}|1|{PLACES}" for grid in PLANNED_GRIDS]
