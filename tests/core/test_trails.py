"""Audit chain, outbox, encrypted columns: what must hold when things go wrong."""

import contextlib
import threading
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from backend.accounts.models import User
from backend.core import audit, outbox
from backend.core.crypto import CannotDecrypt, blind_index, decrypt, encrypt, mask_name, mask_phone
from backend.core.models import AuditEntry, OutboxMessage


def note(now: datetime, subject: str = "1") -> AuditEntry:
    return audit.record(
        "reveal_contact", actor_id=None, role="street", subject_kind="case", subject_id=subject, now=now
    )


@pytest.mark.parametrize(
    ("forgery", "found_at"),
    [
        ("UPDATE core_auditentry SET subject_id = 'x' WHERE seq = 3", 3),
        ('UPDATE core_auditentry SET facts = \'{"reason": "x"}\' WHERE seq = 3', 3),
        ("UPDATE core_auditentry SET at = at + interval '1 second' WHERE seq = 2", 2),
        ("UPDATE core_auditentry SET actor_id = gen_random_uuid() WHERE seq = 4", 4),
        ("UPDATE core_auditentry SET hash = previous_hash WHERE seq = 1", 1),
        ("DELETE FROM core_auditentry WHERE seq = 2", 3),
        ("DELETE FROM core_auditentry WHERE seq = 1", 2),
    ],
    ids=["subject", "facts", "time", "person", "hash", "one left out", "the first left out"],
)
def test_the_chain_is_whole_and_finds_a_forgery(db: None, now: datetime, forgery: str, found_at: int) -> None:
    for number in range(4):
        note(now, str(number))
    assert audit.first_broken_entry() is None
    _forge(forgery)
    assert audit.first_broken_entry() == found_at


def test_a_forged_entry_with_a_right_hash_breaks_the_next_one(db: None, now: datetime) -> None:
    for number in range(3):
        note(now, str(number))
    forged = AuditEntry.objects.get(seq=2)
    forged.subject_id = "x"
    _forge("UPDATE core_auditentry SET subject_id = 'x', hash = %s WHERE seq = 2", audit.chain_hash(forged))
    assert audit.first_broken_entry() == 3


def test_a_renumbered_trail_is_noticed(db: None, now: datetime) -> None:
    """Whoever can compute hashes may not leave a hole either."""
    note(now)
    later = AuditEntry.objects.get()
    later.seq = 7
    _forge("UPDATE core_auditentry SET seq = 7, hash = %s", audit.chain_hash(later))
    assert audit.first_broken_entry() == 7


def _forge(statement: str, *values: object) -> None:
    """Changes the trail as somebody could who may switch its trigger off."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER audit_append_only")
        cursor.execute(statement, values or None)
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER audit_append_only")


@pytest.mark.parametrize("statement", ["UPDATE core_auditentry SET action = 'x'", "DELETE FROM core_auditentry"])
def test_the_trail_refuses_changes(db: None, now: datetime, statement: str) -> None:
    note(now)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_entries_written_at_once_form_one_chain(now: datetime) -> None:
    def write() -> None:
        for _ in range(5):
            note(now)
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditEntry.objects.count() == 20
    assert audit.first_broken_entry() is None


@pytest.mark.django_db(transaction=True)
def test_two_relays_never_hold_one_message(now: datetime) -> None:
    OutboxMessage.objects.bulk_create(
        OutboxMessage(topic="case_changed", key=str(number), created_at=now) for number in range(60)
    )
    taken: list[int] = []

    def take() -> None:
        while batch := outbox.lease(limit=7, now=now):
            taken.extend(message.pk for message in batch)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 60


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_undone_owes_nothing_and_hurries_nobody(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(outbox, "_nudges", [lambda: seen.append(OutboxMessage.objects.count())])
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        outbox.owe("case_changed", "1", now=now)
        raise ZeroDivisionError
    assert (OutboxMessage.objects.count(), seen) == (0, [])
    with transaction.atomic():
        outbox.owe("case_changed", "2", now=now)
        assert seen == []
    assert seen == [1]


def test_a_message_that_fails_waits_longer_and_is_parked_after_five_tries(db: None, now: datetime) -> None:
    message = outbox.owe("case_changed", "1", now=now)
    moment = now
    for _ in range(outbox.MAX_ATTEMPTS):
        (leased,) = outbox.lease(limit=10, now=moment)
        outbox.mark_failed(leased.pk, error="boom", now=moment)
        assert outbox.lease(limit=10, now=moment) == []
        moment += timedelta(hours=1)
    message.refresh_from_db()
    assert message.parked_at is not None
    assert outbox.lease(limit=10, now=moment) == []


def test_personal_columns_are_stored_encrypted(db: None) -> None:
    user = User.objects.create(username="x", name="测试", phone="19900000001", phone_index=blind_index("19900000001"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone FROM accounts_user WHERE id = %s", [user.pk])
        name, phone = (bytes(part) for part in cursor.fetchone())
    assert "测试".encode() not in name
    assert b"199" not in phone
    user.refresh_from_db()
    assert (user.name, user.phone) == ("测试", "19900000001")
    assert User.objects.get(phone_index=blind_index("199 0000 0001")) == user


def test_damaged_ciphertext_is_noticed() -> None:
    stored = bytearray(encrypt("19900000001"))
    stored[-1] ^= 1
    with pytest.raises(CannotDecrypt):
        decrypt(bytes(stored))


def test_masks() -> None:
    assert (mask_name("测试员"), mask_name(""), mask_phone("19900001234"), mask_phone("110")) == (
        "测**",
        "",
        "199****1234",
        "****",
    )
