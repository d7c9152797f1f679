"""A week is planned from what is due, booked and open; once; and replaced as a whole."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import SYSTEM
from backend.areas.models import Absence
from backend.core import calendar
from backend.core.models import CalendarDay, OutboxMessage
from backend.inspections import plans, visits
from backend.inspections.errors import (
    MayNotPlan,
    NotAMonday,
    PlanningUnderWay,
    PlanNotFound,
    PlanNotPublishable,
    StaleDraft,
    UnknownGrid,
)
from backend.inspections.models import PlanJobGrid, Route, Stop, WeeklyPlan
from backend.inspections.services import plan_week, publish_plan, request_plans, run_job_grid
from backend.places.models import VisitDuty
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY, at, stops_of
from tests.streets import spot_in
from tests.world import World

pytestmark = pytest.mark.django_db


def plan(world: World, *, grid: str = GRID, now: datetime = MONDAY_EARLY, week: date = MONDAY) -> WeeklyPlan:
    return plan_week(grid_id=world.grid(grid).pk, week_start=week, now=now)


def test_every_due_place_gets_its_stop_inside_a_half_day(town: World) -> None:
    made = plan(town)
    stops = stops_of(made)
    assert (made.state, made.version, made.unserved) == ("draft", 1, [])
    assert {stop.place.code for stop in stops} == {f"P{n}" for n in range(5)}
    for stop in stops:
        assert stop.route.shift.lower <= stop.arrive_at <= stop.start_at < stop.leave_at <= stop.route.shift.upper
        assert stop.leave_at - stop.start_at == timedelta(minutes=10)
        assert stop.duties.count() == 1
    assert sum(route.travel_m for route in made.routes.all()) == made.cost["travel_m"] > 0
    for route in made.routes.all():
        # Whoever calls at the base itself walks nowhere; everybody else walks there and back.
        assert (route.path is None) == (route.travel_m == 0)
        assert route.path is None or route.path.num_geom >= 2


def test_the_same_question_gets_the_same_plan(town: World) -> None:
    first = plan(town)
    assert plan(town).pk == first.pk
    publish_plan(actor=SYSTEM, plan_id=first.pk, now=MONDAY_EARLY)
    assert plan(town, now=at("18 10:00")).pk == first.pk


def test_a_new_place_makes_a_new_version(town: World) -> None:
    first = plan(town)
    town.add_place("P9", grid=GRID, at=spot_in(town, GRID, east=0.9, north=0.1))
    second = plan(town)
    assert (second.version, len(stops_of(second))) == (2, 6)
    assert WeeklyPlan.objects.get(pk=first.pk).state == "draft"


def test_same_seed_same_plan(town: World) -> None:
    first = [(s.place_id, s.start_at, s.route.worker_id) for s in stops_of(plan(town))]
    WeeklyPlan.objects.all().delete()
    assert first == [(s.place_id, s.start_at, s.route.worker_id) for s in stops_of(plan(town))]


def test_an_appointment_lies_inside_its_window(town: World, book_at: Callable[..., object]) -> None:
    booked = book_at("18 14:00", "18 16:00")
    stop = Stop.objects.get(route__plan=plan(town), appointment=booked.appointment)
    assert at("18 14:00") <= stop.start_at
    assert stop.leave_at <= at("18 16:00")
    assert stop.reason_facts["required"] is True
    assert "booked" in [reason["code"] for reason in stop.reason_facts["all"]]


def test_a_daily_duty_is_met_on_every_working_day_and_holidays_are_off(town: World) -> None:
    CalendarDay.objects.create(date=MONDAY + timedelta(days=2), kind="holiday", name_zh="测试假日")
    calendar.forget_calendar()
    town.add_place("D1", grid=GRID, at=spot_in(town, GRID), target="elder_high", interval_days=1)
    days = [stop.start_at.date() for stop in stops_of(plan(town)) if stop.place.code == "D1"]
    calendar.forget_calendar()
    assert days == [MONDAY + timedelta(days=n) for n in (0, 1, 3, 4)]


def test_every_other_day_keeps_its_distance(town: World) -> None:
    town.add_place("D2", grid=GRID, at=spot_in(town, GRID), interval_days=3, last_visit_on=date(2026, 11, 13))
    days = [(stop.start_at.date() - MONDAY).days for stop in stops_of(plan(town)) if stop.place.code == "D2"]
    assert len(days) == 2
    assert days[1] - days[0] >= 3


def test_duties_of_one_place_become_one_stop(town: World) -> None:
    place = town.add_place("D3", grid=GRID, at=spot_in(town, GRID), last_visit_on=date(2026, 11, 9))
    VisitDuty.objects.create(
        place=place,
        target="elder_high",
        interval_days=30,
        dwell_minutes=20,
        starts_on=date(2026, 1, 1),
        last_visit_on=date(2026, 10, 1),
    )
    (stop,) = [stop for stop in stops_of(plan(town)) if stop.place_id == place.pk]
    assert stop.duties.count() == 2
    assert stop.leave_at - stop.start_at == timedelta(minutes=30)


def test_opening_hours_hold(town: World) -> None:
    town.add_place("D4", grid=GRID, at=spot_in(town, GRID), opening_hours="Th 15:00-15:30")
    (stop,) = [stop for stop in stops_of(plan(town)) if stop.place.code == "D4"]
    assert at("19 15:00") <= stop.start_at
    assert stop.leave_at <= at("19 15:30")


def test_what_cannot_be_served_says_why(town: World) -> None:
    town.add_place("N1", grid=GRID, at=spot_in(town, GRID), opening_hours="Sa-Su 09:00-12:00")
    town.add_place("N2", grid=GRID, at=spot_in(town, GRID), opening_hours="Mo-Fr 20:00-21:00")
    made = plan(town)
    codes = {row["reason"]["code"] for row in made.unserved}
    assert codes == {"never_open", "window_outside_shifts"}


def test_absent_workers_walk_no_rounds(town: World) -> None:
    away = DateTimeTZRange(at("16 00:00"), at("18 00:00"))
    for name in (f"leader:{GRID}", f"worker:{GRID}"):
        Absence.objects.create(worker=town.people[name], period=away, reason="leave")
    assert min(route.day for route in plan(town).routes.all()) >= date(2026, 11, 18)


def test_a_team_that_is_away_leaves_everything_with_a_reason(town: World) -> None:
    for name in (f"leader:{GRID}", f"worker:{GRID}"):
        Absence.objects.create(
            worker=town.people[name], period=DateTimeTZRange(at("15 00:00"), at("23 00:00")), reason="leave"
        )
    made = plan(town)
    assert made.routes.count() == 0
    assert {row["reason"]["code"] for row in made.unserved} <= {"no_shift"}


def test_two_planners_at_once_make_one_plan(town: World) -> None:
    grid = town.grid(GRID)
    WeeklyPlan.objects.create(
        grid=grid,
        week_start=MONDAY,
        version=1,
        state="planning",
        created_at=MONDAY_EARLY,
        claimed_until=MONDAY_EARLY + timedelta(minutes=5),
    )
    with pytest.raises(PlanningUnderWay):
        plan(town)
    later = MONDAY_EARLY + timedelta(minutes=6)
    assert plan(town, now=later).version == 2
    assert WeeklyPlan.objects.get(version=1).state == "failed"


def test_publishing_replaces_and_tells(town: World, published: WeeklyPlan) -> None:
    town.add_place("P9", grid=GRID, at=spot_in(town, GRID))
    second = publish_plan(actor=SYSTEM, plan_id=plan(town).pk, now=MONDAY_EARLY)
    published.refresh_from_db()
    assert (published.state, second.state) == ("superseded", "published")
    message = OutboxMessage.objects.filter(topic="plan_published").latest("id")
    assert message.key == str(second.pk)
    assert message.payload["worker_ids"] == sorted(
        {str(worker) for worker in second.routes.values_list("worker_id", flat=True)}
    )
    assert publish_plan(actor=SYSTEM, plan_id=second.pk, now=MONDAY_EARLY).pk == second.pk
    with pytest.raises(PlanNotPublishable):
        publish_plan(actor=SYSTEM, plan_id=published.pk, now=MONDAY_EARLY)


def test_an_old_draft_is_refused(town: World) -> None:
    old = plan(town)
    town.add_place("P9", grid=GRID, at=spot_in(town, GRID))
    publish_plan(actor=SYSTEM, plan_id=plan(town).pk, now=MONDAY_EARLY)
    with pytest.raises(StaleDraft):
        publish_plan(actor=SYSTEM, plan_id=old.pk, now=MONDAY_EARLY)


def test_a_draft_that_misses_a_booking_is_refused(town: World, book_at: Callable[..., object]) -> None:
    draft = plan(town)
    book_at("18 14:00", "18 16:00")
    with pytest.raises(StaleDraft):
        publish_plan(actor=SYSTEM, plan_id=draft.pk, now=MONDAY_EARLY)


def test_in_mid_week_only_what_lies_ahead_is_planned_anew(town: World, published: WeeklyPlan) -> None:
    now = at("18 10:00")
    town.add_place("P9", grid=GRID, at=spot_in(town, GRID), interval_days=1)
    before = {(s.place_id, s.start_at) for s in stops_of(published) if s.route.shift.lower <= now}
    second = publish_plan(actor=SYSTEM, plan_id=plan(town, now=now).pk, now=now)
    after = stops_of(second)
    assert before <= {(stop.place_id, stop.start_at) for stop in after}
    added = [stop for stop in after if stop.place.code == "P9"]
    assert [stop.route.day for stop in added] == [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)]
    assert min(stop.start_at for stop in added) >= at("18 14:00")
    keys = [(stop.place_id, stop.route.day) for stop in after]
    assert len(keys) == len(set(keys))


def test_what_was_done_is_carried_over(town: World, published: WeeklyPlan) -> None:
    done = stops_of(published)[-1]
    Stop.objects.filter(pk=done.pk).update(state="done", ended_at=MONDAY_EARLY, arrived_at=MONDAY_EARLY)
    VisitDuty.objects.filter(place=done.place).update(last_visit_on=MONDAY)
    town.add_place("P9", grid=GRID, at=spot_in(town, GRID))
    second = publish_plan(actor=SYSTEM, plan_id=plan(town).pk, now=MONDAY_EARLY)
    (kept,) = [stop for stop in stops_of(second) if stop.place_id == done.place_id]
    assert (kept.state, kept.start_at, kept.ended_at) == ("done", done.start_at, MONDAY_EARLY)


def test_a_draft_does_not_send_anybody_twice(town: World, published: WeeklyPlan) -> None:
    """Done under the old plan while the draft lay there: the draft's own stop for it goes."""
    town.add_place("P9", grid=GRID, at=spot_in(town, GRID))
    draft = plan(town)
    moved = stops_of(draft)[0]
    old = next(stop for stop in stops_of(published) if stop.place_id == moved.place_id)
    Stop.objects.filter(pk=old.pk).update(state="done", ended_at=MONDAY_EARLY)
    publish_plan(actor=SYSTEM, plan_id=draft.pk, now=MONDAY_EARLY)
    same = [stop for stop in stops_of(draft) if stop.place_id == old.place_id]
    assert [stop.state for stop in same] == ["done"]


