"""What somebody may do with a case now: the rows of its table for this state and role whose guards hold."""

from datetime import datetime

from backend.accounts.actor import Actor
from backend.cases.flows import guards
from backend.cases.flows.holding import flow_of
from backend.cases.flows.table import Transition
from backend.cases.models import Case
from backend.cases.workflow import Action, State


def open_steps(case: Case, actor: Actor, *, now: datetime) -> list[Transition]:
    """In the order of the table. Asks the database nothing but, now and then, which table holds."""
    rows = flow_of(case).of(State(case.state), actor.role)
    return [row for row in rows if guards.holds(row, case=case, actor=actor, now=now)]


def may_take(case: Case, action: Action, actor: Actor, *, now: datetime) -> bool:
    return any(row.action is action for row in open_steps(case, actor, now=now))
