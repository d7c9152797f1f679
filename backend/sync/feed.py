"""The change feed: what a phone should fetch again. Written by the relay, read by a cursor that skips nothing.

A cursor of "sequence greater than last" loses rows of slower writers (measured: a third of them). So each row knows its
writer's transaction, and a reader goes only as far as the oldest transaction that is still running.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core import signing
from django.db import connection

from backend.accounts.actor import Actor
from backend.core.models import OutboxMessage
from backend.sync.errors import BadCursor

PAGE = 500
_SALT = "gridward.feed"
_KIND = {
    "case_changed": "case",
    "case_left": "case",
    "dispute_settled": "case",
    "case_disputed": "dispute",
    "plan_published": "plan",
    "stop_changed": "stop",
    "appointment_booked": "appointment",
    "appointment_cancelled": "appointment",
    "appointment_moved": "appointment",
    "appointment_given_back": "appointment",
    "appointment_left": "appointment",
    "appointment_went_along": "appointment",
    "division_published": "division",
    "division_switched": "division",
}


@dataclass(frozen=True, slots=True)
class Changed:
    """Something to fetch again, or to remove from the phone."""

    kind: str
    id: UUID
    op: str


@dataclass(frozen=True, slots=True)
class Page:
    """Changes in order; `more`: ask again at once with the cursor."""

    changes: list[Changed]
    cursor: str
    more: bool


def remember(message: OutboxMessage, now: datetime) -> None:
    """Consumer of the relay: one line for the area that the message concerns."""
    kind = _KIND.get(message.topic)
    if kind is None or not message.area_path:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sync_change (transaction, area_path, kind, subject_id, op, at) "
            "VALUES (pg_current_xact_id()::text::bigint, %s, %s, %s, 'upsert', %s)",
            [message.area_path, kind, message.key, now],
        )


def newest_cursor(actor: Actor) -> str:
    """A cursor that begins with what happens from now on; the phone loads everything else afresh."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
        return _seal(actor, (cursor.fetchone()[0], 2**62))


def changes_since(actor: Actor, cursor_text: str) -> Page:
    """Changes in the actor's areas after the cursor. Raises BadCursor for a foreign or damaged one."""
    after = _open(actor, cursor_text)
    conditions = " OR ".join(["area_path LIKE %s"] * len(actor.area_paths)) or "false"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT transaction, seq, kind, subject_id, op FROM sync_change "
            f"WHERE (transaction, seq) > (%s, %s) AND ({conditions}) "
            "AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint "
            "ORDER BY transaction, seq LIMIT %s",
            [*after, *(path + "%" for path in actor.area_paths), PAGE + 1],
        )
        rows = cursor.fetchall()
    page = rows[:PAGE]
    last = (page[-1][0], page[-1][1]) if page else after
    changes = [Changed(kind, subject, op) for _, _, kind, subject, op in page]
    return Page(changes, _seal(actor, last), more=len(rows) > PAGE)


def _seal(actor: Actor, position: tuple[int, int]) -> str:
    scope = [str(actor.user_id), sorted(actor.area_paths)]
    return signing.dumps([*position, *scope], salt=_SALT)


def _open(actor: Actor, text: str) -> tuple[int, int]:
    try:
        transaction, seq, user_id, paths = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise BadCursor("start again without a cursor", field="cursor") from error
    if user_id != str(actor.user_id) or paths != sorted(actor.area_paths):
        raise BadCursor("your areas have changed; start again without a cursor", field="cursor")
    return transaction, seq
