"""An operation counts once, however its copies arrive, and what cannot be decided now is not refused for good."""

import gzip
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.accounts.services import DeviceSeen, sign_in
from backend.cases import services as cases
from backend.cases.models import Case, CaseEvent
from backend.core.errors import Unavailable
from backend.core.ids import uuid7
from backend.notify.models import Notification
from backend.sync.models import Receipt
from backend.sync.services import Handler, Operation, apply_operations
from mobile_api.field.operations import HANDLERS
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import NOON
from tests.inspections.test_races import at_once
from tests.world import PASSWORD, World, make_world

GRID = "002011001"
LEADER = f"leader:{GRID}"


def step(case: Case, action: str, **more: Any) -> Operation:
    return Operation(uuid7(), "case_action", {"case_id": str(case.pk), "action": action, **more})


def outcomes(actor: Actor, *sent: Operation, handlers: dict[str, Handler] = HANDLERS) -> list[str]:
    return [one.outcome for one in apply_operations(actor=actor, operations=sent, handlers=handlers, now=NOON)]


def reported(world: World) -> Case:
    return cases.report_case(actor=ANONYMOUS, report=report(world), now=NOON).case


def steps_of(case: Case) -> list[str]:
    taken = CaseEvent.objects.filter(case=case).order_by("n").values_list("action", flat=True)
    return [action for action in taken if action in ("accept", "submit")]


@pytest.mark.django_db(transaction=True)
def test_copies_at_once_all_get_the_one_answer() -> None:
    world = make_world(NOON)
    case, leader = reported(world), world.actor(LEADER)
    accept = step(case, "accept")

    def slowly(*given: Any) -> dict[str, Any]:
        result = HANDLERS["case_action"](*given)
        time.sleep(0.2)
        return result

    def send() -> str:
        (answer,) = apply_operations(actor=leader, operations=[accept], handlers={"case_action": slowly}, now=NOON)
        return json.dumps([answer.outcome, answer.result], sort_keys=True)

    first, *others = at_once(*[send] * 4)
    assert others == [first] * 3
    assert json.loads(str(first))[0] == "applied"
    assert (Receipt.objects.count(), steps_of(case)) == (1, ["accept"])


@pytest.mark.django_db(transaction=True)
def test_two_contents_under_one_id_at_once_leave_one() -> None:
    world = make_world(NOON)
    one, two = reported(world), reported(world)
    leader, accept = world.actor(LEADER), step(one, "accept")
    other = Operation(accept.op_id, "case_action", {**accept.payload, "case_id": str(two.pk)})

    def send(operation: Operation) -> Callable[[], object]:
        return lambda: apply_operations(actor=leader, operations=[operation], handlers=HANDLERS, now=NOON)[0]

    answers: Any = at_once(send(accept), send(other))
    assert sorted(answer.outcome for answer in answers) == ["applied", "refused"]
    assert [answer.problem["code"] for answer in answers if answer.problem] == ["op_id_reused"]
    assert len(steps_of(one) + steps_of(two)) == 1


def test_the_same_id_in_one_batch(world: World) -> None:
    case = reported(world)
    accept = step(case, "accept")
    other = Operation(accept.op_id, "case_action", {**accept.payload, "action": "submit"})
    assert outcomes(world.actor(LEADER), accept, accept, other) == ["applied", "applied", "refused"]
    assert steps_of(case) == ["accept"]


def test_one_person_with_two_phones_and_two_people_with_one_id(world: World) -> None:
    """A person's second phone gets the first answer; another person's operation of the same id is another one."""
    case, op_id = reported(world), str(uuid7())

    def send(name: str, device: str) -> dict[str, Any]:
        seen = DeviceSeen(client_id=device)
        tokens = sign_in(
            username=world.people[name].username, password=PASSWORD, device=seen, address="203.0.113.7",
            now=datetime.now(NOON.tzinfo),
        )  # fmt: skip
        phone = APIClient(HTTP_AUTHORIZATION=f"Bearer {tokens.access}", HTTP_ACCEPT_LANGUAGE="en")
        body = {"op_id": op_id, "kind": "case_action", "payload": {"case_id": str(case.pk), "action": "accept"}}
        sent = phone.post("/api/v1/field/operations", {"operations": [body]}, format="json").json()
        receipt: dict[str, Any] = sent["receipts"][0]
        return receipt

    first, second = send(LEADER, "one"), send(LEADER, "two")
    assert (first["outcome"], second) == ("applied", first)
    colleague = send(f"worker:{GRID}", "three")
    assert (colleague["outcome"], colleague["problem"]["code"]) == ("refused", "transition_not_allowed")
    assert (Receipt.objects.count(), steps_of(case)) == (2, ["accept"])


