"""Booked appointments, the weekly plan (routes and stops), and the visits that come of them."""

from typing import Final, Self

from django.contrib.gis.db import models as gis
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.accounts.roles import FIELD_ROLES, Role
from backend.areas.models import within
from backend.core.constraints import point_in_china, point_on_earth
from backend.core.ids import uuid7

HALF_ROUND_THE_EARTH_M: Final = 20_100_000


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def visible_to(self, actor: Actor) -> Self:
        """Residents see their own; everybody else those of their areas."""
        if actor.role is Role.RESIDENT:
            return self.filter(case__reporter_id=actor.user_id) if actor.user_id else self.none()
        return self.filter(within(actor.area_paths, "grid__path"))


class Appointment(models.Model):
    """A home visit that a resident has booked: a hard window in the round of the responsible team."""

    class State(models.TextChoices):
        BOOKED = "booked"
        DONE = "done"
        MISSED = "missed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="appointments")
    grid = models.ForeignKey("areas.Area", models.PROTECT, related_name="appointments")
    window = DateTimeRangeField()
    dwell_minutes = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.BOOKED)
    note = models.CharField(max_length=500, blank=True)
    booked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="booked"), name="one_booked_appointment_a_case"),
            models.CheckConstraint(
                condition=Q(window__isempty=False, window__startswith__isnull=False, window__endswith__isnull=False),
                name="appointment_lasts",
            ),
            models.CheckConstraint(condition=Q(dwell_minutes__gt=0), name="appointment_dwell_positive"),
        ]
        indexes = [models.Index(fields=["grid", "state"])]


class PlanQuerySet(models.QuerySet["WeeklyPlan"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(within(actor.area_paths, "grid__path"))


class WeeklyPlan(models.Model):
    """The plan of one team (a grid's people) for one week. A new version replaces the published one as a whole."""

    class State(models.TextChoices):
        PLANNING = "planning"
        DRAFT = "draft"
        PUBLISHED = "published"
        SUPERSEDED = "superseded"
        FAILED = "failed"
        PROPOSED = "proposed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grid = models.ForeignKey("areas.Area", models.PROTECT, related_name="plans")
    week_start = models.DateField(help_text="Monday, Asia/Shanghai")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices)
    seed = models.PositiveIntegerField(default=1)
    input_digest = models.BinaryField(max_length=32, default=bytes)
    claimed_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    cost = models.JSONField(default=dict)
    unserved = models.JSONField(default=list)
    error = models.CharField(max_length=300, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grid", "week_start", "version"], name="plan_version_once"),
            models.UniqueConstraint(
                fields=["grid", "week_start"], condition=Q(state="published"), name="one_published_plan_a_week"
            ),
            models.UniqueConstraint(
                fields=["grid", "week_start"], condition=Q(state="planning"), name="one_planner_a_week"
            ),
            models.CheckConstraint(condition=Q(week_start__iso_week_day=1), name="plan_week_starts_on_monday"),
        ]


class ReplanQuerySet(models.QuerySet["Replan"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(within(actor.area_paths, "plan__grid__path"))


class Replan(models.Model):
    """A published week mended after something came between: `plan` is proposed in place of `base` until accepted.

    `facts` is what happened (ids and times), `target` what it is about in the words of `subjects.subject_key`, empty
    for an absence; `left_out` has what the proposal leaves out and `base` does not, as in `WeeklyPlan.unserved`.
    """

    class Kind(models.TextChoices):
        URGENT_CASE = "urgent_case"
        COME_AGAIN = "come_again"
        ABSENCE = "absence"
        MOVED_APPOINTMENT = "moved_appointment"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    base = models.ForeignKey(WeeklyPlan, models.CASCADE, related_name="replans")
    plan = models.OneToOneField(WeeklyPlan, models.CASCADE, related_name="replan")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    facts = models.JSONField(default=dict)
    target = models.CharField(max_length=60, blank=True)
    is_met = models.BooleanField(help_text="what happened finds its place in the proposal")
    left_out = models.JSONField(default=list)
    stability_s = models.PositiveIntegerField()
    cpu_ms = models.PositiveIntegerField()
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)

    objects = ReplanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["base"], condition=Q(accepted_at__isnull=False), name="one_replan_accepted_a_plan"
            ),
            models.CheckConstraint(condition=~Q(base=models.F("plan")), name="replan_replaces_another_plan"),
        ]


class PlanSeen(models.Model):
    """A worker has looked at the day's round under this plan and has confirmed what had changed in it."""

    plan = models.ForeignKey(WeeklyPlan, models.CASCADE, related_name="seen_by")
    worker = models.ForeignKey("accounts.User", models.CASCADE, related_name="plans_seen")
    seen_at = models.DateTimeField(help_text="by the phone, never before the plan came into force")
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "worker"], name="plan_seen_once_a_worker")]


