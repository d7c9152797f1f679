"""Slots are real capacity; of two who want the last place one gets it; what is booked is planned."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from backend.accounts.actor import SYSTEM
from backend.areas.models import Absence, Duty
from backend.cases.models import Case
from backend.cases.services import PointIn, Step, act
from backend.cases.workflow import Action
from backend.core.errors import DomainError, IdReused
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.inspections import booking, capacity
from backend.inspections.booking import Booked, NewBooking, book, cancel_appointment, offer_slots
from backend.inspections.errors import (
    AppointmentNotFound,
    AppointmentOver,
    NobodyServes,
    NotBookable,
    SlotTaken,
    UnknownSlot,
)
from backend.inspections.models import Appointment, PlanJob, Stop, WeeklyPlan
from backend.inspections.queries import ArrivalWindow, arrival_window
from backend.inspections.services import plan_week, publish_plan, run_job_grid
from backend.places.models import Place
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY, at
from tests.streets import spot_in
from tests.world import World


def offer(world: World, *, slug: str = "pension_life_proof", now: object = MONDAY_EARLY, where: PointIn | None = None):
    lon, lat = spot_in(world, GRID)
    return offer_slots(
        matter_id=world.matters[slug].pk, point=where or PointIn(lon, lat, "wgs84", 5.0), public_only=True, now=now
    )


@pytest.mark.django_db
def test_two_weeks_of_working_days_are_offered(town: World) -> None:
    slots = offer(town).slots
    days = sorted({slot.start.date() for slot in slots})
    assert days[0] == MONDAY
    assert days[-1] == MONDAY + timedelta(days=14)
    assert not [day for day in days if day.weekday() >= 5]
    assert {(slot.start.hour, slot.end.hour) for slot in slots} == {(8, 10), (9, 11), (14, 16), (15, 17)}
    assert all(slot.left > 0 for slot in slots)


@pytest.mark.django_db
def test_a_half_day_closes_two_hours_before_it_begins(town: World) -> None:
    first = offer(town, now=at("18 12:30")).slots[0]
    assert first.start == at("19 08:30")
    assert offer(town, now=at("18 11:30")).slots[0].start == at("18 14:00")


@pytest.mark.django_db
def test_without_a_team_nothing_is_offered(town: World) -> None:
    Duty.objects.filter(grid=town.grid(GRID)).delete()
    assert offer(town).slots == []


@pytest.mark.django_db
@pytest.mark.parametrize("with_plan", [False, True])
def test_a_booking_opens_its_case_and_takes_from_the_window(
    town: World, book_at: Callable[..., Booked], request: pytest.FixtureRequest, with_plan: bool
) -> None:
    if with_plan:
        request.getfixturevalue("published")
    left = {slot.start: slot.left for slot in offer(town).slots}
    booked = book_at("18 14:00", "18 16:00")
    assert booked.is_new
    assert booked.case.pk == booked.appointment.pk
    assert booked.case.responsible_id is not None
    assert (booked.appointment.window.lower, booked.appointment.window.upper) == (at("18 14:00"), at("18 16:00"))
    now_left = {slot.start: slot.left for slot in offer(town).slots}
    assert now_left[at("18 14:00")] <= left[at("18 14:00")]
    assert now_left[at("17 14:00")] == left[at("17 14:00")]
    assert OutboxMessage.objects.filter(topic="appointment_booked", key=str(booked.appointment.pk)).exists()
    assert PlanJob.objects.filter(publish=True).exists() is with_plan


@pytest.mark.django_db
@pytest.mark.parametrize("with_plan", [False, True])
def test_a_window_fills_up_and_then_refuses_with_others(
    town: World, book_at: Callable[..., Booked], request: pytest.FixtureRequest, with_plan: bool
) -> None:
    if with_plan:
        request.getfixturevalue("published")
    taken, refused = 0, None
    while refused is None and taken < 30:
        try:
            book_at("18 14:00", "18 16:00")
            taken += 1
        except SlotTaken as error:
            refused = error
    assert refused is not None
    assert 2 <= taken <= 2 * (120 // 25)
    assert refused.facts["next"]
    assert all(row["left"] > 0 for row in refused.facts["next"])
    assert Case.objects.count() == Appointment.objects.count() == taken


@pytest.mark.django_db
def test_everything_booked_in_a_published_week_fits_into_its_rounds(
    town: World, published: WeeklyPlan, book_at: Callable[..., Booked]
) -> None:
    taken = 0
    for start, end in (("18 14:00", "18 16:00"), ("18 15:00", "18 17:00"), ("19 08:30", "19 10:30")) * 4:
        try:
            book_at(start, end)
        except SlotTaken:
            continue
        taken += 1
    assert taken >= 6
    again = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    stops = Stop.objects.filter(route__plan=again, kind="appointment").select_related("appointment")
    assert stops.count() == taken
    for stop in stops:
        window = stop.appointment.window
        assert window.lower <= stop.start_at
        assert stop.leave_at <= window.upper


@pytest.mark.django_db
def test_a_booking_in_a_published_week_is_planned_and_published_by_its_job(
    town: World, published: WeeklyPlan, book_at: Callable[..., Booked]
) -> None:
    booked = book_at("18 14:00", "18 16:00")
    (row,) = PlanJob.objects.get().grids.all()
    assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY + timedelta(minutes=1))
    stop = Stop.objects.published().get(appointment=booked.appointment)
    assert stop.route.plan.version == 2
    window = arrival_window(booked.appointment, now=at("18 07:00"))
    assert window.is_narrowed
    assert at("18 14:00") <= window.start < window.end <= at("18 16:00")
    assert not arrival_window(booked.appointment, now=at("17 07:00")).is_narrowed


@pytest.mark.django_db
def test_the_same_booking_twice_is_one(town: World, booking_of: Callable[..., NewBooking]) -> None:
    wanted = booking_of("18 14:00", "18 16:00")
    actor = town.actor("resident:1")
    first = book(actor=actor, booking=wanted, now=MONDAY_EARLY)
    again = book(actor=actor, booking=wanted, now=MONDAY_EARLY + timedelta(hours=1))
    assert (again.appointment.pk, again.tracking_code) == (first.appointment.pk, first.tracking_code)
    assert not again.is_new
    with pytest.raises(IdReused):
        book(actor=actor, booking=booking_of("18 15:00", "18 17:00", booking_id=wanted.id), now=MONDAY_EARLY)
    with pytest.raises(IdReused):
        book(actor=town.actor("resident:2"), booking=wanted, now=MONDAY_EARLY)
    assert Appointment.objects.count() == 1


@pytest.mark.django_db
def test_bad_bookings_are_named_and_leave_nothing(town: World, booking_of: Callable[..., NewBooking]) -> None:
    actor = town.actor("resident:1")
    lon, lat = spot_in(town, GRID)
    cases: list[tuple[type[DomainError], dict[str, object]]] = [
        (UnknownSlot, {"start": at("18 13:00"), "end": at("18 15:00")}),
        (UnknownSlot, {"end": at("19 16:00")}),
        (SlotTaken, {"start": at("21 14:00"), "end": at("21 16:00")}),
        (SlotTaken, {"start": at("11 14:00"), "end": at("11 16:00")}),
        (NotBookable, {"matter_id": town.matters["exposed_garbage"].pk}),
        (NobodyServes, {"point": PointIn(116.39, 39.9, "wgs84")}),
    ]
    for expected, change in cases:
        wanted = booking_of("18 14:00", "18 16:00")
        broken = NewBooking(**{**{name: getattr(wanted, name) for name in wanted.__slots__}, **change})
        with pytest.raises(expected), transaction.atomic():
            book(actor=actor, booking=broken, now=MONDAY_EARLY)
    assert Case.objects.count() == Appointment.objects.count() == 0
    assert (lon, lat) == spot_in(town, GRID)


@pytest.mark.django_db
def test_giving_back_frees_the_window_and_ends_the_case(
    town: World, published: WeeklyPlan, book_at: Callable[..., Booked]
) -> None:
    booked = book_at("18 14:00", "18 16:00")
    left = {slot.start: slot.left for slot in offer(town).slots}[at("18 14:00")]
    with pytest.raises(AppointmentNotFound):
        cancel_appointment(
            actor=town.actor("resident:2"), appointment_id=booked.appointment.pk, reason="no", now=MONDAY_EARLY
        )
    ended = cancel_appointment(
        actor=town.actor("resident:1"), appointment_id=booked.appointment.pk, reason="不需要了", now=MONDAY_EARLY
    )
    booked.case.refresh_from_db()
    assert (ended.state, booked.case.state) == ("cancelled", "cancelled")
    assert {slot.start: slot.left for slot in offer(town).slots}[at("18 14:00")] >= left
    with pytest.raises(AppointmentOver):
        cancel_appointment(
            actor=town.actor("resident:1"), appointment_id=booked.appointment.pk, reason="again", now=MONDAY_EARLY
        )


@pytest.mark.django_db
def test_a_begun_window_is_not_given_back(town: World, book_at: Callable[..., Booked]) -> None:
    booked = book_at("18 14:00", "18 16:00")
    with pytest.raises(AppointmentOver):
        cancel_appointment(
            actor=town.actor("resident:1"), appointment_id=booked.appointment.pk, reason="late", now=at("18 14:01")
        )


@pytest.mark.django_db
def test_a_case_that_ended_by_another_door_frees_its_window(town: World, book_at: Callable[..., Booked]) -> None:
    booked = book_at("18 14:00", "18 16:00")
    step = Step(Action.CANCEL, note="不需要了")
    act(actor=town.actor("resident:1"), case_id=booked.case.pk, step=step, now=MONDAY_EARLY)
    assert booking.release_appointments(now=MONDAY_EARLY) == 1
    assert booking.release_appointments(now=MONDAY_EARLY) == 0
    booked.appointment.refresh_from_db()
    assert booked.appointment.state == "cancelled"


@pytest.mark.django_db
def test_an_absence_shrinks_what_is_offered(town: World) -> None:
    before = {slot.start: slot.left for slot in offer(town).slots}
    Absence.objects.create(
        worker=town.people[f"worker:{GRID}"], period=(at("18 00:00"), at("19 00:00")), reason="training"
    )
    after = {slot.start: slot.left for slot in offer(town).slots}
    assert after[at("18 14:00")] < before[at("18 14:00")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_plan", [False, True])
def test_two_residents_at_once_for_the_last_place(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, with_plan: bool
) -> None:
    town: World = request.getfixturevalue("town")
    if with_plan:
        request.getfixturevalue("published")
    booking_of: Callable[..., NewBooking] = request.getfixturevalue("booking_of")
    Duty.objects.filter(worker=town.people[f"worker:{GRID}"]).delete()
    # Everything but one place of the window goes first.
    while True:
        wanted = next(slot for slot in offer(town).slots if slot.start == at("18 14:00"))
        free = _places_in(town)
        if free <= 1:
            break
        book(actor=town.actor("resident:1"), booking=booking_of("18 14:00", "18 16:00"), now=MONDAY_EARLY)
    assert wanted.left == 1
    barrier, results = threading.Barrier(2), []

    def want(name: str) -> None:
        try:
            barrier.wait()
            booked = book(actor=town.actor(name), booking=booking_of("18 14:00", "18 16:00"), now=MONDAY_EARLY)
            results.append(booked.appointment.state)
        except SlotTaken as error:
            results.append(error.code)
        finally:
            connection.close()

    before = Appointment.objects.count()
    threads = [threading.Thread(target=want, args=(name,)) for name in ("resident:1", "resident:2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["booked", "slot_taken"]
    assert Appointment.objects.count() == before + 1 == Case.objects.count()


def _places_in(town: World) -> int:
    """How many visits still fit into Wednesday's window, found by booking them and taking that back."""
    lon, lat = spot_in(town, GRID, east=0.7, north=0.7)
    count = 0
    with transaction.atomic():
        while count < 10:
            wanted = NewBooking(
                id=uuid7(),
                matter_id=town.matters["pension_life_proof"].pk,
                point=PointIn(lon, lat, "wgs84", 5.0),
                start=at("18 14:00"),
                end=at("18 16:00"),
                address_text="测试路1号",
            )
            try:
                with transaction.atomic():
                    book(actor=town.actor("resident:1"), booking=wanted, now=MONDAY_EARLY)
            except SlotTaken:
                break
            count += 1
        transaction.set_rollback(True)
    return count


