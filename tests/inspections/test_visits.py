"""A stop is recognised, visited, skipped or missed; each counts once, also when the plan was replaced meanwhile."""

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from backend.accounts.actor import SYSTEM
from backend.accounts.models import Consent
from backend.cases import photos
from backend.cases.models import Photo
from backend.cases.photos import PhotoClaim
from backend.cases.services import NewReport, PointIn, Step, act, report_case
from backend.cases.workflow import Action
from backend.core.errors import IdReused, Invalid
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.inspections import overview, queries, tracking
from backend.inspections.booking import Booked
from backend.inspections.errors import StopEnded, StopNotFound, TimeNotPlausible
from backend.inspections.models import Stop, Visit, WeeklyPlan
from backend.inspections.services import (
    NewVisit,
    mark_missed_stops,
    plan_week,
    publish_plan,
    record_visit,
    settle_case_stops,
    skip_stop,
)
from backend.inspections.texts import reason_text, stop_reason
from backend.patrols import services as patrols
from backend.places.models import VisitDuty
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY, at, stops_of
from tests.streets import spot_in
from tests.world import World

pytestmark = pytest.mark.django_db


def worker_of(world: World, stop: Stop) -> Any:
    """The actor whose route the stop is on."""
    name = next(name for name, person in world.people.items() if person.pk == stop.route.worker_id)
    return world.actor(name)


def visit_of(stop: Stop, **more: Any) -> NewVisit:
    return NewVisit(
        id=more.pop("id", None) or uuid7(),
        stop_id=stop.pk,
        outcome=more.pop("outcome", "done"),
        at=more.pop("at", stop.start_at),
        **more,
    )


def test_a_visit_settles_its_stop_and_duty(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    actor, now = worker_of(town, stop), stop.leave_at
    here = PointIn(stop.location.x + 0.0001, stop.location.y, "wgs84", 5.0)
    row = record_visit(actor=actor, visit=visit_of(stop, point=here, note="一切正常", checks={"door": "ok"}), now=now)
    stop.refresh_from_db()
    duty = VisitDuty.objects.get(place=stop.place)
    assert (stop.state, stop.ended_at, stop.version) == ("done", stop.start_at, 2)
    assert (duty.last_visit_on, duty.failed_tries) == (stop.route.day, 0)
    assert row.distance_m == pytest.approx(9.65, abs=0.1)
    assert OutboxMessage.objects.get(topic="stop_changed").payload["state"] == "done"


def test_the_same_visit_twice_is_one(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    actor, visit = worker_of(town, stop), visit_of(stop)
    first = record_visit(actor=actor, visit=visit, now=stop.leave_at)
    assert record_visit(actor=actor, visit=visit, now=stop.leave_at + timedelta(hours=1)).pk == first.pk
    assert Visit.objects.count() == OutboxMessage.objects.filter(topic="stop_changed").count() == 1
    with pytest.raises(IdReused):
        record_visit(actor=actor, visit=visit_of(stop, id=visit.id, note="other"), now=stop.leave_at)
    with pytest.raises(StopEnded):
        record_visit(actor=actor, visit=visit_of(stop), now=stop.leave_at)


def test_nobody_records_on_a_foreign_route(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    own = worker_of(town, stop)
    team = [town.actor(f"leader:{GRID}"), town.actor(f"worker:{GRID}")]
    colleague = next(actor for actor in team if actor.user_id != own.user_id)
    for actor in (colleague, town.actor("leader:002011002"), town.actor("resident:1")):
        with pytest.raises(StopNotFound):
            record_visit(actor=actor, visit=visit_of(stop), now=stop.leave_at)
        with pytest.raises(StopNotFound):
            skip_stop(actor=actor, stop_id=stop.pk, reason="门锁着", now=stop.leave_at)
    with pytest.raises(StopNotFound):
        skip_stop(actor=own, stop_id=uuid7(), reason="门锁着", now=stop.leave_at)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"outcome": "fine"}, Invalid),
        ({"at": at("20 23:59")}, TimeNotPlausible),
        ({"at": at("10 10:00")}, TimeNotPlausible),
        ({"point": PointIn(30.05, 121.17, "wgs84")}, Invalid),
    ],
)
def test_bad_records_are_named(
    town: World, published: WeeklyPlan, change: dict[str, Any], expected: type[Exception]
) -> None:
    stop = stops_of(published)[0]
    with pytest.raises(expected):
        record_visit(actor=worker_of(town, stop), visit=visit_of(stop, **change), now=at("17 12:00"))
    assert not Visit.objects.exists()


