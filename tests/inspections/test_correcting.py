"""A case with a booked visit, or with a stop in a round, is corrected: what the rounds hold of it follows."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from backend.accounts.actor import SYSTEM
from backend.areas.models import Area
from backend.cases import services
from backend.cases.correcting import Correction
from backend.cases.intake import PointIn
from backend.cases.models import Case, CaseEvent
from backend.cases.services import Step
from backend.cases.texts import event_text
from backend.cases.workflow import Action
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.inspections import access, correcting, leaving
from backend.inspections.booking import Booked, cancel_appointment, may_move, move_appointment, slots_instead
from backend.inspections.correcting import Corrected
from backend.inspections.errors import SlotTaken, VisitToRebook, VisitUnderWay
from backend.inspections.models import Appointment, PlanJobGrid, Stop, WeeklyPlan
from backend.inspections.services import mark_missed_stops, plan_week, publish_plan, run_job_grid
from backend.inspections.visits import mark_arrived
from backend.notify.models import Notification
from backend.notify.relay import relay
from backend.notify.texts import notice_text
from tests.cases.test_spine import report
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY, at
from tests.inspections.test_races import at_once
from tests.streets import spot_in
from tests.world import World

Book = Callable[..., Booked]
EAST = "002011002"
A_MINUTE = timedelta(minutes=1)


def correct(
    town: World,
    case: Case,
    *,
    grid: str = "",
    matter: str = "",
    rebook: bool = False,
    who: str = "street:002",
    now: datetime = MONDAY_EARLY + A_MINUTE,
    **more: Any,
) -> Corrected:
    case.refresh_from_db()
    point = PointIn(*spot_in(town, grid, east=0.3, north=0.6), "wgs84", 5.0) if grid else None
    correction = Correction(
        **{
            "id": uuid7(),
            "version": case.version,
            "note": "住在隔壁",
            "point": point,
            "matter_id": town.matters[matter].pk if matter else None,
            **more,
        }
    )
    return correcting.correct_case(
        actor=town.actor(who), case_id=case.pk, correction=correction, rebook=rebook, now=now
    )


def planned(town: World, code: str, now: datetime = MONDAY_EARLY) -> WeeklyPlan:
    plan = plan_week(grid_id=town.grid(code).pk, week_start=MONDAY, now=now)
    return publish_plan(actor=SYSTEM, plan_id=plan.pk, now=now)


def run_jobs(now: datetime = MONDAY_EARLY + 2 * A_MINUTE) -> None:
    for row in PlanJobGrid.objects.filter(done_at=None):
        assert run_job_grid(job_grid_id=row.pk, now=now)


def fill(book_at: Book, start: str, end: str, grid: str = EAST) -> list[Booked]:
    booked = []
    for _ in range(30):
        try:
            booked.append(book_at(start, end, grid=grid))
        except SlotTaken:
            return booked
    raise AssertionError("the window never fills up")


def standing(booked: Booked) -> tuple[str, Area, datetime]:
    visit = Appointment.objects.select_related("grid").get(pk=booked.appointment.pk)
    return visit.state, visit.grid, visit.window.lower


@pytest.mark.django_db
@pytest.mark.parametrize("with_plans", [False, True])
def test_a_visit_goes_along_where_the_new_team_has_room(town: World, book_at: Book, with_plans: bool) -> None:
    booked = book_at("18 14:00", "18 16:00")
    if with_plans:
        old, new = planned(town, GRID), planned(town, EAST)
        assert Stop.objects.get(route__plan=old, appointment=booked.appointment).state == "planned"
    done = correct(town, booked.case, grid=EAST)
    assert (done.case.grid, done.fate, done.may_book) == (town.grid(EAST), "went_along", False)
    assert standing(booked) == ("booked", town.grid(EAST), at("18 14:00"))
    if with_plans:
        assert Stop.objects.get(route__plan=old, appointment=booked.appointment).state == "skipped"
        run_jobs()
        stop = Stop.objects.published().get(appointment=booked.appointment, state="planned")
        assert stop.route.plan.grid == town.grid(EAST)
        assert stop.route.plan != new
        assert at("18 14:00") <= stop.start_at < at("18 16:00")


@pytest.mark.django_db
def test_everybody_hears_of_a_visit_that_went_along(town: World, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    relay(now=lambda: MONDAY_EARLY)
    correct(town, booked.case, grid=EAST)
    relay(now=lambda: MONDAY_EARLY + A_MINUTE)
    line = CaseEvent.objects.get(case=booked.case, action="rebook")
    assert line.is_public
    assert event_text(line) == (
        "预约的上门（11-18 14:00–16:00）随更正转至新的网格，时间不变",
        "Visit (11-18 14:00–16:00) went to the new team at the same time",
    )
    told = Notification.objects.filter(topic="appointment_went_along")
    people = {town.people["resident:1"].pk, town.people[f"leader:{EAST}"].pk}
    assert set(told.values_list("user_id", flat=True)) == people
    assert all("11-18 14:00–16:00" in text for one in told for text in notice_text(one.topic, one.facts))
    left = OutboxMessage.objects.get(topic="appointment_left")
    assert left.area_path == town.grid(GRID).path


@pytest.mark.django_db
@pytest.mark.parametrize("with_plans", [False, True])
def test_without_room_the_correction_says_what_would_become_of_the_visit(
    town: World, book_at: Book, with_plans: bool
) -> None:
    booked = book_at("18 14:00", "18 16:00")
    if with_plans:
        planned(town, EAST)
    fill(book_at, "18 14:00", "18 16:00")
    before = Case.objects.values().get(pk=booked.case.pk)
    with pytest.raises(VisitToRebook) as refused:
        correct(town, booked.case, grid=EAST)
    facts = refused.value.facts
    assert (facts["reason"], facts["grid"]["code"]) == ("no_room", town.grid(EAST).code)
    assert (facts["start"], facts["end"]) == ("2026-11-18T14:00:00+08:00", "2026-11-18T16:00:00+08:00")
    assert 0 < len(facts["next"]) <= 4
    assert Case.objects.values().get(pk=booked.case.pk) == before
    assert standing(booked) == ("booked", town.grid(GRID), at("18 14:00"))


@pytest.mark.django_db
def test_a_confirmed_correction_gives_the_visit_back_and_the_resident_books_anew(town: World, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    old = planned(town, GRID)
    fill(book_at, "18 14:00", "18 16:00")
    relay(now=lambda: MONDAY_EARLY)
    done = correct(town, booked.case, grid=EAST, rebook=True)
    assert (done.case.grid, done.fate, done.may_book) == (town.grid(EAST), "given_back", True)
    assert (standing(booked)[0], done.case.state) == ("cancelled", "pending_handle")
    assert Stop.objects.get(route__plan=old, appointment=booked.appointment).state == "skipped"
    relay(now=lambda: MONDAY_EARLY + A_MINUTE)
    told = Notification.objects.get(topic="visit_to_rebook")
    assert told.user_id == town.people["resident:1"].pk
    assert notice_text(told.topic, told.facts)[1].endswith("given back with the correction; choose another time")
    resident, visit = town.actor("resident:1"), Appointment.objects.get(pk=booked.appointment.pk)
    assert may_move(visit, now=MONDAY_EARLY + A_MINUTE)
    offer = slots_instead(actor=resident, appointment_id=visit.pk, now=MONDAY_EARLY + A_MINUTE)
    assert offer.grid == town.grid(EAST)
    free = next(slot for slot in offer.slots if slot.left > 0)
    for _ in range(2):  # the second changes nothing
        move_appointment(
            actor=resident, appointment_id=visit.pk, start=free.start, end=free.end, now=MONDAY_EARLY + A_MINUTE
        )
    assert standing(booked) == ("booked", town.grid(EAST), free.start)
    assert Appointment.objects.get(pk=visit.pk).ended_at is None


@pytest.mark.django_db
def test_a_case_that_needs_no_visit_any_more_gives_it_back_for_good(town: World, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    with pytest.raises(VisitToRebook) as refused:
        correct(town, booked.case, matter="exposed_garbage")
    assert (refused.value.facts["reason"], refused.value.facts["next"]) == ("no_visit", [])
    done = correct(town, booked.case, matter="exposed_garbage", rebook=True)
    assert (done.fate, done.may_book) == ("given_back", False)
    visit = Appointment.objects.select_related("case__matter", "case__grid").get(pk=booked.appointment.pk)
    assert not may_move(visit, now=MONDAY_EARLY)
    relay(now=lambda: MONDAY_EARLY + A_MINUTE)
    assert Notification.objects.filter(topic="visit_not_needed", user=town.people["resident:1"]).exists()


@pytest.mark.django_db
def test_the_same_team_keeps_the_visit_and_goes_to_the_right_door(town: World, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    planned(town, GRID)
    fill(book_at, "18 14:00", "18 16:00", grid=GRID)
    done = correct(town, booked.case, grid=GRID)
    assert done.fate == "stays"
    assert standing(booked) == ("booked", town.grid(GRID), at("18 14:00"))
    stop = Stop.objects.published().get(appointment=booked.appointment)
    assert (stop.location, stop.state) == (done.case.location, "planned")


@pytest.mark.django_db
def test_a_visit_under_way_is_made_first(town: World, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    plan = planned(town, GRID)
    with pytest.raises(VisitUnderWay):
        correct(town, booked.case, grid=EAST, rebook=True, now=at("18 14:01"))
    stop = Stop.objects.get(route__plan=plan, appointment=booked.appointment)
    mark_arrived(stop_id=stop.pk, at=at("18 13:50"), now=at("18 13:51"))
    with pytest.raises(VisitUnderWay):
        correct(town, booked.case, grid=EAST, rebook=True, now=at("18 13:52"))


@pytest.mark.django_db
def test_corrected_there_and_back_the_visit_is_in_its_round_again(town: World, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    planned(town, GRID)
    planned(town, EAST)
    correct(town, booked.case, grid=EAST)
    correct(town, booked.case, grid=GRID, now=MONDAY_EARLY + 2 * A_MINUTE)
    run_jobs(MONDAY_EARLY + 3 * A_MINUTE)
    stop = Stop.objects.published().get(appointment=booked.appointment)
    assert (stop.state, stop.route.plan.grid) == ("planned", town.grid(GRID))


@pytest.mark.django_db(transaction=True)
def test_of_a_correction_and_a_booking_for_the_last_place_one_gets_it(request: pytest.FixtureRequest) -> None:
    town: World = request.getfixturevalue("town")
    book_at: Book = request.getfixturevalue("book_at")
    booked = book_at("18 14:00", "18 16:00")
    last = fill(book_at, "18 14:00", "18 16:00")[-1]
    cancel_appointment(actor=town.actor("resident:1"), appointment_id=last.appointment.pk, reason="x", now=MONDAY_EARLY)
    results = at_once(
        lambda: correct(town, booked.case, grid=EAST).fate,
        lambda: "booked" if book_at("18 14:00", "18 16:00", grid=EAST).is_new else "",
    )
    assert sorted(map(str, results)) in (["booked", "visit_to_rebook"], ["slot_taken", "went_along"])


@pytest.fixture
def in_round(town: World) -> tuple[Case, WeeklyPlan]:
    """A case of the first grid that nobody booked, due this week, with its stop in the published round."""
    case = services.report_case(actor=town.actor("resident:1"), report=report(town), now=MONDAY_EARLY).case
    plan = planned(town, GRID)
    assert Stop.objects.get(route__plan=plan, case=case).state == "planned"
    return case, plan


@pytest.mark.django_db
def test_a_corrected_case_leaves_the_round_of_its_old_team(town: World, in_round: tuple[Case, WeeklyPlan]) -> None:
    case, plan = in_round
    relay(now=lambda: MONDAY_EARLY)
    correct(town, case, grid=EAST)
    stop = Stop.objects.get(route__plan=plan, case=case)
    assert (stop.state, stop.version) == ("skipped", 2)
    line = CaseEvent.objects.get(case=case, action="note")
    assert not line.is_public
    assert event_text(line) == (
        f"已移出网格 {town.grid(GRID).code} 的 {stop.route.day:%m-%d} 走访路线",
        f"Taken out of the round of {stop.route.day:%m-%d} in grid {town.grid(GRID).code}",
    )
    relay(now=lambda: MONDAY_EARLY + A_MINUTE)
    told = Notification.objects.get(topic="round_changed")
    assert told.user_id == stop.route.worker_id
    assert notice_text(told.topic, told.facts)[1].endswith("(a case went elsewhere): 1 stop changed, 1 fewer")
    assert leaving.take_out_moved(now=MONDAY_EARLY + A_MINUTE) == 0


@pytest.mark.django_db
def test_a_case_that_left_by_another_door_is_found_by_the_sweep(town: World, in_round: tuple[Case, WeeklyPlan]) -> None:
    case, plan = in_round
    assert leaving.take_out_moved(now=MONDAY_EARLY) == 0
    other = town.people[f"leader:{EAST}"]
    Case.objects.filter(pk=case.pk).update(grid=town.grid(EAST), responsible=other)
    assert leaving.take_out_moved(now=MONDAY_EARLY) == 1
    assert leaving.take_out_moved(now=MONDAY_EARLY) == 0
    assert Stop.objects.get(route__plan=plan, case=case).state == "skipped"


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["arrived", "done", "missed"])
def test_a_stop_that_is_worked_or_has_ended_stays(town: World, in_round: tuple[Case, WeeklyPlan], state: str) -> None:
    case, plan = in_round
    Stop.objects.filter(route__plan=plan, case=case).update(state=state)
    correct(town, case, grid=EAST)
    assert leaving.take_out_moved(now=MONDAY_EARLY) == 0
    assert Stop.objects.get(route__plan=plan, case=case).state == state


@pytest.mark.django_db
def test_who_has_begun_a_case_and_keeps_it_keeps_its_stop(town: World, in_round: tuple[Case, WeeklyPlan]) -> None:
    case, plan = in_round
    services.act(actor=town.actor(f"leader:{GRID}"), case_id=case.pk, step=Step(Action.ACCEPT), now=MONDAY_EARLY)
    correct(town, case, grid=EAST)
    case.refresh_from_db()
    assert (case.grid, case.responsible) == (town.grid(EAST), town.people[f"leader:{GRID}"])
    assert Stop.objects.get(route__plan=plan, case=case).state == "planned"


@pytest.mark.django_db
@pytest.mark.parametrize("somebody", ["arrives", "publishes another plan"])
def test_a_stop_that_changes_under_the_sweep_is_left_alone(
    town: World, in_round: tuple[Case, WeeklyPlan], monkeypatch: pytest.MonkeyPatch, somebody: str
) -> None:
    case, plan = in_round
    stop, ended = Stop.objects.get(route__plan=plan, case=case), leaving._ended
    Case.objects.filter(pk=case.pk).update(grid=town.grid(EAST), responsible=town.people[f"leader:{EAST}"])

    def ended_behind_somebody(*given: Any) -> bool:
        if somebody == "arrives":
            assert mark_arrived(stop_id=stop.pk, at=MONDAY_EARLY, now=MONDAY_EARLY)
        else:
            WeeklyPlan.objects.filter(pk=plan.pk).update(state="superseded")
        return ended(*given)

    monkeypatch.setattr(leaving, "_ended", ended_behind_somebody)
    assert leaving.take_out_moved(now=MONDAY_EARLY) == 0
    stop.refresh_from_db()
    assert stop.state == ("arrived" if somebody == "arrives" else "planned")


@pytest.mark.django_db(transaction=True)
def test_the_sweep_waits_for_a_publish_under_way(request: pytest.FixtureRequest) -> None:
    """Else the case leaves the old plan and then the new one: two lines and two notices for one leaving."""
    case, plan = request.getfixturevalue("in_round")
    town: World = request.getfixturevalue("town")
    stop = Stop.objects.get(route__plan=plan, case=case)
    Case.objects.filter(pk=case.pk).update(grid=town.grid(EAST), responsible=town.people[f"leader:{EAST}"])
    begun, taken = threading.Event(), list[bool]()

    def publish() -> None:
        with transaction.atomic():
            access.lock_rounds(plan.grid_id)
            WeeklyPlan.objects.filter(pk=plan.pk).update(state="superseded")
            begun.set()
            sweeping.join(0.5)
        connection.close()

    def sweep() -> None:
        begun.wait(10)
        taken.append(leaving.take_out(stop_id=stop.pk, now=MONDAY_EARLY))
        connection.close()

    publishing, sweeping = threading.Thread(target=publish), threading.Thread(target=sweep)
    sweeping.start()
    publishing.start()
    publishing.join()
    sweeping.join()
    stop.refresh_from_db()
    assert (taken, stop.state) == ([False], "planned")


@pytest.mark.django_db(transaction=True)
def test_arriving_and_leaving_at_once_one_counts(request: pytest.FixtureRequest) -> None:
    case, plan = request.getfixturevalue("in_round")
    town: World = request.getfixturevalue("town")
    stop = Stop.objects.get(route__plan=plan, case=case)
    Case.objects.filter(pk=case.pk).update(grid=town.grid(EAST), responsible=town.people[f"leader:{EAST}"])
    results = at_once(
        lambda: leaving.take_out(stop_id=stop.pk, now=MONDAY_EARLY),
        lambda: mark_arrived(stop_id=stop.pk, at=MONDAY_EARLY, now=MONDAY_EARLY),
    )
    assert sorted(results) == [False, True]
    assert mark_missed_stops(now=MONDAY_EARLY) == 0
