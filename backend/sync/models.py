"""What the server remembers of a phone: a receipt per offline operation, a change feed per scope."""

from django.db import models

from backend.core.ids import uuid7


class Receipt(models.Model):
    """The first answer to one offline operation, given again to every repeat (STYLE pair 9)."""

    class Outcome(models.TextChoices):
        APPLIED = "applied"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    op_id = models.UUIDField()
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="receipts")
    kind = models.CharField(max_length=30)
    payload_digest = models.BinaryField(max_length=32)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    problem = models.JSONField(null=True)
    result = models.JSONField(null=True)
    captured_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "op_id"], name="receipt_once_a_user")]


class Change(models.Model):
    """One line of the change feed. `transaction` lets a reader stop before writers that have not yet committed."""

    seq = models.BigAutoField(primary_key=True)
    transaction = models.BigIntegerField(help_text="pg_current_xact_id() of the writer")
    area_path = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    op = models.CharField(max_length=8, choices=[("upsert", "upsert"), ("remove", "remove")])
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["transaction", "seq"])]