def test_missed_stops_are_planned_again_in_the_same_week(town: World, published: WeeklyPlan) -> None:
    now = at("19 04:30")
    missed = visits.mark_missed_stops(now=now)
    past = [stop for stop in stops_of(published) if stop.route.day < now.date()]
    assert missed == len(past) > 0
    again = publish_plan(actor=SYSTEM, plan_id=plan(town, now=now).pk, now=now)
    ahead = {stop.place_id for stop in stops_of(again) if stop.route.day >= now.date()}
    assert {stop.place_id for stop in past} <= ahead


@pytest.mark.parametrize(
    ("who", "outcome"),
    [
        ("street:002", None),
        ("community:002011", None),
        (f"leader:{GRID}", None),
        ("community:002012", PlanNotFound),
        (f"worker:{GRID}", MayNotPlan),
        ("resident:1", MayNotPlan),
        ("auditor", MayNotPlan),
        ("city", MayNotPlan),
    ],
)
def test_who_publishes(town: World, who: str, outcome: type[Exception] | None) -> None:
    draft = plan(town)
    if outcome is None:
        assert publish_plan(actor=town.actor(who), plan_id=draft.pk, now=MONDAY_EARLY).state == "published"
    else:
        with pytest.raises(outcome):
            publish_plan(actor=town.actor(who), plan_id=draft.pk, now=MONDAY_EARLY)


