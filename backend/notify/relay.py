"""The relay: takes owed messages and hands each one to every consumer, at least once.

A consumer's effect is idempotent by the message's id; a consumer that fails leaves the message for another try. An SMS
cannot be taken back: people come last, and a relay that is killed between the provider's answer and its own mark sends
it once more under the same key (docs/mechanisms/live_changes.md).
"""

import logging
from collections.abc import Callable
from datetime import datetime

from backend.core import live, outbox
from backend.core.models import OutboxMessage
from backend.notify import people

log = logging.getLogger(__name__)

Consumer = Callable[[OutboxMessage, datetime], None]

_BATCH = 100
_more: list[Consumer] = []


def add_consumer(consumer: Consumer) -> None:
    """Lets a room above (the change feed of `sync`) hear of every message; called once at start."""
    if consumer not in _more:
        _more.append(consumer)


def relay(*, now: Callable[[], datetime], most: int = 2_000) -> int:
    """Sends what waits, up to `most` messages; says how many went out. Several relays may run side by side."""
    sent = 0
    while sent < most:
        leased_at = now()
        messages = outbox.lease(limit=_BATCH, now=leased_at)
        if not messages:
            break
        for number, message in enumerate(messages):
            # Past its lease another relay would send a message as well; what slow ones left no time for is given back.
            if number and now() > leased_at + outbox.LEASE / 2:
                outbox.give_back(messages[number:])
                break
            sent += _send(message, now())
    return sent


def _send(message: OutboxMessage, now: datetime) -> bool:
    try:
        for consumer in (*_more, people.notify_people):
            consumer(message, now)
    except Exception as error:  # a poisoned message must not stop the others; it is parked after five tries
        log.exception("outbox message %s (%s) failed", message.pk, message.topic)
        outbox.mark_failed(message.pk, error=f"{type(error).__name__}: {error}", now=now)
        return False
    outbox.mark_sent(message.pk, now=now)
    _tell_live(message)
    return True


_LIVE_KIND = {
    "case_changed": "case",
    "case_left": "case",
    "case_disputed": "dispute",
    "dispute_settled": "dispute",
    "plan_published": "plan",
    "plan_seen": "plan",
    "stop_changed": "stop",
    "appointment_booked": "appointment",
    "appointment_cancelled": "appointment",
    "appointment_moved": "appointment",
    "appointment_given_back": "appointment",
    "appointment_left": "appointment",
    "appointment_went_along": "appointment",
    "visit_unserved": "appointment",
    "division_published": "division",
    "division_switched": "division",
    "proposal_ended": "division",
    "duty_changed": "duty",
    "duty_gap": "duty",
}


def _tell_live(message: OutboxMessage) -> None:
    kind = _LIVE_KIND.get(message.topic)
    if kind and message.area_path:
        live.publish(kind, area_path=message.area_path, payload={"id": message.key, **message.payload})
