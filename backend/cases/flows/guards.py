"""The conditions that a table names: each looks at the locked case and raises the refusal that the person reads."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from backend.accounts.actor import Actor
from backend.cases.errors import (
    AlreadyAppealed,
    AlreadyRated,
    ExtensionAsked,
    NoLimit,
    NothingAsked,
    NotLate,
    PastTheDeadline,
    TooLateToReopen,
    TooManyExtensions,
    TooManySuspensions,
    WithADepartment,
)
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


def _has_limit(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.due_at is None:
        raise NoLimit("this case has no deadline to extend")


def _not_overdue(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.due_at is not None and now > case.due_at:
        raise PastTheDeadline("the deadline has passed; more time is asked for before it")


def _extension_asked(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.extension_asked_at is None:
        raise NothingAsked("nobody asks for more time any more")


def _no_extension_asked(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.extension_asked_at is not None:
        raise ExtensionAsked("more time has been asked for already; wait for the answer")


def _extended_less_than(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.extension_count >= count:
        raise TooManyExtensions(f"a case is extended {count} times at most", most=count)


def _suspended_less_than(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.suspension_count >= count:
        raise TooManySuspensions(f"a case is suspended {count} times at most", most=count)


def _handled_late(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.due_at is None or case.handled_at is None or case.handled_at <= case.due_at:
        raise NotLate("this case was handled in time; there is nothing to appeal against")


def _appealed(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.appeal != Case.Appeal.ASKED:
        raise NothingAsked("no appeal is open on this case")


def _not_appealed(case: Case, actor: Actor, now: datetime, count: int) -> None:
    if case.appeal != Case.Appeal.NONE:
        raise AlreadyAppealed("a case is appealed against once")


CHECKS: Final[dict[Guard, Check]] = {
    Guard.NOT_GONE_TO_DEPARTMENT: _not_gone_to_department,
    Guard.CLOSED_WITHIN_DAYS: _closed_within,
    Guard.NOT_RATED: _not_rated,
    Guard.HAS_LIMIT: _has_limit,
    Guard.NOT_OVERDUE: _not_overdue,
    Guard.EXTENSION_ASKED: _extension_asked,
    Guard.NO_EXTENSION_ASKED: _no_extension_asked,
    Guard.EXTENDED_LESS_THAN: _extended_less_than,
    Guard.SUSPENDED_LESS_THAN: _suspended_less_than,
    Guard.HANDLED_LATE: _handled_late,
    Guard.APPEALED: _appealed,
    Guard.NOT_APPEALED: _not_appealed,
}
