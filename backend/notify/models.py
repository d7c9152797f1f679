"""Messages to people, with a receipt of how each one went."""

from django.db import models

from backend.core.ids import uuid7


class Notification(models.Model):
    """One message to one person by one channel. The text is made when it is shown, from `topic` and `facts`."""

    class Channel(models.TextChoices):
        IN_APP = "in_app"
        SMS = "sms"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    outbox_id = models.BigIntegerField(null=True)
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="notifications")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    topic = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    case = models.ForeignKey("cases.Case", models.CASCADE, null=True, related_name="notifications")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outbox_id", "user", "channel"], name="notified_once_a_message"),
        ]
        indexes = [models.Index(fields=["user", "-created_at"])]