def test_nobody_home_twice_says_phone_first(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    record_visit(actor=worker_of(town, stop), visit=visit_of(stop, outcome="nobody_home"), now=stop.leave_at)
    stop.refresh_from_db()
    duty = VisitDuty.objects.get(place=stop.place)
    assert (stop.state, duty.failed_tries) == ("missed", 1)
    assert duty.last_visit_on < MONDAY
    VisitDuty.objects.filter(pk=duty.pk).update(failed_tries=2)
    now = stop.leave_at + timedelta(hours=1)
    again = publish_plan(
        actor=SYSTEM, plan_id=plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=now).pk, now=now
    )
    retry = next(s for s in stops_of(again) if s.place_id == stop.place_id and s.state == "planned")
    assert "phone_first" in [reason["code"] for reason in retry.reason_facts["all"]]


def test_a_stop_of_a_replaced_plan_is_found_in_the_new_one(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    town.add_place("P9", grid=GRID, at=spot_in(town, GRID))
    second = publish_plan(
        actor=SYSTEM,
        plan_id=plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY).pk,
        now=MONDAY_EARLY,
    )
    row = record_visit(actor=worker_of(town, stop), visit=visit_of(stop), now=stop.leave_at)
    successor = next(new for new in stops_of(second) if new.place_id == stop.place_id)
    assert (row.stop_id, successor.state) == (successor.pk, "done")


def test_a_booked_visit_hands_its_case_in(town: World, published: WeeklyPlan, book_at: Callable[..., Booked]) -> None:
    booked = book_at("18 14:00", "18 16:00")
    plan = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY)
    stop = Stop.objects.get(route__plan=plan, appointment=booked.appointment)
    row = record_visit(actor=worker_of(town, stop), visit=visit_of(stop, note="已代办"), now=stop.leave_at)
    booked.appointment.refresh_from_db()
    booked.case.refresh_from_db()
    assert (booked.appointment.state, booked.case.state, row.case_id) == ("done", "pending_check", booked.case.pk)
    assert [event.action for event in booked.case.events.order_by("n")][-2:] == ["accept", "submit"]


def test_nobody_home_leaves_the_case_with_the_worker(
    town: World, published: WeeklyPlan, book_at: Callable[..., Booked]
) -> None:
    booked = book_at("18 14:00", "18 16:00")
    plan = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY)
    stop = Stop.objects.get(route__plan=plan, appointment=booked.appointment)
    actor = worker_of(town, stop)
    record_visit(actor=actor, visit=visit_of(stop, outcome="nobody_home"), now=stop.leave_at)
    booked.appointment.refresh_from_db()
    booked.case.refresh_from_db()
    assert (booked.appointment.state, booked.case.state) == ("missed", "pending_handle")
    assert booked.case.events.latest("n").note == "nobody_home"


def test_pictures_of_a_booked_visit_are_the_evidence_of_its_case(
    town: World, published: WeeklyPlan, book_at: Callable[..., Booked]
) -> None:
    matter = town.matters["pension_life_proof"]
    matter.evidence = {"photo": True}
    matter.save(update_fields=["evidence"])
    booked = book_at("18 14:00", "18 16:00")
    plan = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY)
    stop = Stop.objects.get(route__plan=plan, appointment=booked.appointment)
    actor = worker_of(town, stop)
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(picture, "JPEG")
    picture.seek(0)
    photo = photos.store_photo(actor=actor, photo_id=uuid7(), file=picture, now=stop.start_at)
    claims = [PhotoClaim(photo.pk, photos.claim_of(photo))]
    row = record_visit(actor=actor, visit=visit_of(stop, photo_claims=claims), now=stop.leave_at)
    booked.case.refresh_from_db()
    shown = Photo.objects.get(pk=photo.pk)
    assert (booked.case.state, shown.case_id, shown.visit_id) == ("pending_check", booked.case.pk, row.pk)


