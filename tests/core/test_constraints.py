"""Each constraint refuses what it is there to refuse.

What the database states is read from its catalogue: a new constraint, unique index or trigger without its line in
BREAKS (or APPEND_ONLY) fails. A table that has one needs a row in `full_world`.
"""

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.gis.db.models import PointField
from django.contrib.gis.geos import Point
from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import Actor
from backend.accounts.models import ApiKey, Consent, Department, Device, Membership, OneTimeCode, Token, User
from backend.accounts.roles import Role
from backend.areas.models import (
    Absence,
    Area,
    Boundary,
    DeskShift,
    Division,
    DraftOutline,
    Duty,
    DutyAlarm,
    DutyChange,
    DutyPolicy,
    Proposal,
)
from backend.cases import services as cases
from backend.cases.disputes import settling
from backend.cases.disputes.raising import Ground, return_case
from backend.cases.models import (
    Case,
    CaseEvent,
    Dispute,
    FlowVersion,
    Handover,
    NumberSeries,
    PartnerUpdate,
    Photo,
    Reroute,
)
from backend.cases.services import NewReport, PointIn
from backend.core import audit, outbox
from backend.core.ids import uuid7
from backend.core.models import AuditEntry, CalendarDay
from backend.dispatch.models import Decision, DepartmentDuty, Rule, RuleHandover, RuleVersion, Ruling, RulingPlace
from backend.inspections.models import (
    Appointment,
    PlanJob,
    PlanJobGrid,
    PlanSeen,
    Replan,
    Route,
    Stop,
    StopDuty,
    Visit,
    WeeklyPlan,
)
from backend.matters.models import FilingCondition, Matter
from backend.notify.models import Notification
from backend.patrols.models import LivePosition, PatrolSession, Tracker, TrackLook, TrackPoint
from backend.places.models import Address, BaseFeature, NetworkNode, Place, VisitDuty
from backend.stats.models import CoverageMap
from backend.sync.models import Receipt
from tests.world import World

EMPTY = DateTimeTZRange(empty=True)
PARIS, NOWHERE = Point(2.35, 48.86, srid=4326), Point(200, 95, srid=4326)
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
        if isinstance(model._meta.pk, models.UUIDField):
            row.pk = uuid7()
        elif isinstance(model._meta.pk, models.AutoField):
            row.pk = None
        row._state.adding = True
        row.save(force_insert=True)

    return act


def department(_: Any) -> Department:
    return Department.objects.get(code="sanitation")


