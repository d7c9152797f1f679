"""The checker catches every fault that is planted into a sound plan."""

from dataclasses import replace

import numpy as np
import pytest

from gis.rounds import Job, Plan, Problem, Shift, check_plan, plan_week

START, END = 8 * 3600, 12 * 3600


@pytest.fixture(scope="module")
def week() -> Problem:
    jobs = (
        Job(
            id="a",
            point=1,
            dwell_s=600,
            appointment=True,
            windows=((0, START + 1800, START + 7200),),
            household_call=True,
        ),
        Job(id="b", point=2, dwell_s=600, visits=2, min_gap_days=2, only_workers=("lin",)),
        Job(id="c", point=3, dwell_s=600, latest_day=1, locked=(("lin", 1),), household_call=True),
    )
    shifts = tuple(
        Shift(worker="lin", day=day, start_s=START, end_s=END, start_point=0, end_point=0, max_household_calls=1)
        for day in range(3)
    )
    metres = np.abs(np.subtract.outer(np.arange(4), np.arange(4))) * 100
    return Problem(jobs=jobs, shifts=shifts, travel_s=metres * 9 // 10, travel_m=metres)


@pytest.fixture(scope="module")
def plan(week) -> Plan:
    sound = plan_week(week, iterations=300)
    assert check_plan(week, sound) == []
    return sound


def codes(week: Problem, plan: Plan) -> set[str]:
    return {violation.code for violation in check_plan(week, plan)}


def changed(plan: Plan, row: int, **fields) -> Plan:
    return replace(
        plan, routes=tuple(replace(route, **fields) if route.shift == row else route for route in plan.routes)
    )


def stops_changed(plan: Plan, of: str, **fields) -> Plan:
    return replace(
        plan,
        routes=tuple(
            replace(route, stops=tuple(replace(stop, **fields) if stop.job_id == of else stop for stop in route.stops))
            for route in plan.routes
        ),
    )


def test_faults_in_times_are_caught(week, plan):
    assert "outside_window" in codes(week, stops_changed(plan, "a", start_s=START))
    assert "time_order" in codes(week, stops_changed(plan, "b", leave_s=START))
    assert "travel_time" in codes(week, stops_changed(plan, "c", arrive_s=START + 1))
    assert "outside_shift" in codes(week, changed(plan, 0, return_s=END + 1))
    assert "travel_sum" in codes(week, changed(plan, 0, travel_m=1))


def test_faults_in_who_and_when_are_caught(week, plan):
    assert "unknown_job" in codes(week, stops_changed(plan, "b", job_id="x"))
    assert "wrong_route" in codes(week, changed(plan, 1, worker="mei"))
    assert "wrong_worker" in codes(
        replace(week, jobs=(week.jobs[0], replace(week.jobs[1], only_workers=("mei",)), week.jobs[2])), plan
    )
    assert "lock_broken" in codes(
        replace(week, jobs=(*week.jobs[:2], replace(week.jobs[2], locked=(("lin", 0),)))), plan
    )
    assert "wrong_day" in codes(replace(week, jobs=(*week.jobs[:2], replace(week.jobs[2], latest_day=0))), plan)
    assert "days_not_allowed" in codes(
        replace(week, jobs=(week.jobs[0], replace(week.jobs[1], patterns=((0, 1),)), week.jobs[2])), plan
    )


def test_faults_in_what_is_served_are_caught(week, plan):
    without_a = replace(
        plan,
        routes=tuple(
            replace(route, stops=tuple(stop for stop in route.stops if stop.job_id != "a")) for route in plan.routes
        ),
    )
    assert {"visits_unaccounted", "appointment_missed"} <= codes(week, without_a)
    assert "wrong_route" in codes(week, replace(plan, routes=plan.routes[1:]))
    assert "visits_unaccounted" in codes(week, stops_changed(plan, "c", job_id="b"))
    assert "twice_a_day" in codes(week, stops_changed(stops_changed(plan, "a", job_id="b"), "c", job_id="b"))
    crowded = stops_changed(plan, "b", job_id="a")
    assert "too_many_calls" in codes(week, crowded)