def test_a_skipped_stop_says_why_and_may_still_be_visited(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    actor = worker_of(town, stop)
    with pytest.raises(Invalid):
        skip_stop(actor=actor, stop_id=stop.pk, reason="  ", now=stop.start_at)
    skipped = skip_stop(actor=actor, stop_id=stop.pk, reason="门锁着", now=stop.start_at)
    assert skip_stop(actor=actor, stop_id=stop.pk, reason="门锁着", now=stop.start_at).version == skipped.version
    record_visit(actor=actor, visit=visit_of(stop), now=stop.leave_at)
    with pytest.raises(StopEnded):
        skip_stop(actor=actor, stop_id=stop.pk, reason="门锁着", now=stop.leave_at)


def test_what_nobody_reached_is_missed_at_night_once(
    town: World, published: WeeklyPlan, book_at: Callable[..., Booked]
) -> None:
    booked = book_at("18 14:00", "18 16:00")
    first_day = min(stop.route.day for stop in stops_of(published))
    night = datetime.combine(first_day + timedelta(days=1), datetime.min.time(), at("16 00:00").tzinfo)
    expected = sum(stop.route.day == first_day for stop in stops_of(published))
    assert mark_missed_stops(now=night) == expected > 0
    assert mark_missed_stops(now=night) == 0
    mark_missed_stops(now=at("19 00:05"))
    booked.appointment.refresh_from_db()
    assert booked.appointment.state == "missed"


def test_a_late_record_still_counts(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    mark_missed_stops(now=stop.start_at + timedelta(days=1))
    record_visit(actor=worker_of(town, stop), visit=visit_of(stop), now=stop.start_at + timedelta(days=3))
    stop.refresh_from_db()
    assert (stop.state, stop.ended_at) == ("done", stop.start_at)


def walk_to(stop: Stop, *, stay_s: int, away_m: float = 5.0) -> list[dict[str, Any]]:
    """Positions of somebody who walks up to a stop from the west, stays and walks on."""
    points: list[dict[str, Any]] = []
    began = stop.start_at - timedelta(seconds=300)
    degree = away_m / 111_000
    for step in range(30):
        lon = stop.location.x - (30 - step) * 1e-4
        points.append(_fix(len(points), began + timedelta(seconds=10 * step), lon, stop))
    for second in range(0, stay_s + 1, 10):
        points.append(_fix(len(points), stop.start_at + timedelta(seconds=second), stop.location.x, stop, north=degree))
    for step in range(1, 30):
        moment = stop.start_at + timedelta(seconds=stay_s + 10 * step)
        points.append(_fix(len(points), moment, stop.location.x + step * 1e-4, stop))
    return points


def _fix(seq: int, moment: datetime, lon: float, stop: Stop, *, north: float = 0.0) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": moment.isoformat(),
        "lon": lon,
        "lat": stop.location.y + north,
        "crs": "wgs84",
        "accuracy_m": 5.0,
    }


def session_for(world: World, stop: Stop) -> UUID:
    Consent.objects.create(
        user_id=stop.route.worker_id, purpose="patrol_track", notice_version="1", granted=True, at=MONDAY_EARLY
    )
    began = stop.start_at - timedelta(minutes=20)
    return patrols.start_session(
        actor=worker_of(world, stop), session_id=uuid7(), started_at=began, purpose="patrol", now=began
    ).pk


def test_standing_at_a_stop_is_recognised_in_any_order_of_batches(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    actor, session_id, now = worker_of(town, stop), session_for(town, stop), stop.start_at + timedelta(minutes=30)
    points = walk_to(stop, stay_s=300)
    found = []
    for batch in (points[60:], points[:30], points[30:60], points):
        recorded = tracking.record_positions(actor=actor, session_id=session_id, points=batch, now=now)
        found += recorded.visited
    stop.refresh_from_db()
    assert found == [stop.pk]
    assert stop.state == "arrived"
    assert abs(stop.start_at - stop.arrived_at) < timedelta(seconds=60)
    assert queries.session_summary(actor, session_id, now=now).reached == [stop.pk]


def test_walking_by_is_no_visit_and_far_is_far(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    actor, session_id, now = worker_of(town, stop), session_for(town, stop), stop.start_at + timedelta(minutes=30)
    far = walk_to(stop, stay_s=300, away_m=120)
    assert tracking.record_positions(actor=actor, session_id=session_id, points=far[30:60], now=now).visited == []
    by = [{**point, "seq": 1000 + point["seq"]} for point in walk_to(stop, stay_s=0)]
    assert tracking.record_positions(actor=actor, session_id=session_id, points=by, now=now).visited == []
    stop.refresh_from_db()
    assert stop.state == "planned"


def test_planned_against_walked(town: World, published: WeeklyPlan) -> None:
    stop = max(stops_of(published), key=lambda one: one.route.travel_m)
    actor, session_id, now = worker_of(town, stop), session_for(town, stop), stop.start_at + timedelta(minutes=30)
    route = stop.route
    points, moment = [], stop.start_at - timedelta(minutes=10)
    for line in route.path:
        for lon, lat in line.coords:
            points.append(
                {"seq": len(points), "at": moment.isoformat(), "lon": lon, "lat": lat, "crs": "wgs84", "accuracy_m": 5}
            )
            moment += timedelta(seconds=50)
    tracking.record_positions(actor=actor, session_id=session_id, points=points, now=max(now, moment))
    figures = tracking.planned_and_walked(
        town.actor("community:002011"), route.worker_id, route.day, now=max(now, moment)
    )
    assert figures.share_of_way_walked is not None
    assert 0.3 < figures.share_of_way_walked <= 1
    assert figures.planned_m >= route.travel_m
    assert figures.stops_planned == sum(
        s.route.worker_id == route.worker_id and s.route.day == route.day for s in stops_of(published)
    )
    nobody = tracking.planned_and_walked(town.actor("community:002012"), route.worker_id, route.day, now=now)
    assert (nobody.stops_planned, nobody.walk.points, nobody.share_of_way_walked) == (0, 0, None)


def test_the_phone_sees_the_workers_own_day(town: World, published: WeeklyPlan) -> None:
    stop = stops_of(published)[0]
    mine = queries.today(worker_of(town, stop), stop.route.day)
    assert stop.pk in [one.pk for one in mine.day.stops]
    assert {one.route.worker_id for one in mine.day.stops} == {stop.route.worker_id}
    assert [(a.hour, b.hour) for a, b in mine.day.shifts] == [(8, 11), (14, 17)]
    assert queries.today(town.actor("leader:002011002"), stop.route.day).day.stops == []
    week = queries.week(worker_of(town, stop), MONDAY)
    assert [plan.pk for plan in week.plans] == [published.pk]
    assert sum(len(day.stops) for day in week.days) == sum(
        one.route.worker_id == stop.route.worker_id for one in stops_of(published)
    )


def test_the_console_counts_its_own_area(town: World, published: WeeklyPlan) -> None:
    day = stops_of(published)[0].route.day
    count = sum(stop.route.day == day for stop in stops_of(published))
    assert overview.stop_counts(town.actor("community:002011"), day=day).planned == count > 0
    assert overview.stop_counts(town.actor("community:002012"), day=day).planned == 0
    assert day >= date(2026, 11, 16)


def test_a_case_with_a_deadline_is_a_stop_until_it_is_handled(town: World) -> None:
    lon, lat = spot_in(town, GRID, east=0.4, north=0.3)
    report = NewReport(
        id=uuid7(),
        matter_id=town.matters["exposed_garbage"].pk,
        point=PointIn(lon, lat, "wgs84", 5.0),
        channel="resident_web",
        description="垃圾",
    )
    case = report_case(actor=town.actor("resident:1"), report=report, now=MONDAY_EARLY).case
    plan = plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)
    publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY)
    stop = Stop.objects.get(route__plan=plan, kind="case")
    assert (stop.case_id, stop.route.worker_id) == (case.pk, case.responsible_id)
    assert stop.reason_facts["all"][0]["code"] == "case_due"
    assert settle_case_stops(now=MONDAY_EARLY) == 0
    worker = worker_of(town, stop)
    for action in (Action.ACCEPT, Action.SUBMIT):
        act(actor=worker, case_id=case.pk, step=Step(action), now=MONDAY_EARLY)
    assert settle_case_stops(now=MONDAY_EARLY) == 1
    assert settle_case_stops(now=MONDAY_EARLY) == 0
    stop.refresh_from_db()
    assert stop.state == "done"


def test_every_reason_has_its_words(town: World, published: WeeklyPlan) -> None:
    for stop in stops_of(published):
        for text in stop_reason(stop.reason_facts, stop.reason_code):
            assert text
            assert "_" not in text
    for code, facts in (
        ("case_due", {"due_at": "2026-11-18"}),
        ("phone_first", {"tries": 2}),
        ("never_open", {}),
        ("no_shift_left", {}),
        ("bad_hours", {"detail": "x"}),
    ):
        assert reason_text(code, facts)[0] != code


def test_the_phone_asks_about_doors_of_a_house_that_the_track_shows(town: World, published: WeeklyPlan) -> None:
    here, beside, *others = stops_of(published)
    now = max(here.leave_at, beside.leave_at)
    beside.location = here.location
    here.state = Stop.State.ARRIVED
    assert queries.asked_about([here, beside, *others], now=now) == {here.pk, beside.pk}
    assert queries.asked_about([here, beside], now=min(here.leave_at, beside.leave_at)) == {
        stop.pk for stop in (here, beside) if stop.leave_at <= min(here.leave_at, beside.leave_at)
    }
    here.state = Stop.State.DONE
    assert queries.asked_about([here, beside], now=now) == {beside.pk}
    beside.state = Stop.State.SKIPPED
    assert queries.asked_about([here, beside], now=now) == frozenset()
    assert queries.asked_about([here], now=now) == frozenset()


def test_doors_of_a_house_share_a_stand_and_a_word_counts(town: World, published: WeeklyPlan) -> None:
    first, second = stops_of(published)[:2]
    ends_at = first.leave_at + (first.leave_at - first.start_at)
    Stop.objects.filter(pk=second.pk).update(
        route=first.route, seq=99, location=first.location,
        arrive_at=first.leave_at, start_at=first.leave_at, leave_at=ends_at,
    )  # fmt: skip
    actor, session_id = worker_of(town, first), session_for(town, first)
    stay_s = (first.leave_at - first.start_at).total_seconds()
    now = first.start_at + timedelta(hours=2)
    points = walk_to(first, stay_s=round(stay_s * 1.2))
    recorded = tracking.record_positions(actor=actor, session_id=session_id, points=points, now=now)
    assert recorded.visited == [first.pk]  # the time is over when the first has had its minutes
    desk, day = town.actor("community:002011"), first.route.day
    assert tracking.planned_and_walked(desk, first.route.worker_id, day, now=now).shown_by_track == {first.pk}
    skip_stop(actor=actor, stop_id=first.pk, reason="没有时间", now=now)
    record_visit(actor=actor, visit=visit_of(second), now=now)
    assert tracking.planned_and_walked(desk, first.route.worker_id, day, now=now).shown_by_track == {second.pk}
