"""Owing a message: a row in the same transaction as the change; a sweep sends it, a nudge only hurries the sweep."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from backend.core.models import OutboxMessage

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 5

_nudges: list[Callable[[], None]] = []


def nudge_with(send_soon: Callable[[], None]) -> None:
    """Registers what asks the relay to run now; called once at start by the app that owns the relay."""
    _nudges[:] = [send_soon]


def owe(topic: str, key: object, *, now: datetime, area_path: str = "", **payload: Any) -> OutboxMessage:
    """Owes one message. Must run inside the transaction of the change that it tells of."""
    message = OutboxMessage.objects.create(
        topic=topic, key=str(key), area_path=area_path, payload=payload, created_at=now
    )
    nudge_after_commit()
    return message


def nudge_after_commit() -> None:
    """For who writes many messages in SQL: they are asked to be sent soon, once this transaction has committed."""
    transaction.on_commit(_nudge, robust=True)


def _nudge() -> None:
    for send_soon in _nudges:
        send_soon()


def lease(*, limit: int, now: datetime) -> list[OutboxMessage]:
    """Takes up to `limit` waiting messages for LEASE; two relays never hold the same one."""
    with transaction.atomic():
        waiting = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(sent_at=None, parked_at=None)
            .filter(Q(lease_until=None) | Q(lease_until__lt=now))
            .order_by("id")[:limit]
        )
        OutboxMessage.objects.filter(pk__in=[message.pk for message in waiting]).update(
            lease_until=now + LEASE, attempts=F("attempts") + 1
        )
    for message in waiting:
        message.lease_until = now + LEASE
    return waiting


def give_back(messages: Sequence[OutboxMessage]) -> None:
    """Frees leased messages that nobody has tried; one that somebody else leased meanwhile stays theirs."""
    for message in messages:
        OutboxMessage.objects.filter(pk=message.pk, sent_at=None, lease_until=message.lease_until).update(
            lease_until=None, attempts=F("attempts") - 1
        )


def mark_sent(message_id: int, *, now: datetime) -> None:
    OutboxMessage.objects.filter(pk=message_id, sent_at=None).update(sent_at=now, lease_until=None, last_error="")


def mark_failed(message_id: int, *, error: str, now: datetime) -> None:
    """Frees the message for another try with growing pauses; the fifth failure parks it and says so in the log."""
    message = OutboxMessage.objects.get(pk=message_id)
    parked = message.attempts >= MAX_ATTEMPTS
    OutboxMessage.objects.filter(pk=message_id).update(
        last_error=error[:300],
        lease_until=now + timedelta(seconds=5 * 2**message.attempts),
        parked_at=now if parked else None,
    )
    if parked:
        log.error("outbox message %s (%s) parked after %s tries", message_id, message.topic, message.attempts)
