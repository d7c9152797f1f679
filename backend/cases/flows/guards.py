"""The conditions that a table names: each looks at the locked case and raises the refusal that the person reads."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from backend.accounts.actor import Actor
from backend.cases.errors import AlreadyRated, TooLateToReopen, WithADepartment
from backend.cases.flows.names import Guard
from backend.cases.flows.table import Transition
from backend.cases.models import Case
from backend.core.errors import DomainError

Check = Callable[[Case, Actor, datetime, int], None]


def check(row: Transition, *, case: Case, actor: Actor, now: datetime) -> None:
    """Raises the refusal of the first guard that does not hold."""
    for one in row.guards:
        CHECKS[one.guard](case, actor, now, one.count)


def holds(row: Transition, *, case: Case, actor: Actor, now: datetime) -> bool:
    """Whether every guard of the row holds; asks the database nothing, so that lists may call it."""
    try:
        check(row, case=case, actor=actor, now=now)
    except DomainError:
        return False
    return True


def _not_gone_to_department(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if actor.is_field and case.department_id is not None:
        raise WithADepartment("the case has gone to a department; its grid no longer takes it on", state=case.state)


def _closed_within(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.closed_at is None or now > case.closed_at + timedelta(days=count):
        raise TooLateToReopen(f"a case can be reopened for {count} days; please report anew", days=count)


def _not_rated(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.rated_at is not None:
        raise AlreadyRated("this case has been rated already")


CHECKS: Final[dict[Guard, Check]] = {
    Guard.NOT_GONE_TO_DEPARTMENT: _not_gone_to_department,
    Guard.CLOSED_WITHIN_DAYS: _closed_within,
    Guard.NOT_RATED: _not_rated,
}