class Route(models.Model):
    """One worker's half day of a plan, in order."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(WeeklyPlan, models.CASCADE, related_name="routes")
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="routes")
    day = models.DateField()
    shift = DateTimeRangeField()
    travel_s = models.PositiveIntegerField()
    travel_m = models.PositiveIntegerField()
    path = gis.MultiLineStringField(srid=4326, null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_route_at_a_time_in_a_plan",
                expressions=[
                    ("plan", RangeOperators.EQUAL),
                    ("worker", RangeOperators.EQUAL),
                    ("shift", RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["worker", "day"])]


class StopQuerySet(models.QuerySet["Stop"]):
    def published(self) -> Self:
        return self.filter(route__plan__state=WeeklyPlan.State.PUBLISHED)

    def visible_to(self, actor: Actor) -> Self:
        """Workers see the stops of their own routes; the console those of its areas."""
        if actor.role in FIELD_ROLES:
            return self.filter(route__worker_id=actor.user_id)
        return self.filter(within(actor.area_paths, "route__plan__grid__path"))


class Stop(models.Model):
    """A planned call at one place, for one or more duties, an appointment or a case."""

    class Kind(models.TextChoices):
        DUTY = "duty"
        APPOINTMENT = "appointment"
        CASE = "case"

    class State(models.TextChoices):
        PLANNED = "planned"
        ARRIVED = "arrived"
        DONE = "done"
        MISSED = "missed"
        SKIPPED = "skipped"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    route = models.ForeignKey(Route, models.CASCADE, related_name="stops")
    seq = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    place = models.ForeignKey("places.Place", models.PROTECT, null=True, related_name="stops")
    appointment = models.ForeignKey(Appointment, models.PROTECT, null=True, related_name="stops")
    case = models.ForeignKey("cases.Case", models.PROTECT, null=True, related_name="stops")
    location = gis.PointField(srid=4326)
    arrive_at = models.DateTimeField()
    start_at = models.DateTimeField()
    leave_at = models.DateTimeField()
    window = DateTimeRangeField(null=True)
    reason_code = models.CharField(max_length=30)
    reason_facts = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    version = models.PositiveIntegerField(default=1)
    arrived_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    skip_reason = models.CharField(max_length=300, blank=True)
    locked = models.BooleanField(default=False)

    objects = StopQuerySet.as_manager()

    class Meta:
        ordering = ["route", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["route", "seq"], name="stop_seq_once"),
            models.CheckConstraint(
                condition=Q(kind="duty", place__isnull=False)
                | Q(kind="appointment", appointment__isnull=False)
                | Q(kind="case", case__isnull=False),
                name="stop_has_its_subject",
            ),
            models.CheckConstraint(
                condition=Q(start_at__gte=models.F("arrive_at"), leave_at__gt=models.F("start_at")),
                name="stop_times_in_order",
            ),
            point_in_china("location", name="stop_in_china"),
        ]


class StopDuty(models.Model):
    """A visit duty that a stop is to meet."""

    stop = models.ForeignKey(Stop, models.CASCADE, related_name="duties")
    duty = models.ForeignKey("places.VisitDuty", models.PROTECT, related_name="stop_duties")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stop", "duty"], name="stop_duty_once")]


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.role in FIELD_ROLES:
            return self.filter(worker_id=actor.user_id)
        return self.filter(within(actor.area_paths, "grid__path"))


class Visit(models.Model):
    """Somebody was there: outcome, evidence, time and place of the record. Never edited."""

    class Outcome(models.TextChoices):
        DONE = "done"
        NOBODY_HOME = "nobody_home"
        REFUSED = "refused"
        MOVED = "moved"
        OTHER = "other"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    stop = models.ForeignKey(Stop, models.PROTECT, null=True, related_name="visits")
    place = models.ForeignKey("places.Place", models.PROTECT, null=True, related_name="visits")
    case = models.ForeignKey("cases.Case", models.PROTECT, null=True, related_name="visits")
    grid = models.ForeignKey("areas.Area", models.PROTECT, related_name="visits")
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="visits")
    session = models.ForeignKey("patrols.PatrolSession", models.PROTECT, null=True, related_name="visits")
    at = models.DateTimeField(help_text="by the phone")
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    note = models.CharField(max_length=2000, blank=True)
    checks = models.JSONField(default=dict)
    location = gis.PointField(srid=4326, null=True)
    distance_m = models.FloatField(null=True, help_text="from the record to the planned place; a hint, not a verdict")
    payload_digest = models.BinaryField(max_length=32)

    objects = VisitQuerySet.as_manager()

    class Meta:
        constraints = [
            point_on_earth("location", name="visit_on_earth"),
            models.CheckConstraint(
                condition=Q(distance_m=None) | Q(distance_m__range=(0, HALF_ROUND_THE_EARTH_M)), name="visit_distance"
            ),
        ]
        indexes = [models.Index(fields=["place", "-at"]), models.Index(fields=["worker", "-at"])]


class PlanJob(models.Model):
    """A request to plan several grids; its progress is counted from the plans that name it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    week_start = models.DateField()
    area_path = models.CharField(max_length=80)
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    publish = models.BooleanField(default=False, help_text="put each plan in force as soon as it is made")
    plan_from = models.DateTimeField(
        null=True, help_text="from when on a week without a plan is planned; when the task runs, if empty"
    )
    finished_at = models.DateTimeField(null=True)


class PlanJobGrid(models.Model):
    """One grid of a plan job. `done_at` and `error` say how it ended."""

    job = models.ForeignKey(PlanJob, models.CASCADE, related_name="grids")
    grid = models.ForeignKey("areas.Area", models.PROTECT, related_name="+")
    plan = models.ForeignKey(WeeklyPlan, models.SET_NULL, null=True, related_name="+")
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "grid"], name="plan_job_grid_once")]
