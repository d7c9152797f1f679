"""Each constraint refuses what it is there to refuse. A new one gets its line here, or a test in its own room."""

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.gis.geos import Point
from django.db import IntegrityError, connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import Actor
from backend.accounts.models import Consent, Device, Membership, User
from backend.accounts.roles import Role
from backend.areas.models import Absence, Area, Boundary, Division, DraftOutline, Duty
from backend.cases import services as cases
from backend.cases.models import Case, CaseEvent, NumberSeries
from backend.cases.services import NewReport, PointIn
from backend.core.ids import uuid7
from backend.core.models import CalendarDay
from backend.dispatch.models import Decision
from backend.inspections.models import Appointment, PlanJob, PlanJobGrid, PlanSeen, Route, Stop, StopDuty, WeeklyPlan
from backend.matters.models import FilingCondition, Matter
from backend.notify.models import Notification
from backend.patrols.models import PatrolSession
from backend.places.models import VisitDuty
from backend.sync.models import Receipt
from tests.world import World

EMPTY = DateTimeTZRange(empty=True)
Break = Callable[[], object]


def row_of(model: type[models.Model], **which: Any) -> Any:
    return model._default_manager.filter(**which).first()


def made_for(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value(row) if callable(value) else value for name, value in values.items()}


def changed(model: type[models.Model], which: dict[str, Any] | None = None, **values: Any) -> Break:
    """One row of the model gets these values; a function makes its value from the row."""

    def act() -> None:
        row = row_of(model, **(which or {}))
        assert model._default_manager.filter(pk=row.pk).update(**made_for(row, values)) == 1

    return act


def doubled(model: type[models.Model], which: dict[str, Any] | None = None, **values: Any) -> Break:
    """One row of the model a second time, under a key of its own."""

    def act() -> None:
        row = row_of(model, **(which or {}))
        for name, value in made_for(row, values).items():
            setattr(row, name, value)
        row.pk = None if isinstance(model._meta.pk, models.AutoField) else uuid7()
        row._state.adding = True
        row.save(force_insert=True)

    return act


BREAKS: dict[str, Break] = {
    "calendar_day_kind": changed(CalendarDay, kind="party"),
    "area_code_once": doubled(Area, path="9."),
    "area_path_ends_with_dot": changed(Area, path="9"),
    "area_has_parent": changed(Area, {"level": "grid"}, parent=None),
    "division_published_at_a_moment": changed(Division, published_at=None),
    "division_undone_at_a_moment": changed(Division, undone_at=lambda row: row.created_at),
    "draft_code_once": doubled(DraftOutline, area=None),
    "draft_area_once": doubled(DraftOutline, code="another"),
    "one_boundary_at_a_time": doubled(Boundary),
    "boundary_has_area": changed(Boundary, area_m2=0),
    "one_leader_at_a_time": doubled(Duty, {"post": "leader"}, worker=lambda _: User.objects.get(username="city")),
    "one_post_a_worker_and_grid": doubled(Duty, {"post": "worker"}),
    "duty_lasts": changed(Duty, valid=EMPTY),
    "one_absence_at_a_time": doubled(Absence),
    "absence_lasts": changed(Absence, period=EMPTY),
    "one_resident_a_phone": doubled(User, {"username": "resident:1"}, username="resident:other"),
    "membership_once_at_a_time": doubled(Membership, {"area__isnull": False}),
    "department_member_has_department": changed(Membership, {"role": "department"}, department=None),
    "membership_has_area": changed(Membership, {"role": "street"}, area=None),
    "membership_lasts": changed(Membership, valid=EMPTY),
    "device_once_a_user": doubled(Device),
    "matter_code_once": doubled(Matter, slug="another"),
    "department_matter_has_department": changed(Matter, handler="department", department=None),
    "condition_code_once": doubled(FilingCondition),
    "condition_limit_positive": changed(FilingCondition, limit_amount=0),
    "condition_limit_unit": changed(FilingCondition, limit_unit="XX"),
    "visit_duty_once_a_place": doubled(VisitDuty),
    "visit_duty_interval_positive": changed(VisitDuty, interval_days=0),
    "visit_duty_dwell_positive": changed(VisitDuty, dwell_minutes=0),
    "visit_duty_weight_positive": changed(VisitDuty, weight=0),
    "case_state_known": changed(Case, state="lost"),
    "case_rating_one_to_five": changed(Case, satisfied=6),
    "due_after_dispatch": changed(Case, dispatched_at=None),
    "case_event_numbered": doubled(CaseEvent),
    "number_series_once": doubled(NumberSeries),
    "one_open_session_a_worker": doubled(PatrolSession),
    "session_ends_after_start": changed(PatrolSession, ended_at=lambda row: row.started_at - timedelta(seconds=1)),
    "one_booked_appointment_a_case": doubled(Appointment),
    "appointment_lasts": changed(Appointment, window=EMPTY),
    "appointment_dwell_positive": changed(Appointment, dwell_minutes=0),
    "plan_version_once": doubled(WeeklyPlan, state="draft"),
    "one_published_plan_a_week": doubled(WeeklyPlan, {"state": "published"}, version=9),
    "one_planner_a_week": doubled(WeeklyPlan, {"state": "planning"}, version=9),
    "plan_week_starts_on_monday": changed(WeeklyPlan, week_start=date(2026, 11, 17)),
    "plan_seen_once_a_worker": doubled(PlanSeen),
    "one_route_at_a_time_in_a_plan": doubled(Route),
    "stop_seq_once": doubled(Stop),
    "stop_has_its_subject": changed(Stop, place=None),
    "stop_times_in_order": changed(Stop, leave_at=lambda row: row.start_at),
    "stop_duty_once": doubled(StopDuty),
    "plan_job_grid_once": doubled(PlanJobGrid),
    "receipt_once_a_user": doubled(Receipt),
    "notified_once_a_message": doubled(Notification),
}