def test_a_job_plans_its_grids_once(town: World) -> None:
    job = request_plans(
        actor=town.actor("street:002"),
        week_start=MONDAY,
        grid_codes=[town.grid(GRID).code],
        now=MONDAY_EARLY,
        publish=True,
    )
    (row,) = job.grids.all()
    assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY) is True
    assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY) is False
    row.refresh_from_db()
    job.refresh_from_db()
    assert (row.plan.state, job.finished_at) == ("published", MONDAY_EARLY)


def test_a_job_for_everything_covers_the_actors_grids(town: World) -> None:
    job = request_plans(actor=town.actor("community:002011"), week_start=MONDAY, grid_codes=None, now=MONDAY_EARLY)
    assert (job.grids.count(), job.area_path) == (3, town.areas["330281002011"].path)


def test_a_job_plans_from_its_moment_and_a_published_week_from_now(town: World) -> None:
    late = at("18 15:00")
    job = request_plans(
        actor=SYSTEM,
        week_start=MONDAY,
        grid_codes=[town.grid(GRID).code],
        now=late,
        publish=True,
        plan_from=at("18 00:00"),
    )
    run_job_grid(job_grid_id=job.grids.get().pk, now=late)
    first = WeeklyPlan.objects.get(state="published")
    assert min(stop.start_at for stop in stops_of(first)).date() == date(2026, 11, 18)
    town.add_place("P9", grid=GRID, at=spot_in(town, GRID), opening_hours="We 08:30-17:00")
    again = request_plans(
        actor=SYSTEM,
        week_start=MONDAY,
        grid_codes=[town.grid(GRID).code],
        now=late,
        publish=True,
        plan_from=at("18 00:00"),
    )
    run_job_grid(job_grid_id=again.grids.get().pk, now=late)
    second = WeeklyPlan.objects.get(state="published")
    assert second.version == 2
    assert [row["reason"]["code"] for row in second.unserved] == ["never_open"]


