"""Weekly rounds of many teams through the real queue: the time a team against how many there are, and how many plan.

A team here is one grid in one week. More teams than the town has grids are the same grids in further weeks: each is
asked for, claimed, collected, searched, stored and published as a team of its own. What it does not show is a larger
town: all teams share one walking network, which each process reads once.
"""

import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.areas.models import Area
from backend.core.clock import week_start_of
from backend.inspections.models import PlanJobGrid, Stop, WeeklyPlan
from backend.inspections.services import request_plans
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.stage import Stage, StageFailed, say

QUICK_TEAMS, QUICK_PROCESSES, QUICK_STEPS, QUICK_LIMIT_S = (12,), (1, 2), 20, 60.0

_COLUMNS = (
    Column("teams", "teams asked for"),
    Column("processes", "processes"),
    Column("planned", "planned"),
    Column("seconds", "seconds", 1),
    Column("asked_s", "s to ask", 2),
    Column("ms_a_team", "ms a team", 1),
    Column("cpu_ms_a_team", "CPU ms a team", 1),
    Column("times_one", "× one process", 2),
    Column("stops", "stops"),
)


@dataclass(frozen=True, slots=True)
class Size:
    """What is run: so many teams by so many processes, steps of search a team, seconds at most a row."""

    teams: tuple[int, ...]
    processes: tuple[int, ...]
    steps: int
    limit_s: float


def run(stage: Stage) -> Table:
    """Raises CheckFailed for a team that is refused or planned twice, or when more processes give other plans."""
    size = _size_of(stage)
    stage.town  # noqa: B018 - its grids are planned
    grids = list(Area.objects.open_at(timezone.now()).filter(level=Area.Level.GRID).order_by("code"))
    rows = []
    walked: dict[int, dict[tuple[str, date], int]] = {}
    for teams in size.teams:
        for processes in size.processes:
            say(f"rounds: {teams} teams, {processes} processes")
            rows.append(_planned(stage, grids, teams=teams, processes=processes, size=size))
            _compare(walked.setdefault(teams, {}), _ways())
    alone = {row["teams"]: row["ms_a_team"] for row in rows if row["processes"] == 1}
    for row in rows:
        row["times_one"] = alone[row["teams"]] / row["ms_a_team"] if row["teams"] in alone else None
    facts = {
        "grids_of_the_town": len(grids),
        "search_steps_a_team": size.steps,
        "at_most_seconds_a_row": size.limit_s,
        "teams_beyond_the_town": "the same grids in further weeks, one walking network",
    }
    return Table("rounds_scale", "weekly rounds of many teams through the queue", _COLUMNS, rows, facts)


def _size_of(stage: Stage) -> Size:
    if stage.quick:
        return Size(QUICK_TEAMS, QUICK_PROCESSES, QUICK_STEPS, QUICK_LIMIT_S)
    options = stage.options
    if min(*options.teams, *options.processes, options.steps, options.limit_seconds) < 1:
        raise StageFailed("rounds: --teams, --processes, --steps and --limit-seconds are 1 or more")
    return Size(tuple(options.teams), tuple(options.processes), options.steps, options.limit_seconds)


def _planned(stage: Stage, grids: list[Area], *, teams: int, processes: int, size: Size) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE inspections_planjob, inspections_weeklyplan CASCADE")
        cursor.execute("ANALYZE")
    with stage.planners(processes, GRIDWARD_PLAN_STEPS=str(size.steps)) as server:
        cpu_before, begun = stage.cpu_s(server), time.monotonic()
        _ask(grids, teams)
        asked_s = time.monotonic() - begun
        until = begun + size.limit_s
        while _waiting() and time.monotonic() < until:
            time.sleep(0.05)
        done, seconds = teams - _waiting(), time.monotonic() - begun
        cpu_s = stage.cpu_s(server) - cpu_before
    if not done:
        raise CheckFailed(f"rounds: none of {teams} teams was planned within {size.limit_s:.0f} s")
    _check()
    return {
        "teams": teams,
        "processes": processes,
        "planned": done,
        "seconds": seconds,
        "asked_s": asked_s,
        "ms_a_team": seconds / done * 1000,
        "cpu_ms_a_team": cpu_s / done * 1000,
        "stops": Stop.objects.published().count(),
    }


def _ask(grids: list[Area], teams: int) -> None:
    """One request a week, as a town asks; the last one may be for some of the grids only."""
    now = timezone.now()
    monday = week_start_of(now) + timedelta(days=7)
    for week, first in enumerate(range(0, teams, len(grids))):
        codes = [grid.code for grid in grids[: teams - first]]
        request_plans(
            actor=SYSTEM, week_start=monday + timedelta(days=7 * week), grid_codes=codes, now=now, publish=True
        )


def _waiting() -> int:
    return PlanJobGrid.objects.filter(done_at=None).count()


def _check() -> None:
    """Raises CheckFailed for a refusal, for a team without its one plan in force, and for a half-stored plan."""
    done = PlanJobGrid.objects.exclude(done_at=None)
    refused = done.exclude(error="").values_list("error", flat=True).first()
    if refused:
        raise CheckFailed(f"rounds: a team was not planned: {refused}")
    published = WeeklyPlan.objects.filter(state=WeeklyPlan.State.PUBLISHED)
    if published.count() < done.count() or done.exclude(plan__state=WeeklyPlan.State.PUBLISHED).exists():
        raise CheckFailed("rounds: a team has no plan in force")
    if published.values("grid", "week_start").distinct().count() != published.count():
        raise CheckFailed("rounds: a team has two plans in force")


def _ways() -> dict[tuple[str, date], int]:
    """Metres of each team's plan in force."""
    published = WeeklyPlan.objects.filter(state=WeeklyPlan.State.PUBLISHED).annotate(metres=Sum("routes__travel_m"))
    return {
        (code, week): metres or 0 for code, week, metres in published.values_list("grid__code", "week_start", "metres")
    }


def _compare(known: dict[tuple[str, date], int], found: dict[tuple[str, date], int]) -> None:
    other = [team for team in known.keys() & found.keys() if known[team] != found[team]]
    if other:
        raise CheckFailed(f"rounds: {len(other)} teams walk another way with another number of processes")
    known.update(found)
