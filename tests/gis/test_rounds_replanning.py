"""A week is mended from the plan at hand: what nothing has come between stays as people know it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.rounds import Commitment, Job, Plan, Problem, Weights, Window, check_plan, plan_week, replan
from tests.gis.test_rounds import AFTERNOON, MORNING, STEPS, days_of, job, problem, shifts

TEAM = ("lin", "wang")
MEND = 600


def published(count: int = 24, **fields: object) -> tuple[Problem, Plan]:
    """A week of two workers and the plan of it, with each job told where the plan has it."""
    week = problem([job(n, **fields) for n in range(count)], shifts(days=range(5), workers=TEAM))
    plan = plan_week(week, iterations=STEPS)
    spots: dict[str, tuple[Commitment, int]] = {}
    for route in plan.routes:
        for stop in route.stops:
            spots[stop.job_id] = Commitment(route.worker, route.day), stop.start_s
    jobs = [
        replace(one, previous=(spots[one.id][0],), previous_starts_s=(spots[one.id][1],)) if one.id in spots else one
        for one in week.jobs
    ]
    return replace(week, jobs=tuple(jobs)), plan


def changed(before: Plan, after: Plan) -> set[str]:
    """Jobs in another shift than before."""
    here = {stop.job_id: route.shift for route in before.routes for stop in route.stops}
    there = {stop.job_id: route.shift for route in after.routes for stop in route.stops}
    return {one for one in here.keys() | there.keys() if here.get(one) != there.get(one)}


def test_nothing_has_happened_nothing_changes():
    week, plan = published()
    mended = replan(week, plan.order(), iterations=MEND)
    assert mended.order() == plan.order()
    assert check_plan(week, mended) == []


def test_one_more_visit_changes_one_half_day():
    week, plan = published()
    urgent = Job(id="urgent", point=7, dwell_s=1200, latest_day=0)
    more = replace(week, jobs=(*week.jobs, urgent))
    mended = replan(more, plan.order(), iterations=MEND)
    assert days_of(mended, "urgent") == [0]
    assert changed(plan, mended) == {"urgent"}
    assert check_plan(more, mended) == []
    # The stops of that half day keep their order.
    for before, after in zip(plan.order(), mended.order(), strict=True):
        assert [one for one in after if one != "urgent"] == list(before)


def test_what_an_absent_worker_had_goes_to_the_others_and_the_rest_stays():
    week, plan = published()
    left = [row for row, shift in enumerate(week.shifts) if shift.worker == "lin"]
    standing = [plan.order()[row] for row in left]
    alone = replace(week, shifts=tuple(week.shifts[row] for row in left))
    mended = replan(alone, standing, iterations=MEND)
    assert {one for ids in mended.order() for one in ids} == {one.id for one in week.jobs}
    assert mended.unserved == ()
    for before, after in zip(standing, mended.order(), strict=True):
        assert set(before) <= set(after)
    assert check_plan(alone, mended) == []


def test_a_window_that_moved_moves_its_visit_alone():
    week, plan = published()
    booked = replace(
        week.jobs[3],
        appointment=True,
        windows=(Window(3, AFTERNOON[0], AFTERNOON[0] + 7200),),
        previous=(),
        previous_starts_s=(),
    )
    moved = replace(week, jobs=tuple(booked if one.id == "j3" else one for one in week.jobs))
    mended = replan(moved, plan.order(), iterations=MEND)
    assert days_of(mended, "j3") == [3]
    assert changed(plan, mended) <= {"j3"}
    assert check_plan(moved, mended) == []


def test_locks_hold_and_a_lock_without_its_worker_is_told():
    week, plan = published()
    spot = week.jobs[0].previous[0]
    fixed = replace(week.jobs[0], locked=(spot,))
    locked = replace(week, jobs=(fixed, *week.jobs[1:]))
    assert replan(locked, plan.order(), iterations=MEND).order() == plan.order()
    left = [row for row, shift in enumerate(week.shifts) if shift.worker != spot.worker]
    alone = replace(locked, shifts=tuple(week.shifts[row] for row in left))
    mended = replan(alone, [plan.order()[row] for row in left], iterations=MEND)
    assert [(one.job_id, one.reason.code) for one in mended.unserved] == [("j0", "locked_without_shift")]


def test_what_finds_no_room_is_named():
    week, plan = published(count=4)
    huge = Job(id="huge", point=2, dwell_s=4 * 3600)
    mended = replan(replace(week, jobs=(*week.jobs, huge)), plan.order(), iterations=MEND)
    assert [(one.job_id, one.reason.code) for one in mended.unserved] == [("huge", "too_far")]
    assert mended.order() == plan.order()


def test_the_price_of_a_move_decides_how_much_moves():
    """Badly spread on purpose: everything on one day. Free moves spread it, dear moves leave it."""
    jobs = [job(n, previous=(("lin", 0),), previous_starts_s=(MORNING[0] + 60 * n,), dwell_s=600) for n in range(8)]
    week = problem(jobs, shifts(days=range(5)), balance_s=2_000.0)
    standing = [[one.id for one in jobs], *([()] * 9)]
    moves = []
    for price in (0.0, 20_000.0):
        priced = replace(week, weights=Weights(balance_s=2_000.0, stability_s=price))
        moves.append(len(jobs) - len(replan(priced, standing).order()[0]))
    assert moves[0] >= 4
    assert moves[1] == 0


def test_another_half_of_the_day_costs_half_a_move():
    one = job(0, previous=(("lin", 0),), previous_starts_s=(MORNING[0] + 600,), windows=((0, *AFTERNOON),))
    plan = replan(problem([one], shifts(), stability_s=800.0), [("j0",), (), (), ()], iterations=5)
    assert days_of(plan, "j0") == [0]
    assert plan.cost.stability_s == 400.0


def test_same_input_same_plan():
    week, plan = published()
    more = replace(week, jobs=(*week.jobs, Job(id="urgent", point=5, dwell_s=900)))
    first, second = (replan(more, plan.order(), seed=4, iterations=MEND) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("budget", [{"iterations": 0}, {"budget_cpu_s": 0.0}, {"iterations": 5, "budget_cpu_s": 1.0}])
def test_budgets_that_are_none_are_refused(budget: dict[str, float]):
    week, plan = published(count=2)
    with pytest.raises(ValueError, match=r"budget|both"):
        replan(week, plan.order(), **budget)  # type: ignore[arg-type]


def test_a_plan_of_another_week_is_refused():
    week, plan = published(count=2)
    with pytest.raises(ValueError, match="shifts"):
        replan(week, plan.order()[:-1])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 23)), max_size=30), st.integers(1, 3), st.booleans())
def test_any_standing_plan_is_mended_into_a_sound_one(spots, cap, calls):
    """Also one that was never possible: jobs twice, overfull half days, calls above the cap."""
    jobs = [job(n, dwell_s=1500, household_call=calls, visits=1 + (n % 5 == 0), min_gap_days=2) for n in range(24)]
    week = problem(jobs, shifts(days=range(5), cap=cap))
    standing = [[f"j{n}" for shift, n in spots if shift == row] for row in range(10)]
    mended = replan(week, standing, iterations=30)
    assert check_plan(week, mended) == []
