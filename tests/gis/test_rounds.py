"""The weekly planner: rules kept, small weeks solved exactly, reasons for everything."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.rounds import Job, Problem, ProblemError, Reason, Shift, Weights, check_plan, plan_week, probe
from gis.rounds.baselines import nearest_neighbour, sweep
from gis.rounds.reasons import TEXTS, text_of
from gis.rounds.timing import time_route

MORNING = (8 * 3600 + 1800, 11 * 3600 + 1800)
AFTERNOON = (14 * 3600, 17 * 3600)
STEPS = 400


def shifts(days=(0, 1), workers=("lin",), halves=(MORNING, AFTERNOON), cap=None):
    return tuple(
        Shift(worker=worker, day=day, start_s=start, end_s=end, start_point=0, end_point=0, max_household_calls=cap)
        for worker in workers
        for day in days
        for start, end in halves
    )


def matrices(points):
    """Walking times (s) and lengths (m) between points in metres, at 4 km/h with a detour of 1.3, rounded up."""
    xy = np.array(points, float)
    metres = np.ceil(1.3 * np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))).astype(np.int32)
    return np.ceil(metres * 0.9).astype(np.int32), metres


def problem(jobs, where, *, points=None, **weights) -> Problem:
    """Point 0 is the office; job k lies at point k + 1 unless it says otherwise."""
    count = max(job.point for job in jobs) + 1
    spots = points or [(0, 0)] + [(150 * (k % 4) + 40, 170 * (k // 4) + 60) for k in range(count)]
    travel_s, travel_m = matrices(spots)
    return Problem(
        jobs=tuple(jobs), shifts=tuple(where), travel_s=travel_s, travel_m=travel_m, weights=Weights(**weights)
    )


def job(number, **fields) -> Job:
    return Job(id=f"j{number}", point=number + 1, **{"dwell_s": 900, **fields})


def days_of(plan, job_id):
    return sorted(route.day for route in plan.routes for stop in route.stops if stop.job_id == job_id)


def test_an_appointment_is_kept_even_when_it_costs_everything_else():
    booked = job(0, appointment=True, windows=((0, MORNING[0] + 3600, MORNING[0] + 2 * 3600),), dwell_s=1500)
    rest = [job(k, dwell_s=2400, required=k % 2 == 0) for k in range(1, 9)]
    week = problem([booked, *rest], shifts(days=(0,)))
    plan = plan_week(week, iterations=STEPS)
    assert days_of(plan, "j0") == [0]
    assert check_plan(week, plan) == []
    assert {gap.reason.code for gap in plan.unserved} == {"no_room"}
    assert plan.cost.missed_appointments == 0
    assert plan.cost.missed_required <= plan.cost.missed_optional


def test_visits_keep_their_spacing():
    week = problem([job(0, visits=2, min_gap_days=3), job(1, visits=5)], shifts(days=range(5)))
    plan = plan_week(week, iterations=STEPS)
    first, second = days_of(plan, "j0")
    assert second - first >= 3
    assert days_of(plan, "j1") == [0, 1, 2, 3, 4]


def test_only_the_days_of_a_pattern_are_used():
    week = problem([job(0, visits=2, patterns=((0, 2), (1, 3)))], shifts(days=range(5)))
    assert days_of(plan_week(week, iterations=STEPS), "j0") in ([0, 2], [1, 3])


def test_the_lock_and_the_worker_hold():
    week = problem(
        [job(0, locked=(("mei", 1),)), job(1, only_workers=("mei",)), job(2)], shifts(workers=("lin", "mei"))
    )
    plan = plan_week(week, iterations=STEPS)
    of = {stop.job_id: (route.worker, route.day) for route in plan.routes for stop in route.stops}
    assert of["j0"] == ("mei", 1)
    assert of["j1"][0] == "mei"


def test_household_calls_are_capped_over_both_half_days():
    week = problem([job(k, household_call=True, dwell_s=300) for k in range(6)], shifts(days=(0, 1), cap=2))
    plan = plan_week(week, iterations=STEPS)
    assert sum(len(route.stops) for route in plan.routes) == 4
    assert check_plan(week, plan) == []
    assert {gap.reason.code for gap in plan.unserved} == {"calls_used_up"}


def test_stability_holds_a_stop_where_it_was_published():
    far = [job(0, previous=(("lin", 1),)), job(1, locked=(("lin", 0),))]
    close_points = [(0, 0), (500, 0), (510, 0)]
    moved = plan_week(problem(far, shifts(), points=close_points, stability_s=0, balance_s=0), iterations=STEPS)
    kept = plan_week(problem(far, shifts(), points=close_points, stability_s=5000, balance_s=0), iterations=STEPS)
    assert (days_of(moved, "j0"), days_of(kept, "j0")) == ([0], [1])


def test_work_is_spread_when_balance_counts():
    jobs = [job(k, dwell_s=1200) for k in range(8)]
    packed = plan_week(problem(jobs, shifts(days=(0, 1, 2, 3)), balance_s=0), iterations=STEPS)
    spread = plan_week(problem(jobs, shifts(days=(0, 1, 2, 3)), balance_s=3000), iterations=STEPS)
    assert max(len(route.stops) for route in spread.routes) < max(len(route.stops) for route in packed.routes)


def test_an_urgent_job_comes_early():
    jobs = [job(k) for k in range(6)] + [job(6, delay_cost_s=3600)]
    assert days_of(plan_week(problem(jobs, shifts(days=range(5))), iterations=STEPS), "j6") == [0]


def test_waiting_is_spent_at_the_office_before_the_first_stop():
    booked = job(0, appointment=True, windows=((0, AFTERNOON[0] + 3600, AFTERNOON[0] + 7200),))
    plan = plan_week(problem([booked], shifts(days=(0,))), iterations=STEPS)
    (stop,) = plan.routes[1].stops
    assert stop.wait_s == 0
    assert plan.routes[1].depart_s > AFTERNOON[0]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"only_workers": ("nobody",)}, "no_shift"),
        ({"earliest_day": 5}, "no_shift"),
        ({"locked": (("lin", 6),)}, "locked_without_shift"),
        ({"windows": ((0, MORNING[0], MORNING[0] + 600),)}, "window_too_short"),
        ({"windows": ((0, 20 * 3600, 22 * 3600),)}, "window_outside_shifts"),
        ({"windows": ((0, MORNING[1] - 960, MORNING[1]),)}, "too_far"),
        ({"dwell_s": 4 * 3600}, "too_far"),
        ({"point": 2}, "unreachable"),
    ],
)
def test_what_is_impossible_is_left_out_with_its_reason(broken, code):
    jobs = [job(0), replace(job(1), **({"point": 1} | broken))]
    week = problem(jobs, shifts(), points=[(0, 0), (100, 0), (200, 0)])
    cut_off = week.travel_s.copy()
    cut_off[2, :2] = cut_off[:2, 2] = -1
    week = replace(week, travel_s=cut_off)
    plan = plan_week(week, iterations=STEPS)
    (gap,) = plan.unserved
    assert (gap.job_id, gap.reason.code) == ("j1", code)
    assert check_plan(week, plan) == []
    assert days_of(plan, "j0")
    for language in ("zh", "en"):
        assert text_of(gap.reason, language)


def test_a_household_call_on_a_day_without_calls_is_explained():
    plan = plan_week(problem([job(0, household_call=True)], shifts(cap=0)), iterations=STEPS)
    assert plan.unserved[0].reason.code == "no_calls_allowed"


def test_an_impossible_appointment_is_loud():
    week = problem([job(0, appointment=True, windows=((0, 20 * 3600, 22 * 3600),))], shifts())
    plan = plan_week(week, iterations=STEPS)
    assert plan.cost.missed_appointments == 1
    assert [violation.code for violation in check_plan(week, plan)] == ["appointment_missed"]


def test_visits_that_the_week_cannot_hold_are_reduced_and_reported():
    plan = plan_week(problem([job(0, visits=5)], shifts(days=(0, 1, 3))), iterations=STEPS)
    assert days_of(plan, "j0") == [0, 1, 3]
    (gap,) = plan.unserved
    assert (gap.visits, gap.reason) == (2, Reason("days_missing", {"visits": 5, "possible": 3}))


def test_an_optional_job_is_left_out_when_it_is_not_worth_the_way():
    week = problem([job(0), job(1, required=False, prize_s=600)], shifts(), points=[(0, 0), (100, 0), (1500, 0)])
    (gap,) = plan_week(week, iterations=STEPS).unserved
    assert (gap.job_id, gap.reason.code) == ("j1", "not_worth_it")
    assert gap.reason.facts["added_s"] > 600


def test_reasons_name_due_booked_and_neighbour():
    booked = job(
        0, appointment=True, windows=((0, AFTERNOON[0], AFTERNOON[1]),), reason=Reason("due_since", {"days": 9})
    )
    week = problem([booked, job(1)], shifts(days=(0,)), points=[(0, 0), (600, 0), (610, 0)])
    plan = plan_week(week, iterations=STEPS)
    stops = {stop.job_id: stop for route in plan.routes for stop in route.stops}
    assert [reason.code for reason in stops["j0"].reasons][:2] == ["due_since", "booked"]
    texts = {text_of(reason, "en") for stop in stops.values() for reason in stop.reasons}
    assert {"due for 9 days", "booked 14:00–17:00", "next to stop 1, 1 min on foot"} <= texts


def test_every_code_has_both_languages():
    assert all(set(texts) == {"zh", "en"} for texts in TEXTS.values())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"visits": 0}, "bad_frequency"),
        ({"windows": ((0, 900, 800),)}, "bad_window"),
        ({"dwell_s": -1}, "bad_dwell"),
        ({"earliest_day": 4, "latest_day": 2}, "bad_day"),
        ({"patterns": ((0, 1),)}, "bad_pattern"),
        ({"point": 99}, "bad_point"),
        ({"locked": (("lin", 0), ("mei", 0))}, "bad_lock"),
        ({"prize_s": -5}, "bad_weight"),
    ],
)
def test_broken_jobs_are_refused_by_name(fields, code):
    with pytest.raises(ProblemError) as refused:
        Problem(
            jobs=(Job(**({"id": "x", "point": 0, "dwell_s": 60} | fields)),),
            shifts=shifts(),
            travel_s=np.zeros((1, 1), int),
            travel_m=np.zeros((1, 1), int),
        )
    assert (refused.value.code, refused.value.facts["job_id"]) == (code, "x")


def test_broken_problems_are_refused():
    one = Job(id="x", point=0, dwell_s=60)
    zero = np.zeros((1, 1), int)
    with pytest.raises(ProblemError, match="given twice"):
        Problem(jobs=(one, one), shifts=shifts(), travel_s=zero, travel_m=zero)
    with pytest.raises(ProblemError, match="square"):
        Problem(jobs=(one,), shifts=shifts(), travel_s=np.zeros((1, 2), int), travel_m=zero)
    with pytest.raises(ProblemError, match="two shifts at once"):
        Problem(jobs=(one,), shifts=shifts() + shifts(halves=((9 * 3600, 10 * 3600),)), travel_s=zero, travel_m=zero)


def test_nothing_to_do_and_nobody_to_do_it():
    empty = Problem(jobs=(), shifts=shifts(), travel_s=np.zeros((1, 1), int), travel_m=np.zeros((1, 1), int))
    assert plan_week(empty).cost.travel_s == 0
    assert plan_week(problem([job(0)], ())).unserved[0].reason.code == "no_shift"


hours = st.integers(8, 16)


@st.composite
def weeks(draw):
    """Weeks of up to 9 jobs with windows, visits, calls, locks, in up to 8 shifts."""
    jobs = []
    for k in range(draw(st.integers(1, 9))):
        windows = tuple(
            (draw(st.integers(0, 2)), hour * 3600, (hour + draw(st.integers(1, 3))) * 3600)
            for hour in draw(st.lists(hours, max_size=3))
        )
        jobs.append(
            job(
                k,
                dwell_s=60 * draw(st.integers(0, 90)),
                windows=windows,
                visits=draw(st.sampled_from((1, 1, 1, 2))),
                min_gap_days=draw(st.integers(1, 2)),
                appointment=draw(st.booleans()),
                required=draw(st.booleans()),
                household_call=draw(st.booleans()),
                finish_inside=draw(st.booleans()),
                delay_cost_s=draw(st.sampled_from((0, 300))),
            )
        )
    points = draw(
        st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), min_size=len(jobs) + 1, max_size=len(jobs) + 1)
    )
    people = ("lin", "mei")[: draw(st.integers(1, 2))]
    return problem(
        jobs,
        shifts(days=range(draw(st.integers(1, 3))), workers=people, cap=draw(st.sampled_from((None, 1, 3)))),
        points=points,
    )


@settings(max_examples=30)
@given(weeks(), st.integers(0, 2**63))
def test_plans_keep_every_rule_and_repeat(week, seed):
    plan = plan_week(week, seed=seed, iterations=100)
    assert {violation.code for violation in check_plan(week, plan)} <= {"appointment_missed"}
    again = plan_week(week, seed=seed, iterations=100)
    assert again == plan
    planned = {stop.job_id for route in plan.routes for stop in route.stops}
    assert planned | {gap.job_id for gap in plan.unserved} == {one.id for one in week.jobs}
    for gap in plan.unserved:
        assert text_of(gap.reason, "zh")
        assert text_of(gap.reason, "en")


@settings(max_examples=20)
@given(weeks())
def test_plain_plans_keep_the_rules_too(week):
    xy = np.zeros((len(week.travel_s), 2))
    for plan in (nearest_neighbour(week), sweep(week, xy=xy)):
        assert {violation.code for violation in check_plan(week, plan)} <= {"appointment_missed"}


@settings(max_examples=25)
@given(weeks(), st.integers(1, 60), st.lists(hours, max_size=2))
def test_probed_places_are_real(week, minutes, opens):
    windows = tuple((0, hour * 3600, (hour + 2) * 3600) for hour in opens)
    plan = plan_week(week, iterations=60)
    extra = Job(id="extra", point=0, dwell_s=60 * minutes, windows=windows)
    for place in probe(week, plan, extra):
        order = [week.job_of[stop.job_id] for stop in plan.routes[place.shift].stops]
        fixed = extra if place.window is None else replace(extra, windows=(windows[place.window],))
        order.insert(place.position, fixed)
        route = time_route(week, place.shift, order)
        assert route is not None
        assert route.travel_s == plan.routes[place.shift].travel_s + place.added_s
        assert route.stops[place.position].start_s == place.start_s or place.position == 0


def brute_force(week: Problem) -> float:
    """Least walking over every way to give the jobs to shifts and order them."""
    best = np.inf
    for given_to in product(range(len(week.shifts)), repeat=len(week.jobs)):
        total = 0
        for row in range(len(week.shifts)):
            mine = [one for one, at in zip(week.jobs, given_to, strict=True) if at == row]
            routes = [time_route(week, row, order) for order in permutations(mine)]
            total += min((route.travel_s for route in routes if route is not None), default=np.inf)
            if total >= best:
                break
        best = min(best, total)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_small_weeks_are_solved_exactly(seed):
    random = np.random.default_rng(seed)
    jobs = []
    for k in range(5):
        hour = int(random.integers(8, 16))
        windows = ((int(random.integers(0, 2)), hour * 3600, (hour + 3) * 3600),) if k < 2 else ()
        jobs.append(job(k, dwell_s=int(random.integers(20, 70)) * 60, windows=windows))
    points = [(0, 0), *((int(x), int(y)) for x, y in random.integers(0, 1500, (5, 2)))]
    week = problem(jobs, shifts(), points=points, balance_s=0)
    plan = plan_week(week, iterations=STEPS)
    if plan.unserved:
        assert brute_force(week) == np.inf
    else:
        assert plan.cost.travel_s == brute_force(week)
