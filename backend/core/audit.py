"""The audit trail: one chained row per look at personal data, export, sign-in or change of rights."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from backend.core.ids import uuid7
from backend.core.middleware import request_id
from backend.core.models import AuditEntry

_CHAIN_LOCK = 4_210_001
_GENESIS = bytes(32)


@transaction.atomic
def record(
    action: str,
    *,
    actor_id: UUID | None,
    role: str,
    subject_kind: str,
    subject_id: object,
    now: datetime,
    **facts: Any,
) -> AuditEntry:
    """Appends one entry. The chain is serialised by an advisory lock that ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
    last = AuditEntry.objects.order_by("-seq").only("seq", "hash").first()
    entry = AuditEntry(
        id=uuid7(),
        seq=last.seq + 1 if last else 1,
        at=now,
        actor_id=actor_id,
        role=role,
        action=action,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        facts=facts,
        request_id=request_id.get(),
        previous_hash=bytes(last.hash) if last else _GENESIS,
    )
    entry.hash = chain_hash(entry)
    entry.save(force_insert=True)
    return entry


def chain_hash(entry: AuditEntry) -> bytes:
    """SHA-256 over the previous hash and everything that the row says."""
    said = [
        str(entry.id),
        entry.seq,
        entry.at.timestamp(),
        str(entry.actor_id),
        entry.role,
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.facts,
        entry.request_id,
    ]
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(bytes(entry.previous_hash) + canonical.encode()).digest()


def first_broken_entry() -> int | None:
    """`seq` of the first entry whose chain does not hold; None when the whole trail is sound."""
    previous = _GENESIS
    expected_seq = 1
    for entry in AuditEntry.objects.order_by("seq").iterator():
        sound = entry.seq == expected_seq and bytes(entry.previous_hash) == previous
        if not sound or bytes(entry.hash) != chain_hash(entry):
            return entry.seq
        previous, expected_seq = bytes(entry.hash), entry.seq + 1
    return None