def test_what_comes_too_early_is_refused_for_good_and_a_new_try_is_another_operation(world: World) -> None:
    case, leader = reported(world), world.actor(LEADER)
    submit, accept = step(case, "submit"), step(case, "accept")
    assert outcomes(leader, submit, accept) == ["refused", "applied"]
    assert outcomes(leader, submit, accept) == ["refused", "applied"]
    assert outcomes(leader, step(case, "submit")) == ["applied"]
    assert steps_of(case) == ["accept", "submit"]


@pytest.mark.parametrize("trouble", [OperationalError("deadlock"), OSError("disk"), Unavailable(), ZeroDivisionError()])
def test_what_cannot_be_decided_now_waits_with_all_of_its_case_and_holds_up_no_other(
    world: World, trouble: Exception
) -> None:
    case, other, leader = reported(world), reported(world), world.actor(LEADER)

    def fails_after_writing(actor: Actor, operation: Operation, now: datetime) -> dict[str, Any]:
        HANDLERS["case_action"](actor, operation, now)
        if operation.payload["case_id"] == str(case.pk):
            raise trouble
        return {}

    batch = [step(case, "accept"), step(case, "submit"), step(other, "accept"), step(other, "submit")]
    broken: dict[str, Handler] = {"case_action": fails_after_writing}
    assert outcomes(leader, *batch, handlers=broken) == ["retry", "retry", "applied", "applied"]
    assert (Receipt.objects.count(), steps_of(case), steps_of(other)) == (2, [], ["accept", "submit"])
    assert outcomes(leader, *batch) == ["applied"] * 4
    assert steps_of(case) == ["accept", "submit"]


def test_a_receipt_that_cannot_be_kept_undoes_what_it_is_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case, leader = reported(world), world.actor(LEADER)
    accept = step(case, "accept")

    def fails(*_: Any, **__: Any) -> None:
        raise OperationalError("connection lost")

    with monkeypatch.context() as broken:
        broken.setattr(Receipt, "save", fails)
        assert outcomes(leader, accept) == ["retry"]
    assert (Receipt.objects.count(), steps_of(case)) == (0, [])
    assert outcomes(leader, accept) == ["applied"]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_not(world: World, client_of: Any, packed: bool) -> None:
    case, phone = reported(world), client_of(LEADER)

    def send(size: int) -> Any:
        payload = {"case_id": str(case.pk), "action": "accept"}
        body = json.dumps({"operations": [{"op_id": str(uuid7()), "kind": "case_action", "payload": payload}]})
        raw = body.encode().ljust(size)
        more = {"HTTP_CONTENT_ENCODING": "gzip"} if packed else {}
        content = gzip.compress(raw) if packed else raw
        return phone.generic("POST", "/api/v1/field/operations", content, content_type="application/json", **more)

    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    refused = send(most + 1)
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    assert (Receipt.objects.count(), steps_of(case)) == (0, [])
    taken = send(most)
    assert (taken.status_code, taken.json()["receipts"][0]["outcome"]) == (200, "applied")


def test_a_batch_above_the_limit_is_refused_whole(world: World, client_of: Any) -> None:
    case, phone = reported(world), client_of(LEADER)
    payload = {"case_id": str(case.pk), "action": "accept"}
    batch = [{"op_id": str(uuid7()), "kind": "case_action", "payload": payload} for _ in range(201)]
    answer = phone.post("/api/v1/field/operations", {"operations": batch}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/operations")
    assert (Receipt.objects.count(), Notification.objects.count(), steps_of(case)) == (0, 0, [])
