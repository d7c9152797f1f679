"""Operations with an id of their own: applied once through the receipts of `sync`, by whichever door they come."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.actor import Actor
from backend.core.errors import Invalid
from backend.sync.services import Answer, Handler, Operation, apply_operations
from mobile_api.common.problem import field_problems, refused_before


class _Subject(serializers.Serializer):
    case_id = serializers.UUIDField(required=False)
    dispute_id = serializers.UUIDField(required=False)
    plan_id = serializers.UUIDField(required=False)
    stop_id = serializers.UUIDField(required=False)
    id = serializers.UUIDField(required=False)


def checked(shape: type[serializers.Serializer], payload: dict[str, Any]) -> dict[str, Any]:
    """Raises Invalid that names every wrong field, so that the refusal can be kept with the receipt."""
    found = shape(data=payload)
    try:
        found.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        parts = list(field_problems(error.detail))
        raise Invalid(parts[0]["detail"] if parts else "", errors=parts) from error
    return dict(found.validated_data)


def subject_of(payload: dict[str, Any], name: str) -> UUID:
    """The id of what the operation is about. Raises Invalid."""
    found: UUID | None = checked(_Subject, payload).get(name)
    if found is None:
        raise Invalid(f"{name} is missing", field=name)
    return found


def payload_of(request: Request, **subject: UUID) -> dict[str, Any]:
    """The operation's payload as an offline phone would send it: the body without `op_id`, with its subject."""
    said = {name: value for name, value in dict(request.data).items() if name != "op_id"}
    return {**said, **{name: str(value) for name, value in subject.items()}}


def apply_one(
    handlers: dict[str, Handler],
    *,
    actor: Actor,
    op_id: UUID,
    kind: str,
    payload: dict[str, Any],
    now: datetime,
    then: Callable[[dict[str, Any]], Response],
) -> Response:
    """One operation by its direct address: `then` makes the answer of what was applied, now or before."""
    operation = Operation(op_id=op_id, kind=kind, payload=payload)
    answer: Answer = apply_operations(actor=actor, operations=[operation], handlers=handlers, now=now)[0]
    if answer.outcome == "applied":
        return then(answer.result or {})
    return refused_before(answer.problem or {"code": "unavailable"})
