"""A published week is mended: proposed with its difference, accepted once, never behind a moved week."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import SYSTEM
from backend.accounts.models import User
from backend.areas.models import Absence
from backend.cases import services as cases
from backend.cases.models import Case
from backend.core.errors import StaleVersion
from backend.core.models import OutboxMessage
from backend.inspections import plans
from backend.inspections.booking import Booked
from backend.inspections.errors import (
    MayNotPlan,
    NothingToReplan,
    PlanNotFound,
    PlanNotInForce,
    ReplanImpossible,
    ReplanNotFound,
    ReplanStale,
)
from backend.inspections.models import Replan, Stop, WeeklyPlan
from backend.inspections.replanning import accepting, difference
from backend.inspections.replanning.accepting import accept
from backend.inspections.replanning.disturbances import AbsentWorker, ComeAgain, MovedAppointment, UrgentCase
from backend.inspections.replanning.proposing import propose
from backend.inspections.services import plan_week, publish_plan, run_job_grid
from backend.notify import relay
from backend.notify.models import Notification
from tests.cases.test_spine import ANONYMOUS, report
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY, at, stops_of
from tests.streets import spot_in
from tests.world import World

pytestmark = pytest.mark.django_db
DESK = "community:002011"


@pytest.fixture
def busy(town: World, published: WeeklyPlan) -> WeeklyPlan:
    """The week of a team of two with some more to do on every day."""
    for number in range(8):
        town.add_place(
            f"B{number}",
            grid=GRID,
            at=spot_in(town, GRID, east=0.1 + 0.1 * number, north=0.85 - 0.09 * number),
            interval_days=2 if number < 3 else 7,
        )
    plan = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    return publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY)


def urgent_case(world: World, now: datetime) -> Case:
    return cases.report_case(actor=ANONYMOUS, report=report(world, grid=GRID), now=now).case


def spots(plan: WeeklyPlan, *, states: tuple[str, ...] = ("planned",)) -> dict[str, tuple[object, object]]:
    return {
        f"{stop.kind}:{stop.place_id or stop.case_id}:{stop.route.day}": (stop.route.worker_id, stop.start_at)
        for stop in stops_of(plan)
        if stop.state in states
    }


def busiest(plan: WeeklyPlan) -> User:
    """Whoever has most stops on Monday: the team has two people."""
    counts = Counter(stop.route.worker_id for stop in stops_of(plan) if stop.route.day == MONDAY)
    return User.objects.get(pk=counts.most_common(1)[0][0])


def in_force() -> WeeklyPlan:
    return WeeklyPlan.objects.get(state="published")


def test_an_urgent_case_is_put_in_and_the_rest_stays(town: World, busy: WeeklyPlan) -> None:
    now = at("17 08:00")
    case = urgent_case(town, now)
    replan = propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=UrgentCase(case.pk), now=now)
    found = difference.between(replan)
    assert replan.is_met
    assert replan.left_out == []
    assert [change.stop.case_id for change in found.changes if change.kind == "added"] == [case.pk]
    assert found.count("removed") == 0
    assert found.count("moved") == 0
    (added,) = [change for change in found.changes if change.kind == "added"]
    assert added.reason.code == "is_urgent"
    assert added.new is not None
    assert added.new.start_at.date() == at("17 08:00").date()
    # Nothing is in force before somebody accepts it.
    assert in_force().pk == busy.pk
    accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    assert in_force().pk == replan.plan_id
    assert Stop.objects.filter(route__plan=replan.plan_id, case=case).count() == 1


def test_what_is_over_or_under_way_stays_where_it_is(town: World, busy: WeeklyPlan) -> None:
    """In the middle of a half day: two stops behind, one under way, the rest free."""
    route = max(busy.routes.all(), key=lambda one: one.stops.count())
    stops = list(route.stops.order_by("seq"))
    assert len(stops) >= 3
    now = stops[1].start_at
    Stop.objects.filter(pk=stops[0].pk).update(state="done", arrived_at=stops[0].start_at, ended_at=stops[0].leave_at)
    Stop.objects.filter(pk=stops[1].pk).update(state="arrived", arrived_at=now)
    case = urgent_case(town, now)
    replan = propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=UrgentCase(case.pk), now=now)
    accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    after = list(
        Stop.objects.filter(route__plan=replan.plan_id, route__worker=route.worker_id, route__day=route.day,
                            route__shift=route.shift).order_by("seq")
    )  # fmt: skip
    assert [(stop.seq, stop.state, stop.start_at) for stop in after[:2]] == [
        (1, "done", stops[0].start_at),
        (2, "arrived", stops[1].start_at),
    ]
    assert all(stop.arrive_at >= stops[1].leave_at for stop in after[2:])
    assert {stop.place_id for stop in stops} <= {stop.place_id for stop in after}


def test_a_locked_door_is_come_back_to_in_another_half_day(town: World, busy: WeeklyPlan) -> None:
    stop = next(one for one in stops_of(busy) if one.place is not None and one.place.code == "B5")
    Stop.objects.filter(pk=stop.pk).update(state="missed", ended_at=stop.leave_at)
    now = stop.leave_at
    replan = propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=ComeAgain(stop.pk), now=now)
    found = difference.between(replan)
    (again,) = [change for change in found.changes if change.reason.code == "comes_again"]
    assert (again.kind, again.stop.place_id) == ("added", stop.place_id)
    assert again.stop.start_at >= stop.route.shift.upper
    accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    states = Stop.objects.filter(route__plan=replan.plan_id, place=stop.place_id).order_by("start_at")
    assert list(states.values_list("state", flat=True)) == ["missed", "planned"]


@pytest.mark.parametrize(("until", "last_day"), [("today", 16), ("week", 22)])
def test_an_absent_workers_stops_go_to_the_team(town: World, busy: WeeklyPlan, until: str, last_day: int) -> None:
    now = at("16 07:30")
    away = busiest(busy)
    mine = [stop for stop in stops_of(busy) if stop.route.worker_id == away.pk]
    assert any(16 <= stop.start_at.day <= last_day for stop in mine)
    replan = propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=AbsentWorker(away.pk, until), now=now)
    assert not Absence.objects.filter(worker=away).exists()
    found = difference.between(replan)
    assert replan.left_out == []
    assert {change.reason.code for change in found.changes if change.kind == "moved"} >= {"worker_absent"}
    accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    assert Absence.objects.filter(worker=away).count() == 1
    days = Stop.objects.filter(route__plan=replan.plan_id, route__worker=away).values_list("route__day", flat=True)
    assert not any(16 <= day.day <= last_day for day in days)
    # The plans that the absence itself asked for find the week mended already.
    for row in plans.PlanJobGrid.objects.filter(done_at=None):
        run_job_grid(job_grid_id=row.pk, now=now)
    assert in_force().pk == replan.plan_id


def test_an_absence_that_is_known_already_takes_over(town: World, busy: WeeklyPlan) -> None:
    """Away from Thursday on by leave, and sick from Monday: the sick days end where the leave begins."""
    away = busiest(busy)
    leave = DateTimeTZRange(at("19 00:00"), at("21 00:00"))
    Absence.objects.create(worker=away, period=leave, reason="leave")
    now = at("16 07:30")
    replan = propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=AbsentWorker(away.pk, "week"), now=now)
    accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    sick = Absence.objects.exclude(reason="leave").get(worker=away)
    assert (sick.period.lower, sick.period.upper) == (now, leave.lower)


def test_a_locked_stop_of_an_absent_worker_is_explained(town: World, busy: WeeklyPlan) -> None:
    away = busiest(busy)
    stop = next(one for one in stops_of(busy) if one.route.worker_id == away.pk and one.start_at.day >= 18)
    Stop.objects.filter(pk=stop.pk).update(locked=True)
    replan = propose(
        actor=town.actor(DESK), plan_id=busy.pk, disturbance=AbsentWorker(away.pk, "week"), now=at("17 18:00")
    )
    (left,) = replan.left_out
    assert (left["reason"]["code"], left["place_id"]) == ("locked_without_shift", str(stop.place_id))
    removed = [change for change in difference.between(replan).changes if change.kind == "removed"]
    assert stop.pk in {change.stop.pk for change in removed}
    assert {change.reason.code for change in removed} == {"locked_without_shift"}


def test_an_appointment_moves_with_its_window(town: World, book_at: Callable[..., Booked], busy: WeeklyPlan) -> None:
    booked = book_at("18 14:00", "18 16:00")
    plan = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY)
    now = at("17 08:00")
    wish = MovedAppointment(booked.appointment.pk, at("19 09:30"), at("19 11:30"))
    replan = propose(actor=town.actor(DESK), plan_id=plan.pk, disturbance=wish, now=now)
    booked.appointment.refresh_from_db()
    assert booked.appointment.window.lower == at("18 14:00")
    (moved,) = [change for change in difference.between(replan).changes if change.reason.code == "window_moved"]
    assert moved.new is not None
    assert at("19 09:30") <= moved.new.start_at <= at("19 11:30")
    accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    booked.appointment.refresh_from_db()
    assert booked.appointment.window.lower == at("19 09:30")
    assert Stop.objects.get(route__plan=replan.plan_id, appointment=booked.appointment).start_at >= at("19 09:30")


def test_what_finds_no_place_is_explained_and_not_put_in_force(town: World, busy: WeeklyPlan) -> None:
    now = at("20 16:58")
    case = urgent_case(town, now)
    replan = propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=UrgentCase(case.pk), now=now)
    assert not replan.is_met
    assert [row["case_id"] for row in replan.left_out] == [str(case.pk)]
    with pytest.raises(ReplanImpossible) as refused:
        accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    assert refused.value.facts["reason"]["code"] == "no_shift"
    assert in_force().pk == busy.pk


def test_accepting_twice_counts_once(town: World, busy: WeeklyPlan) -> None:
    now = at("17 08:00")
    replan = propose(
        actor=town.actor(DESK), plan_id=busy.pk, disturbance=UrgentCase(urgent_case(town, now).pk), now=now
    )
    first = accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    told = OutboxMessage.objects.count()
    again = accept(actor=town.actor(DESK), replan_id=replan.pk, now=at("17 12:00"))
    assert (again.pk, again.accepted_at) == (first.pk, first.accepted_at)
    assert OutboxMessage.objects.count() == told


def test_a_week_that_moved_on_refuses_the_proposal(town: World, busy: WeeklyPlan) -> None:
    now = at("17 08:00")
    desk = town.actor(DESK)
    wishes = [UrgentCase(urgent_case(town, now).pk) for _ in range(2)]
    one, two = (propose(actor=desk, plan_id=busy.pk, disturbance=wish, now=now) for wish in wishes)
    accept(actor=desk, replan_id=one.pk, now=now)
    with pytest.raises(ReplanStale) as refused:
        accept(actor=desk, replan_id=two.pk, now=now)
    assert refused.value.facts["cause"] == "plan"
    assert in_force().pk == one.plan_id


def test_a_stop_that_was_reached_meanwhile_refuses_the_proposal(town: World, busy: WeeklyPlan) -> None:
    now = at("16 07:30")
    away = busiest(busy)
    replan = propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=AbsentWorker(away.pk), now=now)
    moved = next(one for one in difference.between(replan).changes if one.kind == "moved" and one.old)
    assert moved.old is not None
    Stop.objects.filter(pk=moved.old.pk).update(state="arrived", arrived_at=now)
    with pytest.raises((ReplanStale, StaleVersion)):
        accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    assert not Absence.objects.filter(worker=away).exists()


def test_an_old_proposal_is_refused_and_cleared_away(town: World, busy: WeeklyPlan) -> None:
    now = at("17 08:00")
    replan = propose(
        actor=town.actor(DESK), plan_id=busy.pk, disturbance=UrgentCase(urgent_case(town, now).pk), now=now
    )
    with pytest.raises(ReplanStale) as refused:
        accept(actor=town.actor(DESK), replan_id=replan.pk, now=at("17 08:11"))
    assert refused.value.facts["cause"] == "time"
    assert accepting.drop_old(now=at("17 20:00")) == 0
    assert accepting.drop_old(now=at("18 08:20")) == 1
    assert not Replan.objects.exists()
    assert not WeeklyPlan.objects.filter(state="proposed").exists()


def test_only_who_is_touched_is_told(town: World, busy: WeeklyPlan) -> None:
    now = at("17 08:00")
    replan = propose(
        actor=town.actor(DESK), plan_id=busy.pk, disturbance=UrgentCase(urgent_case(town, now).pk), now=now
    )
    touched = {day.worker.pk for day in difference.between(replan).days}
    accept(actor=town.actor(DESK), replan_id=replan.pk, now=now)
    Notification.objects.all().delete()
    relay.relay(now=lambda: now)
    told = Notification.objects.filter(topic__in=("round_changed", "plan_published"), created_at=now)
    assert set(told.filter(topic="round_changed").values_list("user_id", flat=True)) == touched
    message = OutboxMessage.objects.get(topic="plan_published", key=str(replan.plan_id))
    assert not Notification.objects.filter(outbox_id=message.pk).exists()


def test_stability_decides(town: World, busy: WeeklyPlan) -> None:
    """However dear or cheap a move is, the proposal says what was asked for."""
    now = at("17 08:00")
    case = urgent_case(town, now)
    calm, free = (
        propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=UrgentCase(case.pk), now=now, stability_s=price)
        for price in (20_000, 0)
    )
    assert (calm.stability_s, free.stability_s) == (20_000, 0)
    assert difference.between(calm).count("moved") == 0
    assert difference.between(calm).count("moved") <= difference.between(free).count("moved")


def test_who_may_not_and_what_is_none(town: World, busy: WeeklyPlan) -> None:
    now = at("17 08:00")
    case = urgent_case(town, now)
    with pytest.raises(MayNotPlan):
        propose(actor=town.actor("auditor"), plan_id=busy.pk, disturbance=UrgentCase(case.pk), now=now)
    with pytest.raises(PlanNotFound):
        propose(actor=town.actor("community:002012"), plan_id=busy.pk, disturbance=UrgentCase(case.pk), now=now)
    planned = stops_of(busy)[0]
    with pytest.raises(NothingToReplan):
        propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=ComeAgain(planned.pk), now=now)
    replan = propose(actor=town.actor(DESK), plan_id=busy.pk, disturbance=UrgentCase(case.pk), now=now)
    with pytest.raises(ReplanNotFound):
        accept(actor=town.actor("community:002012"), replan_id=replan.pk, now=now)
    with pytest.raises(PlanNotInForce):
        propose(actor=town.actor(DESK), plan_id=replan.plan_id, disturbance=UrgentCase(case.pk), now=now)


@pytest.mark.django_db(transaction=True)
def test_two_desks_accept_at_once_and_it_counts_once(town: World, busy: WeeklyPlan) -> None:
    now = at("17 08:00")
    desk = town.actor(DESK)
    wish = UrgentCase(urgent_case(town, now).pk)
    replan = propose(actor=desk, plan_id=busy.pk, disturbance=wish, now=now)
    gate, answers = threading.Barrier(2), []

    def press() -> None:
        try:
            gate.wait()
            answers.append(accept(actor=desk, replan_id=replan.pk, now=now).accepted_at)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [now, now]
    assert OutboxMessage.objects.filter(topic="plan_published", key=str(replan.plan_id)).count() == 1
