"""Duty: who answers for which grid when, and who is away."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from backend.areas.models.tree import Area
from backend.core.ids import uuid7


class Duty(models.Model):
    """A worker answers for a grid during a period, in one post."""

    class Post(models.TextChoices):
        LEADER = "leader"
        WORKER = "worker"
        DEPUTY = "deputy"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grid = models.ForeignKey(Area, models.PROTECT, related_name="duties")
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="duties")
    post = models.CharField(max_length=10, choices=Post.choices)
    valid = DateTimeRangeField()

    class Meta:
        verbose_name_plural = "duties"
        constraints = [
            ExclusionConstraint(
                name="one_leader_at_a_time",
                expressions=[("grid", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(post="leader"),
            ),
            ExclusionConstraint(
                name="one_post_a_worker_and_grid",
                expressions=[
                    ("grid", RangeOperators.EQUAL),
                    ("worker", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(valid__isempty=False), name="duty_lasts"),
        ]
        indexes = [models.Index(fields=["worker"])]


class Absence(models.Model):
    """A worker is away; deputies answer meanwhile."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="absences")
    period = DateTimeRangeField()
    reason = models.CharField(max_length=40)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_absence_at_a_time",
                expressions=[("worker", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(period__isempty=False), name="absence_lasts"),
        ]
