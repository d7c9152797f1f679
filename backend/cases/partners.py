"""Reports and updates that go to and from other systems: what they send, what they may see.

A system sees what it sent itself with everything that the reporter would see. Of all other incidents under public
matters it sees what anybody sees: matter, place to about a hundred metres, times and state, no words and no picture.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Concat

from backend.accounts.actor import Actor
from backend.cases import services
from backend.cases.errors import CaseNotFound
from backend.cases.intake import NewReport, Reported, report_case
from backend.cases.models import Case, CaseEvent, PartnerReport, PartnerUpdate
from backend.cases.services import Step
from backend.cases.workflow import OPEN_STATES, Action, State
from backend.core.errors import IdReused
from backend.core.ids import digest_of, uuid7
from backend.matters.models import Matter

_OPEN = [state.value for state in OPEN_STATES]


@dataclass(frozen=True, slots=True)
class Extras:
    """What a case has no room for; `details` are personal and kept encrypted."""

    account_id: str = ""
    media_url: str = ""
    details: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def report_from_partner(*, actor: Actor, report: NewReport, extras: Extras, now: datetime) -> Reported:
    """`report_case` with what came beyond it, in one transaction; a repeat changes nothing."""
    reported = report_case(actor=actor, report=report, now=now)
    if reported.is_new:
        PartnerReport.objects.create(
            case=reported.case,
            account_id=extras.account_id,
            media_url=extras.media_url,
            details=json.dumps(extras.details, ensure_ascii=False) if extras.details else "",
        )
    return reported


@dataclass(frozen=True, slots=True)
class Update:
    """What another system tells of a case that it reported. `reopens` asks to take a closed case up again."""

    update_id: str
    number: str
    words: str
    reopens: bool
    at: datetime

    def digest(self) -> bytes:
        return digest_of([self.number, self.words, self.reopens, self.at.isoformat()])


@transaction.atomic
def take_update(*, actor: Actor, update: Update, now: datetime) -> CaseEvent:
    """A line in the history of the system's own case; the same update again answers with the same line.

    Raises CaseNotFound, IdReused for other words under a known number, TooLateToReopen, TransitionNotAllowed,
    NoteNeeded.
    """
    if actor.user_id is None:
        raise CaseNotFound("no such case")
    case = Case.objects.visible_to(actor).select_for_update(of=("self",)).filter(number=update.number).first()
    if case is None:
        raise CaseNotFound("no such case")
    known = PartnerUpdate.objects.select_related("event").filter(user_id=actor.user_id, update_id=update.update_id)
    if (found := known.first()) is not None:
        return _same(found, update)
    reopens = update.reopens and case.state == State.CLOSED
    step = Step(Action.REOPEN if reopens else Action.NOTE, note=update.words, captured_at=update.at)
    services.act(actor=actor, case_id=case.pk, step=step, now=now)
    event = case.events.filter(actor_id=actor.user_id, action=step.action.value).latest("n")
    try:
        with transaction.atomic():
            PartnerUpdate.objects.create(
                id=uuid7(), user_id=actor.user_id, update_id=update.update_id, event=event, digest=update.digest()
            )
    except IntegrityError as error:
        raise IdReused("this update_id belongs to another request", field="update_id") from error
    return event


def _same(known: PartnerUpdate, update: Update) -> CaseEvent:
    if bytes(known.digest) != update.digest():
        raise IdReused("this update_id was used for another update", field="update_id")
    return known.event


def offered_matters() -> QuerySet[Matter]:
    """Public incidents: what another system may report. Home visits need a window and are booked."""
    return Matter.objects.admitted().filter(public=True, kind=Matter.Kind.INCIDENT).order_by("scheme", "code")


def matters_coded(codes: Sequence[str]) -> QuerySet[Matter]:
    """Matters by `scheme:code`, those that are no longer offered too; both parts may have colons of their own."""
    written = Concat("scheme", Value(":"), "code")
    return Matter.objects.alias(written=written).filter(written__in=codes)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which published cases; empty parts do not narrow. Both ends of a period are included."""

    numbers: Sequence[str] = ()
    codes: Sequence[str] = ()
    start: datetime | None = None
    end: datetime | None = None
    is_open: bool | None = None


def published(wanted: Wanted) -> QuerySet[Case]:
    """Incidents under public matters, newest first."""
    found = Case.objects.filter(matter__public=True, matter__kind=Matter.Kind.INCIDENT)
    if wanted.numbers:
        found = found.filter(number__in=wanted.numbers)
    if wanted.codes:
        found = found.filter(matter__in=list(matters_coded(wanted.codes)))
    if wanted.start is not None:
        found = found.filter(reported_at__gte=wanted.start)
    if wanted.end is not None:
        found = found.filter(reported_at__lte=wanted.end)
    if wanted.is_open is not None:
        found = found.filter(state__in=_OPEN) if wanted.is_open else found.exclude(state__in=_OPEN)
    return found.select_related("matter", "grid", "department", "partner_report").order_by("-reported_at", "id")


def public_events(case_ids: Sequence[UUID]) -> dict[UUID, list[CaseEvent]]:
    """The lines of these cases that their reporters see, oldest first."""
    lines: dict[UUID, list[CaseEvent]] = {case_id: [] for case_id in case_ids}
    for event in CaseEvent.objects.filter(case_id__in=lines, is_public=True).order_by("case_id", "n"):
        lines[event.case_id].append(event)
    return lines


def events_between(start: datetime, end: datetime, *, most: int) -> list[CaseEvent]:
    """Public lines of published cases in a period, oldest first; the report itself is no update."""
    found = CaseEvent.objects.filter(
        at__range=(start, end),
        is_public=True,
        case__matter__public=True,
        case__matter__kind=Matter.Kind.INCIDENT,
    ).exclude(action=Action.REPORT.value)
    return list(found.select_related("case").order_by("at", "id")[:most])


def is_open(case: Case) -> bool:
    return case.state in _OPEN


def details_of(case: Case) -> dict[str, Any]:
    """The personal extras that came with the report of another system."""
    stored: PartnerReport | None = getattr(case, "partner_report", None)
    return dict(json.loads(str(stored.details))) if stored and stored.details else {}