def test_a_lost_job_is_found_by_the_sweep(town: World) -> None:
    job = request_plans(actor=SYSTEM, week_start=MONDAY, grid_codes=[town.grid(GRID).code], now=MONDAY_EARLY)
    (row,) = job.grids.all()
    assert plans.waiting_job_grids(now=MONDAY_EARLY) == []
    assert plans.waiting_job_grids(now=MONDAY_EARLY + timedelta(minutes=1)) == [row.pk]
    PlanJobGrid.objects.filter(pk=row.pk).update(claimed_until=MONDAY_EARLY + timedelta(minutes=5), attempts=1)
    assert plans.waiting_job_grids(now=MONDAY_EARLY + timedelta(minutes=1)) == []
    assert plans.waiting_job_grids(now=MONDAY_EARLY + timedelta(minutes=6)) == [row.pk]


def test_bad_requests_are_named(town: World) -> None:
    with pytest.raises(NotAMonday):
        plan(town, week=MONDAY + timedelta(days=1))
    with pytest.raises(UnknownGrid):
        request_plans(
            actor=town.actor("community:002011"), week_start=MONDAY, grid_codes=["330281003001001"], now=MONDAY_EARLY
        )
    with pytest.raises(MayNotPlan):
        request_plans(actor=town.actor("resident:1"), week_start=MONDAY, grid_codes=None, now=MONDAY_EARLY)


def test_a_failed_planner_leaves_its_reason(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(plans.planning, "solve", broken)
    with pytest.raises(RuntimeError):
        plan(town)
    failed = WeeklyPlan.objects.get()
    assert (failed.state, failed.error) == ("failed", "RuntimeError: no memory")


def test_routes_of_one_worker_never_overlap(town: World) -> None:
    made = plan(town)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM inspections_route a JOIN inspections_route b ON a.worker_id = b.worker_id "
            "AND a.id < b.id AND a.shift && b.shift AND a.plan_id = b.plan_id WHERE a.plan_id = %s",
            [made.pk],
        )
        assert cursor.fetchone()[0] == 0
    assert Route.objects.filter(plan=made).exists()
