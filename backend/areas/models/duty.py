"""Duty: who answers for which grid when, who is away, who sits at the desk, and where nobody answers."""

from datetime import datetime
from typing import Final, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.areas.models.tree import Area, within
from backend.core.ids import uuid7

DEPUTY_RANKS: Final = (1, 2)


class DutyChangeQuerySet(models.QuerySet["DutyChange"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(within(actor.area_paths, "area__path"))


class DutyChange(models.Model):
    """One change of duty that a person made: it holds together its rows, what it moved, and its repeats.

    `id` is made by the client, so that a repeat finds the first one. A change that has begun is looked over once more
    by a sweep (`swept_at`), which also catches what was dispatched while it was being made.
    """

    class Kind(models.TextChoices):
        ABSENCE = "absence"
        COVER = "cover"
        TRANSFER = "transfer"
        DESK = "desk"
        WITHDRAWAL = "withdrawal"
        SHEET = "sheet"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", help_text="the community or street that it is of")
    worker = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)
    digest = models.BinaryField(max_length=32)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    swept_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True, help_text="when what it had moved was looked at after its end")

    objects = DutyChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["starts_at"], condition=Q(swept_at=None), name="duty_change_to_sweep"),
            models.Index(fields=["ends_at"], condition=Q(returned_at=None), name="duty_change_to_return"),
        ]

    def is_over(self, now: datetime) -> bool:
        """Whether nothing of it is left to end: its end has passed, or it was taken back before it began."""
        return self.ends_at is not None and self.ends_at <= max(now, self.starts_at)


class Duty(models.Model):
    """A worker answers for a grid during a period, in one post."""

    class Post(models.TextChoices):
        LEADER = "leader"
        WORKER = "worker"
        DEPUTY = "deputy"
        COVER = "cover"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grid = models.ForeignKey(Area, models.PROTECT, related_name="duties")
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="duties")
    post = models.CharField(max_length=10, choices=Post.choices)
    rank = models.PositiveSmallIntegerField(default=0, help_text="1 is the A deputy, 2 the B deputy, 0 everybody else")
    part_time = models.BooleanField(default=False)
    valid = DateTimeRangeField()
    change = models.ForeignKey(DutyChange, models.PROTECT, null=True, related_name="duties")

    class Meta:
        verbose_name_plural = "duties"
        constraints = [
            ExclusionConstraint(
                name="one_leader_at_a_time",
                expressions=[("grid", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(post="leader"),
            ),
            ExclusionConstraint(
                name="one_cover_at_a_time",
                expressions=[("grid", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(post="cover"),
            ),
            ExclusionConstraint(
                name="one_deputy_a_rank_at_a_time",
                expressions=[
                    ("grid", RangeOperators.EQUAL),
                    ("rank", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                condition=Q(post="deputy"),
            ),
            ExclusionConstraint(
                name="one_post_a_worker_and_grid",
                expressions=[
                    ("grid", RangeOperators.EQUAL),
                    ("worker", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                condition=~Q(post="cover"),
            ),
            models.CheckConstraint(condition=Q(valid__isempty=False), name="duty_lasts"),
            models.CheckConstraint(
                condition=Q(post="deputy", rank__in=DEPUTY_RANKS) | (~Q(post="deputy") & Q(rank=0)),
                name="deputies_are_ranked",
            ),
            models.CheckConstraint(condition=~Q(post="cover") | Q(valid__endswith__isnull=False), name="cover_ends"),
        ]
        indexes = [models.Index(fields=["worker"])]


class Absence(models.Model):
    """A worker is away; cover, workers and deputies answer meanwhile."""

    class Kind(models.TextChoices):
        ANNUAL = "annual"
        SICK = "sick"
        PERSONAL = "personal"
        TRAINING = "training"
        BUSINESS = "business"
        OTHER = "other"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="absences")
    period = DateTimeRangeField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OTHER)
    reason = models.CharField(max_length=40, blank=True)
    change = models.ForeignKey(DutyChange, models.PROTECT, null=True, related_name="absences")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_absence_at_a_time",
                expressions=[("worker", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(period__isempty=False), name="absence_lasts"),
        ]


class DeskShift(models.Model):
    """Somebody answers at the desk of a community or street during a period, under one phone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    desk = models.ForeignKey(Area, models.PROTECT, related_name="desk_shifts")
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="desk_shifts")
    period = DateTimeRangeField()
    phone = models.CharField(max_length=30, blank=True, help_text="empty: the desk's own number")
    change = models.ForeignKey(DutyChange, models.PROTECT, null=True, related_name="desk_shifts")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_desk_a_person_at_a_time",
                expressions=[("worker", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__startswith__isnull=False, period__endswith__isnull=False),
                name="desk_shift_lasts",
            ),
        ]
        indexes = [models.Index(fields=["desk"])]


class DutyAlarmQuerySet(models.QuerySet["DutyAlarm"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(within(actor.area_paths, "grid__path"))

    def standing(self) -> Self:
        return self.filter(cleared_at=None)


class DutyAlarm(models.Model):
    """Nobody answers for a grid during a period. Found once, told once, cleared when somebody answers again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grid = models.ForeignKey(Area, models.PROTECT, related_name="duty_alarms")
    period = DateTimeRangeField(help_text="without an end where none is in sight")
    found_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    objects = DutyAlarmQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_standing_alarm_a_gap",
                expressions=[("grid", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(cleared_at=None),
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(period__isempty=False), name="duty_alarm_lasts"),
        ]


class DutyPolicy(models.Model):
    """What a town has settled for an area and everything below it; the nearest area above a grid counts."""

    area = models.OneToOneField(Area, models.CASCADE, related_name="duty_policy")
    returns_work = models.BooleanField(
        default=False, help_text="what was moved for an absence and is not started goes back when it ends"
    )

    class Meta:
        verbose_name_plural = "duty policies"
