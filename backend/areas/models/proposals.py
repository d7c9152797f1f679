"""Divisions that the engine is asked to propose, from the request to the draft."""

from typing import Self

from django.db import models
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.areas.models.boundaries import Division
from backend.areas.models.tree import Area, within
from backend.core.ids import uuid7


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, actor: Actor) -> Self:
        """Proposals for the actor's areas."""
        return self.filter(within(actor.area_paths, "area__path"))


class Proposal(models.Model):
    """A request to cut an area into grids: one worker at a time computes, and the draft is written with the answer.

    A claim that is not renewed runs out, and another worker begins again (`attempts`). `before` and `after` are the
    figures (`gis.division.Figures`) of the grids of then and of the draft; `problem` says why there is none.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="proposals")
    grids = models.PositiveIntegerField(null=True, help_text="how many, dedicated ones not counted")
    households = models.PositiveIntegerField(null=True, help_text="of a grid, where no number of grids is named")
    keeps_borders = models.BooleanField(default=False)
    keeps_dedicated = models.BooleanField(default=True)
    name = models.CharField(max_length=120, help_text="of the draft")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    problem = models.JSONField(default=dict, help_text="code, detail, reason, field of the refusal")
    division = models.ForeignKey(Division, models.SET_NULL, null=True, related_name="+")

    objects = ProposalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["area"], condition=Q(state__in=["queued", "running"]), name="one_proposal_at_a_time"
            ),
            models.UniqueConstraint(fields=["division"], name="proposal_makes_a_draft_of_its_own"),
            models.CheckConstraint(
                condition=Q(grids__isnull=False, households=None) | Q(grids=None, households__isnull=False),
                name="proposal_has_one_size",
            ),
            models.CheckConstraint(
                condition=Q(state="running", claimed_until__isnull=False)
                | (~Q(state="running") & Q(claimed_until=None)),
                name="proposal_runs_under_a_claim",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], ended_at=None)
                | Q(state__in=["done", "failed", "cancelled"], ended_at__isnull=False),
                name="proposal_ends_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="done", after__isnull=False) | (~Q(state="done") & Q(after=None, division=None)),
                name="proposal_done_has_figures",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state__in=["queued", "running"]), name="proposal_to_compute"),
        ]
