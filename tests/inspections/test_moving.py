"""A booked visit is moved: the new window is real capacity, the old one is free again, both rounds are asked for."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from backend.cases.models import CaseEvent
from backend.cases.texts import event_text
from backend.core.models import OutboxMessage
from backend.inspections.booking import Booked, cancel_appointment, move_appointment, slots_instead
from backend.inspections.errors import (
    AppointmentNotFound,
    AppointmentOver,
    SlotTaken,
    StaleDraft,
    TooLateToMove,
    UnknownSlot,
)
from backend.inspections.models import Appointment, PlanJob, PlanJobGrid, Stop, WeeklyPlan
from backend.inspections.queries import arrival_window
from backend.inspections.services import plan_week, publish_plan, run_job_grid
from backend.notify.models import Notification
from backend.notify.relay import relay
from backend.notify.texts import notice_text
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY, at
from tests.inspections.test_booking import offer
from tests.inspections.test_races import at_once
from tests.world import World

Book = Callable[..., Booked]


def move(
    town: World, booked: Booked, start: str, end: str, *, who: str = "resident:1", now: datetime = MONDAY_EARLY
) -> Appointment:
    return move_appointment(
        actor=town.actor(who), appointment_id=booked.appointment.pk, start=at(start), end=at(end), now=now
    )


def run_jobs() -> None:
    for row in PlanJobGrid.objects.filter(done_at=None):
        assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY + timedelta(minutes=1))


def fill(book_at: Book, start: str, end: str) -> None:
    """Books the window until nothing fits."""
    for _ in range(30):
        try:
            book_at(start, end)
        except SlotTaken:
            return
    raise AssertionError("the window never fills up")


@pytest.mark.django_db
@pytest.mark.parametrize("with_plan", [False, True])
def test_the_new_window_is_taken_and_the_old_one_free(
    town: World, book_at: Book, request: pytest.FixtureRequest, with_plan: bool
) -> None:
    if with_plan:
        request.getfixturevalue("published")
    before = {slot.start: slot.left for slot in offer(town).slots}
    booked = book_at("18 14:00", "18 16:00")
    moved = move(town, booked, "19 08:30", "19 10:30")
    assert (moved.pk, moved.state) == (booked.appointment.pk, "booked")
    assert (moved.window.lower, moved.window.upper) == (at("19 08:30"), at("19 10:30"))
    left = {slot.start: slot.left for slot in offer(town).slots}
    assert left[at("18 14:00")] == before[at("18 14:00")]
    assert left[at("19 08:30")] <= before[at("19 08:30")]
    assert PlanJob.objects.filter(publish=True, week_start=MONDAY).count() == (2 if with_plan else 0)


@pytest.mark.django_db
def test_a_moved_visit_is_planned_at_its_new_time(town: World, published: WeeklyPlan, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    run_jobs()
    moved = move(town, booked, "18 15:00", "18 17:00")
    assert not arrival_window(moved, now=at("18 07:00")).is_narrowed
    run_jobs()
    stop = Stop.objects.published().get(appointment=moved)
    assert at("18 15:00") <= stop.start_at < stop.leave_at <= at("18 17:00")
    assert arrival_window(moved, now=at("18 07:00")).is_narrowed
    move(town, booked, "24 14:00", "24 16:00")
    run_jobs()
    assert not Stop.objects.published().filter(appointment=moved).exists()


@pytest.mark.django_db
def test_until_the_round_is_planned_again_the_new_window_counts_as_taken(
    town: World, published: WeeklyPlan, book_at: Book
) -> None:
    booked = book_at("18 14:00", "18 16:00")
    run_jobs()
    planned = {slot.start: slot.left for slot in offer(town).slots}
    others = [book_at("17 14:00", "17 16:00") for _ in range(2)]
    run_jobs()
    for one in (booked, *others):
        move(town, one, "19 08:30", "19 10:30")
    taken = 0
    while taken < 30:
        try:
            book_at("19 08:30", "19 10:30")
        except SlotTaken:
            break
        taken += 1
    again = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    stops = Stop.objects.filter(route__plan=again, kind="appointment", appointment__window__startswith=at("19 08:30"))
    assert stops.count() == taken + 3
    assert planned[at("19 08:30")] > 0


@pytest.mark.django_db
def test_a_move_within_full_hours_counts_its_own_place_as_free(town: World, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    fill(book_at, "18 14:00", "18 16:00")
    fill(book_at, "18 15:00", "18 17:00")
    assert {slot.start: slot.left for slot in offer(town).slots}[at("18 15:00")] == 0
    own = slots_instead(actor=town.actor("resident:1"), appointment_id=booked.appointment.pk, now=MONDAY_EARLY)
    assert {slot.start: slot.left for slot in own.slots}[at("18 14:00")] == 1


@pytest.mark.django_db
def test_a_full_window_is_refused_with_others_and_the_old_one_is_kept(town: World, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    fill(book_at, "19 08:30", "19 10:30")
    with pytest.raises(SlotTaken) as refused:
        move(town, booked, "19 08:30", "19 10:30")
    assert refused.value.facts["next"]
    with pytest.raises(UnknownSlot):
        move(town, booked, "19 13:00", "19 15:00")
    booked.appointment.refresh_from_db()
    assert booked.appointment.window.lower == at("18 14:00")
    assert not CaseEvent.objects.filter(action="rebook").exists()


@pytest.mark.django_db
def test_history_and_notices_say_from_when_to_when(town: World, book_at: Book) -> None:
    booked = book_at("18 14:00", "18 16:00")
    for _ in range(2):  # the second changes nothing
        move(town, booked, "19 08:30", "19 10:30")
    event = CaseEvent.objects.get(case=booked.case, action="rebook")
    assert event.is_public
    assert event_text(event) == (
        "居民改约上门时间：11-18 14:00 → 11-19 08:30–10:30",
        "Visit moved by the resident: 11-18 14:00 → 11-19 08:30–10:30",
    )
    assert OutboxMessage.objects.filter(topic="appointment_moved").count() == 1
    relay(now=lambda: MONDAY_EARLY)
    told = Notification.objects.filter(topic="appointment_moved")
    assert set(told.values_list("user_id", flat=True)) == {
        town.people["resident:1"].pk,
        booked.case.responsible_id,
    }
    assert all("11-19 08:30–10:30" in text for one in told for text in notice_text(one.topic, one.facts))


@pytest.mark.django_db
def test_only_the_resident_who_booked_may_move_and_only_in_time(
    town: World, published: WeeklyPlan, book_at: Book
) -> None:
    booked = book_at("18 14:00", "18 16:00")
    with pytest.raises(AppointmentNotFound):
        move(town, booked, "19 08:30", "19 10:30", who="resident:2")
    with pytest.raises(AppointmentOver):
        move(town, booked, "19 08:30", "19 10:30", now=at("18 14:01"))
    later = book_at("18 15:00", "18 17:00")
    run_jobs()
    # The afternoon has begun: its round is walked as it was published, although the visit lies an hour ahead.
    with pytest.raises(TooLateToMove):
        move(town, later, "19 08:30", "19 10:30", now=at("18 14:01"))
    cancel_appointment(
        actor=town.actor("resident:1"), appointment_id=later.appointment.pk, reason="x", now=MONDAY_EARLY
    )
    with pytest.raises(AppointmentOver):
        move(town, later, "19 08:30", "19 10:30")


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["moved", "given back"])
def test_a_draft_from_before_the_change_is_not_published(town: World, book_at: Book, how: str) -> None:
    booked = book_at("18 14:00", "18 16:00")
    draft = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    if how == "moved":
        move(town, booked, "24 14:00", "24 16:00")
    else:
        resident = town.actor("resident:1")
        cancel_appointment(actor=resident, appointment_id=booked.appointment.pk, reason="x", now=MONDAY_EARLY)
    with pytest.raises(StaleDraft):
        publish_plan(actor=town.actor("community:002011"), plan_id=draft.pk, now=MONDAY_EARLY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_plan", [False, True])
def test_of_two_who_move_to_the_last_place_one_gets_it(request: pytest.FixtureRequest, with_plan: bool) -> None:
    town: World = request.getfixturevalue("town")
    if with_plan:
        request.getfixturevalue("published")
    book_at: Book = request.getfixturevalue("book_at")
    first, second = book_at("18 14:00", "18 16:00"), book_at("18 15:00", "18 17:00")
    fill(book_at, "19 08:30", "19 10:30")
    last = Appointment.objects.filter(window__startswith=at("19 08:30")).latest("id")
    cancel_appointment(actor=town.actor("resident:1"), appointment_id=last.pk, reason="x", now=MONDAY_EARLY)
    results = at_once(
        *[lambda one=one: move(town, one, "19 08:30", "19 10:30").state for one in (first, second)]  # type: ignore[misc]
    )
    assert sorted(map(str, results)) == ["booked", "slot_taken"]
    moved = Appointment.objects.filter(pk__in=[first.appointment.pk, second.appointment.pk])
    assert moved.filter(window__startswith=at("19 08:30")).count() == 1