def another_plan(plan: WeeklyPlan) -> WeeklyPlan:
    return WeeklyPlan.objects.create(
        grid=plan.grid, week_start=plan.week_start, version=77, state="draft", created_at=plan.created_at
    )


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
    "case_appeal_known": changed(Case, appeal="lost"),
    "case_rating_one_to_five": changed(Case, satisfied=6),
    "due_after_dispatch": changed(Case, dispatched_at=None),
    "case_event_numbered": doubled(CaseEvent),
    "disputed_once_a_decision": doubled(Dispute, {"state": "open"}),
    "one_open_dispute_a_case": doubled(Dispute, {"state": "open"}, decision=lambda _: Decision.objects.first()),
    "dispute_settled_whole": changed(Dispute, {"state": "open"}, state="ruled", settled_at=lambda row: row.raised_at),
    "dispute_comes_from_one": changed(Dispute, from_department=department),
    "dispute_proposes_one": changed(Dispute, proposed_department=department, proposed_grid=lambda row: row.from_grid),
    "dispute_has_a_ground": changed(Dispute, ground="不归我"),
    "ruling_names_an_owner": doubled(Ruling, grid=None),
    "stretch_lies_between_two": doubled(Ruling, other_boundary=None),
    "ruling_says_why": doubled(Ruling, how="ruled", words=""),
    "ruling_placed_once_a_division": doubled(RulingPlace),
    "dropped_has_no_place": changed(RulingPlace, dropped="border_moved"),
    "number_series_once": doubled(NumberSeries),
    "flow_version_numbered": doubled(FlowVersion),
    "one_open_session_a_worker": doubled(PatrolSession),
    "session_ends_after_start": changed(PatrolSession, ended_at=lambda row: row.started_at - timedelta(seconds=1)),
    "tracker_revoked_after_issue": changed(Tracker, revoked_at=lambda row: row.created_at - timedelta(seconds=1)),
    "one_booked_appointment_a_case": doubled(Appointment),
    "appointment_lasts": changed(Appointment, window=EMPTY),
    "appointment_dwell_positive": changed(Appointment, dwell_minutes=0),
    "plan_version_once": doubled(WeeklyPlan, state="draft"),
    "one_published_plan_a_week": doubled(WeeklyPlan, {"state": "published"}, version=9),
    "one_planner_a_week": doubled(WeeklyPlan, {"state": "planning"}, version=9),
    "plan_week_starts_on_monday": changed(WeeklyPlan, week_start=date(2026, 11, 17)),
    "plan_seen_once_a_worker": doubled(PlanSeen),
    "one_replan_accepted_a_plan": doubled(Replan, plan=lambda row: another_plan(row.base)),
    "replan_replaces_another_plan": changed(Replan, base=lambda row: row.plan),
    "one_route_at_a_time_in_a_plan": doubled(Route),
    "stop_seq_once": doubled(Stop),
    "stop_has_its_subject": changed(Stop, place=None),
    "stop_times_in_order": changed(Stop, leave_at=lambda row: row.start_at),
    "stop_duty_once": doubled(StopDuty),
    "plan_job_grid_once": doubled(PlanJobGrid),
    "receipt_once_a_user": doubled(Receipt),
    "notified_once_a_message": doubled(Notification),
    "one_cover_at_a_time": doubled(Duty, {"post": "cover"}, worker=lambda _: User.objects.get(username="city")),
    "one_deputy_a_rank_at_a_time": doubled(
        Duty, {"post": "deputy"}, worker=lambda _: User.objects.get(username="city")
    ),
    "deputies_are_ranked": changed(Duty, {"post": "deputy"}, rank=0),
    "cover_ends": changed(Duty, {"post": "cover"}, valid=lambda row: DateTimeTZRange(row.valid.lower, None)),
    "one_desk_a_person_at_a_time": doubled(DeskShift),
    "desk_shift_lasts": changed(DeskShift, period=EMPTY),
    "one_standing_alarm_a_gap": doubled(DutyAlarm),
    "duty_alarm_lasts": changed(DutyAlarm, period=EMPTY),
    "handed_over_once_a_change": doubled(Handover),
    "rerouted_once_a_change": doubled(Reroute),
    "one_proposal_at_a_time": doubled(Proposal, {"state": "queued"}),
    "proposal_makes_a_draft_of_its_own": doubled(Proposal, {"state": "done"}),
    "proposal_has_one_size": changed(Proposal, households=400),
    "proposal_runs_under_a_claim": changed(Proposal, {"state": "queued"}, state="running"),
    "proposal_ends_at_a_moment": changed(Proposal, {"state": "queued"}, ended_at=lambda row: row.asked_at),
    "proposal_done_has_figures": changed(Proposal, {"state": "done"}, after=None),
    "one_look_a_worker_and_day": doubled(TrackLook),
    "track_look_verdict_known": changed(TrackLook, verdict="bad"),
    "one_coverage_map_at_a_time": doubled(CoverageMap, {"state": "queued"}),
    "coverage_map_runs_under_a_claim": changed(CoverageMap, {"state": "queued"}, state="running"),
    "coverage_map_ends_at_a_moment": changed(CoverageMap, {"state": "queued"}, ended_at=lambda row: row.asked_at),
    "coverage_map_done_has_answer": changed(CoverageMap, {"state": "done"}, answer=None),
    "partner_update_once": doubled(PartnerUpdate, event=lambda _: CaseEvent.objects.latest("n")),
    "rule_has_one_target": changed(Rule, target_area=lambda row: row.area),
    "rule_reach_fits_shape": changed(Rule, reach_m=0),
    "rule_weekdays": changed(Rule, weekdays=[8]),
    "rule_hours_in_pairs": changed(Rule, hours_from=time(8)),
    "rule_season": changed(Rule, season_from=601, season_until=631),
    "rule_priority": changed(Rule, priority=1001),
    "rule_lasts": changed(Rule, valid=EMPTY),
    "rule_version_numbered": doubled(RuleVersion),
    "rule_handed_over_once": doubled(RuleHandover),
    "rule_handed_to_another": changed(RuleHandover, to_area=lambda row: row.from_area),
    "department_duty_once": doubled(DepartmentDuty),
    "department_duty_weekdays": changed(DepartmentDuty, weekdays=[8]),
    "department_duty_hours": changed(DepartmentDuty, hours_from=time(8)),
    "department_duty_names_somebody": changed(DepartmentDuty, phone=""),
    "department_duty_lasts": changed(DepartmentDuty, valid=EMPTY),
    "case_in_china": changed(Case, location=PARIS),
    "case_raw_pair": changed(Case, raw_crs="utm"),
    "case_accuracy": changed(Case, accuracy_m=-1),
    "photo_on_earth": changed(Photo, taken_location=NOWHERE),
    "address_in_china": changed(Address, location=PARIS),
    "place_in_china": changed(Place, location=PARIS),
    "place_raw_pair": changed(Place, raw_lat=math.nan),
    "network_node_on_earth": changed(NetworkNode, location=NOWHERE),
    "stop_in_china": changed(Stop, location=PARIS),
    "visit_on_earth": changed(Visit, location=NOWHERE),
    "visit_distance": changed(Visit, distance_m=math.nan),
    "live_position_on_earth": changed(LivePosition, location=NOWHERE),
    "live_position_accuracy": changed(LivePosition, accuracy_m=math.inf),
    "track_point_counted": changed(TrackPoint, seq=-1),
    "track_point_on_earth": changed(TrackPoint, location=NOWHERE),
    "track_point_raw_pair": changed(TrackPoint, raw_lon=math.inf),
    "track_point_accuracy": changed(TrackPoint, accuracy_m=math.nan),
}
# A trigger refuses changing and deleting a row of these tables.
APPEND_ONLY: dict[str, type[models.Model]] = {
    "case_event_append_only": CaseEvent,
    "decision_append_only": Decision,
    "ruling_append_only": Ruling,
    "audit_append_only": AuditEntry,
    "rule_version_append_only": RuleVersion,
    "flow_version_append_only": FlowVersion,
}


