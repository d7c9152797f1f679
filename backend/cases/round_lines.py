"""Lines that the rounds write into a case's history: taken out of a plan, a visit that went along or was given back."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import SYSTEM, Actor
from backend.cases.history import record_step
from backend.cases.models import Case
from backend.cases.workflow import Action, State
from backend.core.rows import lock_rows

# In the facts of a note that nobody wrote: the round that the case has left.
LEFT_ROUND: Final = "left_round"
WENT_ALONG: Final = "went_along"
GIVEN_BACK: Final = "given_back"


def record_left_round(*, case_id: UUID, grid_code: str, day: date, now: datetime) -> None:
    """For insiders: the case is no longer in this grid's round of that day. Inside the transaction that took it out."""
    lock_rows(Case.objects.filter(pk=case_id))
    case = Case.objects.select_related("matter", "grid", "responsible", "department").get(pk=case_id)
    facts = {LEFT_ROUND: {"grid": grid_code, "day": str(day)}}
    record_step(case, action=Action.NOTE, actor=SYSTEM, to_state=State(case.state), now=now, facts=facts)


def record_visit_fate(case: Case, *, actor: Actor, fate: str, window: DateTimeTZRange, now: datetime) -> None:
    """For everybody, the resident too: what a correction made of the booked visit. The case is locked by the caller."""
    facts = {"visit": fate, "start": window.lower.isoformat(), "end": window.upper.isoformat()}
    record_step(case, action=Action.REBOOK, actor=actor, to_state=State(case.state), now=now, facts=facts)
