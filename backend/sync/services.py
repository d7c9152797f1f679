"""Offline operations: at most once each, refusals kept and shown, nothing lost."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from backend.accounts.actor import Actor
from backend.core.errors import DomainError, Unavailable
from backend.core.ids import digest_of
from backend.sync.errors import OperationReused, UnknownOperation
from backend.sync.models import Receipt

log = logging.getLogger(__name__)

# Members of a payload that name what an operation is about.
_SUBJECTS = ("id", "case_id", "dispute_id", "stop_id", "plan_id")


@dataclass(frozen=True, slots=True)
class Operation:
    """What a phone did while it may have been offline. `op_id` is a UUIDv7 made at capture."""

    op_id: UUID
    kind: str
    payload: dict[str, Any]
    captured_at: datetime | None = None

    def digest(self) -> bytes:
        return digest_of([self.kind, self.payload])

    def subjects(self) -> set[str]:
        """Ids of what it is about: two operations that share one must not overtake each other."""
        named = (self.payload.get(name) for name in _SUBJECTS)
        return {one.lower() for one in named if isinstance(one, str)}


# What applies one operation and says what came of it, as JSON for the receipt. Registered by the edge, which knows
# how a payload is checked; the order of a batch is the order in which the phone captured it.
Handler = Callable[[Actor, Operation, datetime], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one operation ended. `retry`: nothing is stored of it, the phone should send it again."""

    op_id: UUID
    outcome: str
    problem: dict[str, Any] | None = None
    result: dict[str, Any] | None = field(default=None)


def apply_operations(
    *, actor: Actor, operations: Sequence[Operation], handlers: dict[str, Handler], now: datetime
) -> list[Answer]:
    """Applies a batch in order, each in a transaction of its own: one bad operation never blocks the others.

    Only what is about the same thing as an operation that has to be sent again waits with it: taken before it, it would
    be refused for good.
    """
    answers: list[Answer] = []
    postponed: set[str] = set()
    for operation in operations:
        waits = bool(postponed & operation.subjects())
        answer = _later(operation) if waits else _answer(actor, operation, handlers, now)
        if answer.outcome == "retry":
            postponed |= operation.subjects()
        answers.append(answer)
    return answers


def is_answered(actor: Actor, op_id: UUID) -> bool:
    """Whether this operation of the actor has its answer already, which every repeat gets."""
    assert actor.user_id is not None
    return Receipt.objects.filter(user_id=actor.user_id, op_id=op_id).exists()


def _answer(actor: Actor, operation: Operation, handlers: dict[str, Handler], now: datetime) -> Answer:
    try:
        receipt = _apply_once(actor, operation, handlers, now)
    except OperationReused as error:
        return Answer(operation.op_id, "refused", problem=_problem(error))
    except (DatabaseError, OSError, Unavailable) as error:
        log.warning("operation %s is to be sent again: %s", operation.op_id, type(error).__name__)
        return _later(operation)
    except Exception:  # a bug of one operation must not keep those behind it on the phone
        log.exception("operation %s (%s) failed", operation.op_id, operation.kind[:30])
        return _later(operation)
    return Answer(operation.op_id, receipt.outcome, problem=receipt.problem, result=receipt.result)


def _later(operation: Operation) -> Answer:
    return Answer(operation.op_id, "retry", problem={"code": "unavailable", "detail": "send it again later"})


@transaction.atomic
def _apply_once(actor: Actor, operation: Operation, handlers: dict[str, Handler], now: datetime) -> Receipt:
    assert actor.user_id is not None
    _queue_up(actor.user_id, operation.op_id)
    known = Receipt.objects.filter(user_id=actor.user_id, op_id=operation.op_id).first()
    if known is not None:
        if bytes(known.payload_digest) != operation.digest():
            raise OperationReused("this operation id was used for something else", field="op_id")
        return known
    receipt = Receipt(
        op_id=operation.op_id,
        user_id=actor.user_id,
        kind=operation.kind[:30],
        payload_digest=operation.digest(),
        outcome=Receipt.Outcome.APPLIED,
        captured_at=operation.captured_at,
        received_at=now,
    )
    try:
        with transaction.atomic():
            receipt.result = _handler(handlers, operation.kind)(actor, operation, now)
    except Unavailable:  # no decision: a part that it needs is away just now
        raise
    except DomainError as error:
        receipt.outcome, receipt.problem = Receipt.Outcome.REFUSED, _problem(error)
    receipt.save(force_insert=True)
    return receipt


def _queue_up(user_id: UUID, op_id: UUID) -> None:
    """Two copies of one operation at once are taken one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"{user_id}/{op_id}"])


def _handler(handlers: dict[str, Handler], kind: str) -> Handler:
    if kind not in handlers:
        raise UnknownOperation(f"no operation is called {kind!r}; update the app", field="kind")
    return handlers[kind]


def _problem(error: DomainError) -> dict[str, Any]:
    facts = {
        name: fact if isinstance(fact, str | int | float | bool | list | dict) else str(fact)
        for name, fact in error.facts.items()
    }
    return {"code": error.code, "detail": error.detail, **facts}
