"""A person's notices."""

from datetime import datetime
from uuid import UUID

from backend.accounts.actor import Actor
from backend.notify.models import Notification


def notices_of(actor: Actor, *, limit: int = 100) -> list[Notification]:
    """The newest notices of the signed-in person, newest first."""
    if actor.user_id is None:
        return []
    return list(
        Notification.objects.filter(user_id=actor.user_id, channel=Notification.Channel.IN_APP)
        .select_related("case")
        .order_by("-created_at")[:limit]
    )


def mark_read(actor: Actor, notice_ids: list[UUID], *, now: datetime) -> int:
    """Marks own notices as read; foreign ids do nothing. Says how many changed."""
    if actor.user_id is None:
        return 0
    return Notification.objects.filter(user_id=actor.user_id, pk__in=notice_ids, read_at=None).update(read_at=now)
