"""Appointments, weekly plans and visits."""

import math
from datetime import date, timedelta

from backend.inspections.models import (
    Appointment,
    PlanJob,
    PlanJobGrid,
    PlanSeen,
    Replan,
    Route,
    Stop,
    StopDuty,
    Visit,
    WeeklyPlan,
)
from backend.places.models import Place
from tests.core.constraints.breaking import EMPTY, NOWHERE, PARIS, Break, changed, doubled, row_of
from tests.core.constraints.scene import Scene


def another_plan(plan: WeeklyPlan) -> WeeklyPlan:
    return WeeklyPlan.objects.create(
        grid=plan.grid, week_start=plan.week_start, version=77, state="draft", created_at=plan.created_at
    )


BREAKS: dict[str, Break] = {
    "one_booked_appointment_a_case": doubled(Appointment),
    "appointment_lasts": changed(Appointment, window=EMPTY),
    "appointment_dwell_positive": changed(Appointment, dwell_minutes=0),
    "plan_version_once": doubled(WeeklyPlan, state="draft"),
    "one_published_plan_a_week": doubled(WeeklyPlan, {"state": "published"}, version=9),
    "one_planner_a_week": doubled(WeeklyPlan, {"state": "planning"}, version=9),
    "plan_week_starts_on_monday": changed(WeeklyPlan, week_start=date(2026, 11, 17)),
    "plan_seen_once_a_worker": doubled(PlanSeen),
    "one_replan_accepted_a_plan": doubled(Replan, plan=lambda row: another_plan(row.base)),
    "replan_replaces_another_plan": changed(Replan, base=lambda row: row.plan),
    "one_route_at_a_time_in_a_plan": doubled(Route),
    "stop_seq_once": doubled(Stop),
    "stop_has_its_subject": changed(Stop, place=None),
    "stop_times_in_order": changed(Stop, leave_at=lambda row: row.start_at),
    "stop_duty_once": doubled(StopDuty),
    "plan_job_grid_once": doubled(PlanJobGrid),
    "stop_in_china": changed(Stop, location=PARIS),
    "visit_on_earth": changed(Visit, location=NOWHERE),
    "visit_distance": changed(Visit, distance_m=math.nan),
}


def add_rows(scene: Scene) -> None:
    """After those of places: a stop stands at one of them."""
    _add_plan(scene)
    now, grid = scene.now, scene.grid
    Appointment.objects.create(case=scene.case, grid=grid, window=scene.hour, dwell_minutes=10, booked_at=now)
    job = PlanJob.objects.create(week_start=date(2026, 11, 16), area_path="x.", asked_at=now)
    PlanJobGrid.objects.create(job=job, grid=grid)
    Visit.objects.create(
        grid=grid, worker=scene.leader, at=now, received_at=now, outcome="done", location=scene.at,
        payload_digest=b"x",
    )  # fmt: skip


def _add_plan(scene: Scene) -> None:
    now, grid, leader, place = scene.now, scene.grid, scene.leader, row_of(Place, code="P1")
    plan, other = (
        WeeklyPlan.objects.create(grid=grid, week_start=date(2026, 11, 16), version=n, state=state, created_at=now)
        for n, state in ((1, "published"), (2, "planning"))
    )
    Replan.objects.create(
        base=plan, plan=other, kind="absence", is_met=True, stability_s=900, cpu_ms=1, asked_at=now, expires_at=now,
        accepted_at=now,
    )  # fmt: skip
    PlanSeen.objects.create(plan=plan, worker=leader, seen_at=now, received_at=now)
    route = Route.objects.create(plan=plan, worker=leader, day=now.date(), shift=scene.hour, travel_s=1, travel_m=1)
    stop = Stop.objects.create(
        route=route, seq=1, kind="duty", place=place, location=scene.at, arrive_at=now, start_at=now,
        leave_at=now + timedelta(minutes=5), reason_code="due",
    )  # fmt: skip
    StopDuty.objects.create(stop=stop, duty=place.visit_duties.get())
