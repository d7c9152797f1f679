"""Patrol sessions, what the phone recorded in them, and where workers are now.

`track_point` is partitioned by the session's day (see the migration): one phone sequence number is one row, exactly,
and old days are dropped whole.
"""

from typing import Self

from django.contrib.gis.db import models as gis
from django.db import models
from django.db.models import F, Q

from backend.accounts.actor import Actor
from backend.accounts.roles import FIELD_ROLES
from backend.areas.models import within
from backend.core.constraints import accuracy_is_a_radius, point_on_earth, raw_pair_kept
from backend.core.ids import uuid7


class PatrolSessionQuerySet(models.QuerySet["PatrolSession"]):
    def visible_to(self, actor: Actor) -> Self:
        """Workers see their own sessions; the console those of its areas."""
        if actor.role in FIELD_ROLES:
            return self.filter(worker_id=actor.user_id)
        return self.filter(within(actor.area_paths, "area_path"))


class PatrolSession(models.Model):
    """One walk on duty, from start to end, that its worker consented to record."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="patrol_sessions")
    consent = models.ForeignKey("accounts.Consent", models.PROTECT, related_name="+")
    area_path = models.CharField(max_length=80, help_text="the worker's main grid when the session began")
    purpose = models.CharField(max_length=40, default="patrol")
    day = models.DateField(help_text="local day of the start: the partition of its points")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=20, blank=True)
    received_at = models.DateTimeField()
    last_point_at = models.DateTimeField(null=True)
    point_count = models.PositiveIntegerField(default=0)
    distance_m = models.FloatField(default=0)
    raw_dropped_at = models.DateTimeField(null=True)
    payload_digest = models.BinaryField(max_length=32, default=bytes)

    objects = PatrolSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["worker"], condition=Q(ended_at=None), name="one_open_session_a_worker"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="session_ends_after_start"
            ),
        ]
        indexes = [models.Index(fields=["worker", "day"]), models.Index(fields=["day"])]


class TrackPoint(models.Model):
    """One fix of a session. Stored by COPY and read by SQL; the migration makes the table, since it is partitioned."""

    pk = models.CompositePrimaryKey("session_day", "session", "seq")
    session_day = models.DateField()
    session = models.ForeignKey(PatrolSession, models.DO_NOTHING, related_name="points")
    seq = models.IntegerField()
    recorded_at = models.DateTimeField()
    received_at = models.DateTimeField()
    location = gis.PointField(srid=4326)
    accuracy_m = models.FloatField(null=True)
    speed_mps = models.FloatField(null=True)
    bearing_deg = models.FloatField(null=True)
    battery = models.FloatField(null=True)
    raw_lon = models.FloatField()
    raw_lat = models.FloatField()
    raw_crs = models.CharField(max_length=10)
    flags = models.IntegerField(default=0)

    class Meta:
        db_table = "patrols_trackpoint"
        constraints = [
            models.CheckConstraint(condition=Q(seq__gte=0), name="track_point_counted"),
            point_on_earth("location", name="track_point_on_earth"),
            raw_pair_kept(name="track_point_raw_pair"),
            accuracy_is_a_radius(name="track_point_accuracy"),
        ]


class LivePositionQuerySet(models.QuerySet["LivePosition"]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.role in FIELD_ROLES:
            return self.filter(worker_id=actor.user_id)
        return self.filter(within(actor.area_paths, "session__area_path"))


class LivePosition(models.Model):
    """Where a worker on patrol was last seen; the row goes when the session ends."""

    worker = models.OneToOneField("accounts.User", models.CASCADE, primary_key=True, related_name="live_position")
    session = models.ForeignKey(PatrolSession, models.CASCADE, related_name="+")
    location = gis.PointField(srid=4326)
    recorded_at = models.DateTimeField()
    accuracy_m = models.FloatField(null=True)
    speed_mps = models.FloatField(null=True)
    battery = models.FloatField(null=True)

    objects = LivePositionQuerySet.as_manager()

    class Meta:
        constraints = [
            point_on_earth("location", name="live_position_on_earth"),
            accuracy_is_a_radius(name="live_position_accuracy"),
        ]


class Tracker(models.Model):
    """A stock tracker app that a worker let send positions for them: its token is kept as SHA-256 only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    worker = models.ForeignKey("accounts.User", models.CASCADE, related_name="trackers")
    name = models.CharField(max_length=60)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(revoked_at__gte=F("created_at")), name="tracker_revoked_after_issue"
            ),
        ]


class TrackLookQuerySet(models.QuerySet["TrackLook"]):
    def visible_to(self, actor: Actor) -> Self:
        """Workers see what was said of their own tracks; the console what was said in its areas."""
        if actor.role in FIELD_ROLES:
            return self.filter(worker_id=actor.user_id)
        return self.filter(within(actor.area_paths, "area_path"))


class TrackLook(models.Model):
    """What a person says who looked at a day whose track has hints. The newest word holds; each is audited."""

    class Verdict(models.TextChoices):
        FINE = "fine"
        TALK = "talk"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="track_looks")
    day = models.DateField()
    area_path = models.CharField(max_length=80, help_text="of the first patrol of the day")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    note = models.CharField(max_length=300, blank=True, help_text="the worker reads it")
    hints = models.JSONField(default=dict, help_text="what was to be looked at, by kind")
    looked_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    looked_at = models.DateTimeField()

    objects = TrackLookQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["worker", "day"], name="one_look_a_worker_and_day"),
            models.CheckConstraint(condition=Q(verdict__in=["fine", "talk"]), name="track_look_verdict_known"),
        ]
