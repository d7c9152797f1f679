"""Coverage maps that somebody asked for, from the request to the kept answer."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.areas.models import within
from backend.core.ids import uuid7


class CoverageMapQuerySet(models.QuerySet["CoverageMap"]):
    def visible_to(self, actor: Actor) -> Self:
        """What the actor asked for in the same role, as long as the area is still theirs."""
        own = self.filter(asked_by_id=actor.user_id, role=actor.role.value)
        return own.filter(within(actor.area_paths, "area__path"))


class CoverageMap(models.Model):
    """A request for the coverage of an area over some weeks; a worker computes it, every file is made of the answer.

    `answer` is `stats.coverage.CoverageFacts` as compressed JSON, kept until `KEPT_FOR` has passed; no worker is in it.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area = models.ForeignKey("areas.Area", models.CASCADE, related_name="+")
    week_start = models.DateField()
    weeks = models.PositiveSmallIntegerField()
    unseen_days = models.PositiveSmallIntegerField()
    asked_by = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    role = models.CharField(max_length=20)
    area_paths = ArrayField(models.CharField(max_length=80), help_text="of the person who asks, at that moment")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    patrols = models.PositiveIntegerField(null=True, help_text="to be looked at; null before it is known")
    patrols_done = models.PositiveIntegerField(default=0)
    answer = models.BinaryField(null=True)
    problem = models.JSONField(default=dict)

    objects = CoverageMapQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asked_by", "role", "area", "week_start", "weeks", "unseen_days"],
                condition=Q(state__in=["queued", "running"]),
                name="one_coverage_map_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="running", claimed_until__isnull=False)
                | (~Q(state="running") & Q(claimed_until=None)),
                name="coverage_map_runs_under_a_claim",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], ended_at=None)
                | Q(state__in=["done", "failed"], ended_at__isnull=False),
                name="coverage_map_ends_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="done", answer__isnull=False) | (~Q(state="done") & Q(answer=None)),
                name="coverage_map_done_has_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="coverage_map_asked_at"),
            # For the sweep that clears old answers away every minute.
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="coverage_map_ended_at"),
        ]
