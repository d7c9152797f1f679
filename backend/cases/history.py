"""One step of a case: the row, its line in the history and the owed message, always together."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Max

from backend.accounts.actor import Actor
from backend.cases import workflow
from backend.cases.models import Case, CaseEvent
from backend.cases.workflow import Action, State
from backend.core import outbox
from backend.core.ids import uuid7

# In the facts of a filing that changed the matter: the id of the one before.
FORMER_MATTER: Final = "former_matter"
# Steps that only insiders see; a resident's timeline leaves them out.
PRIVATE_ACTIONS = frozenset(
    {
        Action.NOTE,
        Action.ESCALATE,
        Action.HAND_BACK,
        Action.ROUTE,
        Action.ASSIGN,
        Action.DISPUTE,
        Action.SETTLE,
        Action.WITHDRAW,
        Action.ASK_EXTENSION,
        Action.DENY_EXTENSION,
        Action.SUPERVISE,
        Action.APPEAL,
        Action.GRANT_APPEAL,
        Action.DENY_APPEAL,
    }
)


def record_step(
    case: Case,
    *,
    action: Action,
    actor: Actor,
    to_state: State,
    now: datetime,
    changed: Iterable[str] = (),
    note: str = "",
    captured_at: datetime | None = None,
    facts: dict[str, Any] | None = None,
) -> CaseEvent:
    """Writes the step. The case row is locked (or new) and its other changes, named in `changed`, are set on it."""
    from_state = State(case.state)
    changed = list(changed)
    gets_it = "department" in changed and case.department_id is not None and _had(case) != case.department_id
    was_overdue = bool(case.due_at and now > case.due_at and to_state not in (State.CLOSED,))
    case.state = to_state.value
    case.version += 1
    case.save(update_fields=["state", "version", *changed])
    event = CaseEvent.objects.create(
        id=uuid7(),
        case=case,
        n=_next_line(case, action),
        at=now,
        captured_at=captured_at,
        action=action.value,
        type=workflow.type_of(from_state, action),
        from_state=from_state.value if action is not Action.REPORT else "",
        to_state=to_state.value,
        actor_id=actor.user_id,
        actor_role=actor.role.value,
        note=note,
        facts=facts or {},
        is_public=action not in PRIVATE_ACTIONS,
        was_overdue=was_overdue,
    )
    owe_change(case, event_id=event.pk, action=action, now=now)
    if gets_it:
        outbox.owe(
            "case_to_department", case.pk, now=now, area_path=case.area_path, department_id=str(case.department_id)
        )
    return event


def _had(case: Case) -> UUID | None:
    """The department that the stored row names."""
    return Case.objects.filter(pk=case.pk).values_list("department_id", flat=True).first()


def _next_line(case: Case, action: Action) -> int:
    """Number of the next line in the history; a report is always the first."""
    if action is Action.REPORT:
        return 1
    return (CaseEvent.objects.filter(case=case).aggregate(last=Max("n"))["last"] or 0) + 1


def owe_change(case: Case, *, event_id: UUID, action: Action, now: datetime) -> None:
    """Owes the news of this step to everybody who follows the case; no personal data goes into the message."""
    outbox.owe(
        "case_changed",
        case.pk,
        now=now,
        area_path=case.area_path,
        event_id=str(event_id),
        action=action.value,
        state=case.state,
        version=case.version,
        responsible_id=str(case.responsible_id) if case.responsible_id else None,
        reporter_id=str(case.reporter_id) if case.reporter_id else None,
    )
