"""The doctor says what is wrong and what to do about it."""

import json
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from backend.core import audit


def findings() -> dict[str, dict[str, Any]]:
    """What the doctor says, by subject; it exits with 1 when something is wrong."""
    said = StringIO()
    try:
        call_command("doctor", "--json", stdout=said)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    found = {one["subject"]: one for one in json.loads(said.getvalue())}
    assert code == int(any(one["verdict"] == "wrong" for one in found.values()))
    return found


@pytest.fixture
def three_entries(db: None, now: datetime) -> None:
    for number in range(3):
        audit.record("look", actor_id=None, role="city", subject_kind="case", subject_id=number, now=now)


@pytest.mark.usefixtures("three_entries")
def test_a_whole_trail_is_well() -> None:
    trail = findings()["audit trail"]
    assert (trail["verdict"], trail["text"]) == ("ok", "3 entries, the chain is whole")


@pytest.mark.usefixtures("three_entries")
@pytest.mark.parametrize(
    ("forgery", "entry"),
    [
        ("UPDATE core_auditentry SET role = 'admin' WHERE seq = 2", 2),
        ("DELETE FROM core_auditentry WHERE seq = 2", 3),
    ],
    ids=["changed", "removed"],
)
def test_a_broken_trail_is_named_with_what_to_do(forgery: str, entry: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER audit_append_only")
        cursor.execute(forgery)
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER audit_append_only")
    trail = findings()["audit trail"]
    assert trail["verdict"] == "wrong"
    assert f"entry {entry} " in trail["text"]
    assert f"from seq {entry - 1} on" in trail["remedy"]
