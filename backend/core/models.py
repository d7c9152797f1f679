"""Tables that belong to no single noun of the trade: outbox, audit trail, calendar."""

from django.db import models
from django.db.models import Q

from backend.core.ids import uuid7


class OutboxMessage(models.Model):
    """A message that a committed change owes to somebody; the relay sends it, at least once."""

    topic = models.CharField(max_length=60)
    key = models.CharField(max_length=60)
    area_path = models.CharField(max_length=80, blank=True)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(sent_at=None, parked_at=None), name="outbox_waiting"),
        ]


class AuditEntry(models.Model):
    """Who did or saw what: append-only (a trigger refuses changes), each row chained to the one before it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seq = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True)
    role = models.CharField(max_length=20, blank=True)
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "at"]), models.Index(fields=["actor_id", "at"])]


class CalendarDay(models.Model):
    """A day that differs from the plain week: a public holiday, or a weekend day that is worked (调休)."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday"
        WORKDAY = "workday"

    date = models.DateField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name_zh = models.CharField(max_length=60)
    name_en = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["holiday", "workday"]), name="calendar_day_kind"),
        ]