@pytest.mark.django_db
def test_capacity_never_counts_below_zero(town: World) -> None:
    lon, lat = spot_in(town, GRID)
    for minutes in (5, 60, 119, 120, 240):
        found = capacity.slots(town.grid(GRID), capacity.Wish(lon, lat, minutes), now=MONDAY_EARLY)
        assert all(slot.left >= 0 for slot in found)
    assert all(slot.left == 0 for slot in found)
    assert date(2026, 11, 30) == max(slot.start.date() for slot in found)


@pytest.mark.django_db
def test_the_arrival_window_narrows_as_the_round_goes_and_follows_its_delay(
    town: World, published: WeeklyPlan, book_at: Callable[..., Booked]
) -> None:
    """Figures of the round alone: there is no position in it, and it never leaves what was booked."""
    booked = book_at("18 14:00", "18 16:00").appointment
    plan = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY)
    stop = Stop.objects.get(route__plan=plan, appointment=booked)
    Stop.objects.filter(pk=stop.pk).update(seq=9, start_at=at("18 15:00"), arrive_at=at("18 14:58"),
                                           leave_at=at("18 15:25"))  # fmt: skip
    ahead = [
        Stop.objects.create(
            route=stop.route, seq=seq, kind="duty", place=Place.objects.get(code=f"P{seq}"), location=stop.location,
            arrive_at=at(f"18 14:{begin}"), start_at=at(f"18 14:{begin}"), leave_at=at(f"18 14:{begin + 9}"),
            reason_code="due",
        )
        for seq, begin in ((1, 10), (2, 25), (3, 40))
    ]  # fmt: skip
    widths = [minutes(arrival_window(booked, now=at("18 08:00")))]
    for number, one in enumerate(ahead):
        ended_at = one.leave_at + timedelta(minutes=6)
        Stop.objects.filter(pk=one.pk).update(state="done", arrived_at=one.start_at, ended_at=ended_at)
        found = arrival_window(booked, now=ended_at)
        widths.append(minutes(found))
        assert at("18 14:00") <= found.start < found.end <= at("18 16:00")
        assert found.start + (found.end - found.start) / 2 == at("18 15:06"), number
    assert widths == [60, 40, 30, 20]
    # Far behind: the window ends where the booked one ends.
    late = arrival_window(booked, now=at("18 15:58"))
    assert (late.start, late.end) == (at("18 15:48"), at("18 16:00"))


def minutes(window: ArrivalWindow) -> int:
    return round((window.end - window.start).total_seconds() / 60)