def our_models() -> list[type[models.Model]]:
    ours = [config for config in apps.get_app_configs() if config.name.startswith("backend.")]
    return [model for config in ours for model in config.get_models()]


def breaks_of_fields() -> dict[str, Break]:
    """What a field states by itself: PositiveIntegerField and unique=True, under the names that PostgreSQL gives."""
    found: dict[str, Break] = {}
    for model in our_models():
        table = model._meta.db_table
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.fields.PositiveIntegerRelDbTypeMixin):
                found[f"{table}_{field.column}_check"] = doubled(model, **{field.name: -1})
            if field.unique and not field.primary_key:
                found[f"{table}_{field.column}_key"] = doubled(model)
    return found


def stated() -> set[str]:
    """What the database says of our tables: CHECK, UNIQUE, EXCLUDE, unique indexes with a condition, triggers."""
    tables = [model._meta.db_table for model in our_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conname FROM pg_constraint
            WHERE contype IN ('c', 'u', 'x') AND conrelid::regclass::text = ANY(%(tables)s)
            UNION SELECT indexrelid::regclass::text FROM pg_index
            WHERE indisunique AND NOT indisprimary AND indrelid::regclass::text = ANY(%(tables)s)
            UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text = ANY(%(tables)s)
            """,
            {"tables": tables},
        )
        return {name for (name,) in cursor.fetchall()}


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
    _disputed(world, now)
    FlowVersion.objects.create(n=1, rows=[], digest=b"x" * 32, source="x.csv", at=now)
    place = world.add_place("P1", grid="002011001")
    outline = Boundary.objects.get(area=world.grid("002011001")).outline
    DraftOutline.objects.create(
        division=Division.objects.earliest("created_at"), area=world.grid("002011001"),
        under=world.areas["330281002011"], code="1", name="x", outline=outline,
    )  # fmt: skip
    asked = {"area": world.areas["330281002011"], "grids": 3, "name": "x", "asked_at": now}
    Proposal.objects.create(**asked)
    TrackLook.objects.create(
        worker=leader, day=now.date(), area_path="x.", verdict="fine", looked_by=leader, looked_at=now
    )
    looked = {
        "area": asked["area"], "week_start": now.date(), "weeks": 1, "unseen_days": 30, "role": "street",
        "area_paths": ["x."], "asked_by": leader, "asked_at": now,
    }  # fmt: skip
    CoverageMap.objects.create(**looked)
    CoverageMap.objects.create(**looked, state="done", ended_at=now, answer=b"x")
    done = Division.objects.earliest("created_at")
    Proposal.objects.create(**asked, state="done", ended_at=now, after={}, division=done)
    CalendarDay.objects.create(date=now.date(), kind="holiday", name_zh="节")
    Absence.objects.create(worker=leader, period=hour, reason="leave")
    Device.objects.create(user=leader, client_id="d", created_at=now, last_seen_at=now)
    consent = Consent.objects.create(user=leader, purpose="patrol_track", notice_version="1", granted=True, at=now)
    PatrolSession.objects.create(
        worker=leader, consent=consent, area_path="x.", day=now.date(), started_at=now, received_at=now
    )
    grid = world.grid("002011001")
    Appointment.objects.create(case=case, grid=grid, window=hour, dwell_minutes=10, booked_at=now)
    plan, other = (
        WeeklyPlan.objects.create(grid=grid, week_start=date(2026, 11, 16), version=n, state=state, created_at=now)
        for n, state in ((1, "published"), (2, "planning"))
    )
    Replan.objects.create(
        base=plan, plan=other, kind="absence", is_met=True, stability_s=900, cpu_ms=1, asked_at=now, expires_at=now,
        accepted_at=now,
    )  # fmt: skip
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
    ApiKey.objects.create(user=leader, digest=b"x", created_at=now)
    PartnerUpdate.objects.create(user=leader, update_id="1", event=case.events.earliest("n"), digest=b"x")
    at = Point(lon, lat, srid=4326)
    _with_rules(world, at, now=now, case=case)
    _with_people(world, now=now, leader=leader, hour=hour, case=case)
    _with_ground(at, grid=grid)
    _with_evidence(at, now=now, leader=leader, case=case)
    return world


def _disputed(world: World, now: datetime) -> None:
    """A dispute that the neighbour settled, with its ruling, and an open one."""
    settling.accept(actor=world.actor("leader:002011002"), dispute_id=_sent_back(world, now).pk, now=now)
    _sent_back(world, now)


def _sent_back(world: World, now: datetime) -> Dispute:
    report = NewReport(
        id=uuid7(), matter_id=world.matters["exposed_garbage"].pk, point=PointIn(121.17195, 30.051, "wgs84"),
        channel="resident_web", description="x",
    )  # fmt: skip
    case = cases.report_case(actor=Actor(user_id=None, role=Role.RESIDENT), report=report, now=now).case
    ground = Ground("属于隔壁网格的范围")
    return return_case(actor=world.actor("leader:002011001"), case_id=case.pk, ground=ground, now=now)


def _with_rules(world: World, at: Point, *, now: datetime, case: Case) -> None:
    rule = Rule.objects.create(
        name_zh="x", area=world.grid("002011001"), shape=at, reach_m=5, target="department", changed_at=now,
        department=world.departments["police"], valid=DateTimeTZRange(now, None),
    )  # fmt: skip
    DepartmentDuty.objects.create(
        department=world.departments["police"], area=world.grid("002011001"), person="x", phone="1",
        valid=DateTimeTZRange(now, None),
    )  # fmt: skip
    version = RuleVersion.objects.create(rule=rule, n=1, at=now, actor_role="city", action="created", content={})
    Reroute.objects.create(case=case, change_id=version.pk, cause="rule", at=now)
    RuleHandover.objects.create(
        rule=rule, division=row_of(Division), field="area", at=now, from_area=world.grid("002011001"),
        to_area=world.grid("002011002"),
    )  # fmt: skip


def _with_people(world: World, *, now: datetime, leader: User, hour: DateTimeTZRange, case: Case) -> None:
    grid, city = world.grid("002011001"), world.people["city"]
    Duty.objects.create(grid=grid, worker=leader, post="cover", valid=hour)
    deputy = world.people["leader:002011002"]
    Duty.objects.create(grid=grid, worker=deputy, post="deputy", rank=1, valid=DateTimeTZRange(now, None))
    DeskShift.objects.create(desk=world.areas["330281002011"], worker=city, period=hour)
    DutyAlarm.objects.create(grid=grid, period=hour, found_at=now)
    DutyPolicy.objects.create(area=grid)
    change = DutyChange.objects.create(kind="absence", area=grid, starts_at=now, digest=b"x", made_at=now)
    Handover.objects.create(case=case, change=change, at=now)
    device = Device.objects.get()
    Token.objects.create(device=device, kind="access", digest=b"x", created_at=now, expires_at=now)
    OneTimeCode.objects.create(phone_index=b"x", digest=b"x", created_at=now, expires_at=now)
    audit.record("look", actor_id=None, role="city", subject_kind="case", subject_id=case.pk, now=now)
    outbox.owe("case_changed", str(case.pk), now=now)


def _with_ground(at: Point, *, grid: Area) -> None:
    Address.objects.create(code="A1", street="x", plate="1", location=at, grid=grid)
    NetworkNode.objects.create(number=1, location=at)
    BaseFeature.objects.create(layer="water", kind="lake", shape=Point(0, 0, srid=3857))


def _with_evidence(at: Point, *, now: datetime, leader: User, case: Case) -> None:
    session = PatrolSession.objects.get()
    Tracker.objects.create(worker=leader, name="OwnTracks", digest=b"x", created_at=now)
    LivePosition.objects.create(worker=leader, session=session, location=at, recorded_at=now)
    TrackPoint.objects.create(
        session_day=session.day, session=session, seq=0, recorded_at=now, received_at=now, location=at, raw_lon=at.x,
        raw_lat=at.y, raw_crs="wgs84",
    )  # fmt: skip
    Photo.objects.create(
        file_key="k", sha256=b"x", width=1, height=1, size_bytes=1, uploaded_at=now, taken_location=at, case=case
    )
    Visit.objects.create(
        grid=case.grid, worker=leader, at=now, received_at=now, outcome="done", location=at, payload_digest=b"x"
    )


def refused_by(act: Break) -> str | None:
    """The constraint that stops `act`; None where nothing does. Either way nothing stays."""
    try:
        with transaction.atomic():
            act()
            connection.check_constraints()  # those that wait for the end of the transaction
            transaction.set_rollback(True)
    except IntegrityError as error:
        return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    return None


# Breaks that another constraint refuses too: which.
STATED_TWICE = {"disputed_once_a_decision": "one_open_dispute_a_case"}


def test_each_constraint_refuses(full_world: World) -> None:
    assert {name: refused_by(act) for name, act in BREAKS.items()} == {name: name for name in BREAKS}


def test_each_break_goes_through_once_its_constraint_is_gone(full_world: World) -> None:
    """So none of them is refused for another reason, and a constraint that is lost is seen to be lost."""
    connection.check_constraints()
    named = {one.name: (model, one) for model in our_models() for one in model._meta.constraints}
    refused = {name: _refused_without(*named[name], BREAKS[name]) for name in sorted(named)}
    assert {name: by for name, by in refused.items() if by is not None} == STATED_TWICE


def _refused_without(model: type[models.Model], constraint: models.BaseConstraint, act: Break) -> str | None:
    with transaction.atomic():
        with connection.schema_editor(atomic=False) as editor:
            editor.remove_constraint(model, constraint)
        refused = refused_by(act)
        transaction.set_rollback(True)
    return refused


def test_each_field_refuses_by_itself(full_world: World) -> None:
    """With the named constraints of all tables away, which often say the same and would speak first."""
    connection.check_constraints()
    for model in our_models():
        for constraint in model._meta.constraints:
            with connection.schema_editor(atomic=False) as editor:
                editor.remove_constraint(model, constraint)
    stated_by_fields = breaks_of_fields()
    assert {name: refused_by(act) for name, act in stated_by_fields.items()} == {
        name: name for name in stated_by_fields
    }


def test_everything_that_the_database_states_is_broken_here(db: None) -> None:
    assert stated() == set(BREAKS) | set(breaks_of_fields()) | set(APPEND_ONLY)


@pytest.mark.parametrize("trigger", sorted(APPEND_ONLY))
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = at", "DELETE FROM {}"], ids=["update", "delete"])
def test_history_decisions_and_trail_are_only_added_to(full_world: World, trigger: str, statement: str) -> None:
    table = APPEND_ONLY[trigger]._meta.db_table
    with pytest.raises(IntegrityError, match=f"{table} is append-only"), transaction.atomic():
        run(statement.format(table))


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


# Every column that holds a point, with the constraint that keeps it in range. Labels come from outlines that were
# examined, and nobody enters them.
POINTS: dict[tuple[str, str], str] = {
    ("cases_case", "location"): "case_in_china",
    ("cases_photo", "taken_location"): "photo_on_earth",
    ("places_address", "location"): "address_in_china",
    ("places_place", "location"): "place_in_china",
    ("places_networknode", "location"): "network_node_on_earth",
    ("inspections_stop", "location"): "stop_in_china",
    ("inspections_visit", "location"): "visit_on_earth",
    ("patrols_trackpoint", "location"): "track_point_on_earth",
    ("patrols_liveposition", "location"): "live_position_on_earth",
}
LABELS = {("areas_boundary", "label_point")}


def test_every_column_of_points_is_kept_in_range() -> None:
    columns = {
        (model._meta.db_table, field.column)
        for model in our_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, PointField)
    }
    assert columns - LABELS == set(POINTS)


OFF = {
    "east of 180": "ST_MakePoint(181, 30)",
    "north of the pole": "ST_MakePoint(121, 90.5)",
    "swapped": "ST_MakePoint(30.05, 121.17)",
    "longitude NaN": "ST_MakePoint('NaN', 30)",
    "latitude NaN": "ST_MakePoint(121, 'NaN')",
    "infinite": "ST_MakePoint('Infinity', 30)",
    "endlessly south": "ST_MakePoint(121, '-Infinity')",
    "empty": "'POINT EMPTY'::geometry",
}
ABROAD = {"Paris": "ST_MakePoint(2.35, 48.86)", "zero": "ST_MakePoint(0, 0)", "south": "ST_MakePoint(121, -30)"}


def written(column: tuple[str, str], point: str) -> Break:
    table, name = column
    return lambda: run(f"UPDATE {table} SET {name} = {point}")


def test_a_point_lies_where_it_can(full_world: World) -> None:
    for column, constraint in POINTS.items():
        wrong = OFF | ABROAD if constraint.endswith("in_china") else OFF
        refused = {said: refused_by(written(column, f"ST_SetSRID({point}, 4326)")) for said, point in wrong.items()}
        assert refused == dict.fromkeys(wrong, constraint)


@pytest.mark.parametrize(
    ("point", "why"),
    [
        ("ST_SetSRID(ST_MakePoint(121, 30), 3857)", "SRID"),
        ("'SRID=4326;LINESTRING(121 30, 121 31)'::geometry", "LineString"),
        ("'SRID=4326;POINT Z (121 30 5)'::geometry", "dimension"),
    ],
    ids=["system", "kind", "height"],
)
def test_a_column_of_points_takes_nothing_else(full_world: World, point: str, why: str) -> None:
    for column in POINTS:
        act = written(column, point)
        with pytest.raises(DataError, match=why), transaction.atomic():
            act()