def stated() -> set[str]:
    """The names of all constraints of all tables of the project."""
    ours = [config for config in apps.get_app_configs() if config.name.startswith("backend.")]
    return {
        constraint.name for config in ours for model in config.get_models() for constraint in model._meta.constraints
    }


@pytest.fixture
def full_world(world: World, now: datetime) -> World:
    """The small world with one row in every table that has a constraint."""
    lon, lat = world.middle_of("002011001")
    leader = world.people["leader:002011001"]
    hour = DateTimeTZRange(now, now + timedelta(hours=1))
    report = NewReport(
        id=uuid7(), matter_id=world.matters["exposed_garbage"].pk, point=PointIn(lon, lat, "wgs84"),
        channel="resident_web", description="x",
    )  # fmt: skip
    case = cases.report_case(actor=Actor(user_id=None, role=Role.RESIDENT), report=report, now=now).case
    place = world.add_place("P1", grid="002011001")
    outline = Boundary.objects.get(area=world.grid("002011001")).outline
    DraftOutline.objects.create(
        division=Division.objects.earliest("created_at"), area=world.grid("002011001"),
        under=world.areas["330281002011"], code="1", name="x", outline=outline,
    )  # fmt: skip
    CalendarDay.objects.create(date=now.date(), kind="holiday", name_zh="节")
    Absence.objects.create(worker=leader, period=hour, reason="leave")
    Device.objects.create(user=leader, client_id="d", created_at=now, last_seen_at=now)
    consent = Consent.objects.create(user=leader, purpose="patrol_track", notice_version="1", granted=True, at=now)
    PatrolSession.objects.create(
        worker=leader, consent=consent, area_path="x.", day=now.date(), started_at=now, received_at=now
    )
    grid = world.grid("002011001")
    Appointment.objects.create(case=case, grid=grid, window=hour, dwell_minutes=10, booked_at=now)
    plan, _ = (
        WeeklyPlan.objects.create(grid=grid, week_start=date(2026, 11, 16), version=n, state=state, created_at=now)
        for n, state in ((1, "published"), (2, "planning"))
    )
    PlanSeen.objects.create(plan=plan, worker=leader, seen_at=now, received_at=now)
    route = Route.objects.create(plan=plan, worker=leader, day=now.date(), shift=hour, travel_s=1, travel_m=1)
    stop = Stop.objects.create(
        route=route, seq=1, kind="duty", place=place, location=Point(lon, lat, srid=4326), arrive_at=now,
        start_at=now, leave_at=now + timedelta(minutes=5), reason_code="due",
    )  # fmt: skip
    StopDuty.objects.create(stop=stop, duty=place.visit_duties.get())
    job = PlanJob.objects.create(week_start=date(2026, 11, 16), area_path="x.", asked_at=now)
    PlanJobGrid.objects.create(job=job, grid=grid)
    Receipt.objects.create(
        op_id=uuid7(), user=leader, kind="visit", payload_digest=b"x", outcome="applied", received_at=now
    )
    Notification.objects.create(outbox_id=1, user=leader, channel="in_app", topic="x", created_at=now)
    return world


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_constraint_refuses(full_world: World, name: str) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        BREAKS[name]()


def test_every_name_is_one_of_a_table() -> None:
    assert set(BREAKS) - stated() == set()


@pytest.mark.parametrize("model", [CaseEvent, Decision], ids=["history", "decisions"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = at", "DELETE FROM {}"], ids=["update", "delete"])
def test_history_and_decisions_are_only_added_to(full_world: World, model: type[models.Model], statement: str) -> None:
    with (
        pytest.raises(IntegrityError, match=f"{model._meta.db_table} is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(model._meta.db_table))


@pytest.mark.parametrize(("lon", "lat"), [(181, 30), (121, 90.5), (math.nan, 30), (121, math.nan), (math.inf, 30)])
def test_a_track_point_lies_on_earth(full_world: World, now: datetime, lon: float, lat: float) -> None:
    session = PatrolSession.objects.get()
    with (
        pytest.raises(IntegrityError, match="location"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO patrols_trackpoint (session_day, session_id, seq, recorded_at, received_at, location, "
            "raw_lon, raw_lat, raw_crs) "
            "VALUES (%s, %s, 0, %s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326), 0, 0, 'wgs84')",
            [session.day, session.pk, now, now, lon, lat],
        )
