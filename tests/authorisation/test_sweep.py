"""Every operation × role × place: what the matrix grants is open, everything else is shut and looks absent."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import override_settings
from rest_framework.response import Response

from backend.cases.models import Case, CaseEvent, Dispute, Photo
from backend.core.models import AuditEntry, OutboxMessage
from backend.inspections.models import Appointment, PlanJob, PlanSeen, Visit, WeeklyPlan
from backend.patrols.models import PatrolSession
from backend.sync.models import Receipt
from tests.authorisation import oracle
from tests.authorisation.calls import BODIES, CREDENTIALS_NEEDED, NEED_STREETS, Operation, operations
from tests.authorisation.oracle import WHERES, Grant
from tests.authorisation.stage import Stage, build

pytestmark = pytest.mark.django_db

OPERATIONS = operations()
KEPT = (
    Appointment, AuditEntry, Case, CaseEvent, Dispute, OutboxMessage,
    PatrolSession, Photo, PlanJob, PlanSeen, Receipt, Visit,
    WeeklyPlan,
)  # fmt: skip


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    media = override_settings(MEDIA_ROOT=tmp_path_factory.getbasetemp() / "media")
    with django_db_blocker.unblock(), media, transaction.atomic():
        yield build()
        transaction.set_rollback(True)


COUNTS_SQL = "SELECT " + ", ".join(f"(SELECT count(*) FROM {model._meta.db_table})" for model in KEPT)


def rows() -> dict[str, int]:
    """How many rows there are, in one question."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS_SQL)
        return dict(zip((model.__name__ for model in KEPT), cursor.fetchone(), strict=True))


def called(operation: Operation, stage: Stage, role: str, where: str) -> Response:
    """The answer; whatever the call wrote is taken back."""
    with transaction.atomic():
        before = rows()
        response = operation.call(stage, role, where)
        if response.status_code in (401, 403, 404) and operation.id not in CREDENTIALS_NEEDED:
            assert rows() == before, "a refused call has changed something"
        transaction.set_rollback(True)
    return response


def bare(response: Response) -> dict[str, Any]:
    return {**response.json(), "request_id": ""}


def content_of(response: Response) -> str:
    whole = b"".join(response.streaming_content) if response.streaming else response.content
    return whole.decode("utf-8", "replace")


@pytest.mark.parametrize("role", oracle.roles())
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_what_is_granted_is_open_and_nothing_else(operation: Operation, role: str, stage: Stage) -> None:
    cache.clear()
    grant = oracle.grant(operation.path, operation.resource, operation.verb, role)
    if grant is None:
        response = called(operation, stage, role, "own")
        assert response.status_code == (401 if role == "anonymous" else 403), content_of(response)[:300]
        return
    assert_open(operation, called(operation, stage, role, "own"), stage, role, grant)
    if operation.object_name is None:
        return
    absent = called(operation, stage, role, "absent")
    assert absent.status_code == 404, content_of(absent)[:300]
    for where in WHERES[1:]:
        response = called(operation, stage, role, where)
        if where in grant.reaches:
            assert_open(operation, response, stage, role, grant)
        else:
            assert response.status_code == 404, f"{where}: {content_of(response)[:300]}"
            assert bare(response) == bare(absent)


def assert_open(operation: Operation, response: Response, stage: Stage, role: str, grant: Grant) -> None:
    """Answered, and with nothing of another part of the town, nor a phone number in clear that is to be masked."""
    status = response.status_code
    refused = {403, 404} | (set() if operation.id in CREDENTIALS_NEEDED else {401})
    if operation.id in NEED_STREETS and status == 503:
        assert response.json()["code"] == "no_network"
        return
    assert status < 500, content_of(response)[:300]
    assert status not in refused, content_of(response)[:300]
    if operation.method == "get":
        assert status in (200, 204), content_of(response)[:300]
    said = content_of(response)
    for where in WHERES:
        if where not in grant.reaches:
            assert stage.canary(where) not in said
        if oracle.contact_shown(role) != "clear" and operation.resource != "contact":
            assert stage.phone(where) not in said


def test_every_operation_stands_in_the_matrix() -> None:
    missing = [
        f"{one.method} {one.path}: {one.resource or 'nothing declared'}"
        for one in OPERATIONS
        if one.resource not in oracle.matrix()["resources"]
        or not any(one.verb in verbs for verbs in oracle.matrix()["resources"][one.resource]["grants"].values())
    ]
    assert missing == []


def test_every_write_has_an_example_body() -> None:
    assert [one.id for one in OPERATIONS if one.method == "post" and one.id not in BODIES] == []
