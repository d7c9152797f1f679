"""A division from the check to the undo, with all that stands on its ground: one door for screens and commands."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.areas import access, publishing, undoing
from backend.areas.checking import Draft, FaultLine, coverage_faults, draft_of, keep_report
from backend.areas.edits import open_draft
from backend.areas.errors import NotUndoable
from backend.areas.heirs import closings_of_draft, never_opened
from backend.areas.models import Division
from backend.cases.models import CaseEvent
from backend.dispatch import ruling_places, succession
from backend.dispatch.models import Decision
from backend.inspections import rehoming
from backend.inspections.models import Appointment, Visit
from backend.places.standing import cut_buildings, strays

# Points are named one by one up to here; the counts hold them all.
POINTS_MOST = 500


@transaction.atomic
def check_draft(*, actor: Actor, division_id: UUID, version: int, now: datetime) -> Division:
    """Looks for every fault of this version and keeps the report with the draft.

    Raises DivisionNotFound, MayNotDivide, DivisionNotDraft, StaleVersion.
    """
    division = open_draft(actor, division_id, version)
    draft = draft_of(division)
    faults = coverage_faults(draft)
    ground = draft.ground
    if ground is not None and draft.shapes:
        for stray in strays(draft.shapes, ground)[:POINTS_MOST]:
            kind = f"{stray.kind}_{'twice' if stray.in_codes else 'uncovered'}"
            faults.append(FaultLine(kind, stray.in_codes, stray.households, "points", stray.spot, note=stray.code))
        for cut in cut_buildings(draft.shapes, ground):
            faults.append(
                FaultLine(
                    "building_cut", cut.codes, cut.border_m, "m", cut.spot, cut.outline, heir=cut.codes[0],
                    is_repairable=True, note=cut.name,
                )
            )  # fmt: skip
    faults += _named_closed(draft, now)
    return keep_report(division, faults, now=now)


def _named_closed(draft: Draft, now: datetime) -> list[FaultLine]:
    """Rules and department duty that nobody would take over."""
    stuck = [one for one in succession.names_closed(closings_of_draft(draft), at=now) if one.is_in_the_way]
    return [
        FaultLine(
            f"{one.kind}_names_closed", (one.area.code, *one.closing.takers), 1, one.kind,
            one.closing.spot, note=f"{one.name_zh} / {one.name_en}" if one.name_en else one.name_zh,
        )
        for one in stuck
    ]  # fmt: skip


@transaction.atomic
def publish_division(
    *, actor: Actor, division_id: UUID, version: int, effective_at: datetime | None, now: datetime
) -> Division:
    """Publishes a checked draft; one for now brings open work home in the same transaction, a later one at its moment.

    Rules that name a closed area go to its heir at that moment, rulings to the new boundaries where their border still
    stands. Raises what `areas.publishing.publish_draft` raises, and ClosedAreaNamed.
    """
    division = publishing.publish_draft(
        actor=actor, division_id=division_id, version=version, effective_at=effective_at, now=now
    )
    succession.arrange(division)
    ruling_places.carry(division)
    if division.effective_at is not None and division.effective_at <= now:
        rehoming.switch_division(division_id=division.pk, now=now)
        division.refresh_from_db()
    return division


@transaction.atomic
def undo_division(*, actor: Actor, division_id: UUID, now: datetime) -> Division:
    """Takes a published division back while nothing has happened under it; what has is named.

    Rules that it had handed over name again what they named, rulings hold where they held. Raises DivisionNotFound,
    MayNotDivide, NotUndoable, ClosedAreaNamed where somebody has made a rule since for an area that the undo closes.
    """
    division = access.get_division(actor, division_id)
    access.refuse_readers(actor)
    publishing.lock_publishing()
    if division.effective_at is not None and division.effective_at <= now:
        _refuse_worked_on(division)
    undone, answer = undoing.undo_division(actor=actor, division_id=division_id, now=now)
    succession.put_back(undone, now=now)
    if answer is None:
        ruling_places.forget(undone)
        succession.refuse(succession.names_closed(never_opened(undone), at=now))
    else:
        succession.arrange(answer)
        rehoming.switch_division(division_id=answer.pk, now=now)
    return undone


def _refuse_worked_on(division: Division) -> None:
    """Raises NotUndoable naming the first kind of work that was done since the division came into force.

    Only what was done on ground that changed counts, and with cases that the division moved.
    """
    since = division.switched_at or division.effective_at
    touched = rehoming.touched_by(division).ids
    moved = CaseEvent.objects.filter(action="route", at__gte=since, facts__change_id=str(division.pk)).values("case")
    by_people = CaseEvent.objects.filter(at__gt=since).exclude(actor_role="system")
    done = {
        "cases_reported": Decision.objects.filter(
            boundary__division=division, boundary__area__in=touched, cause="intake", at__gte=since
        ),
        "cases_worked_on": by_people.filter(Q(case__grid__in=touched) | Q(case__in=moved)),
        "appointments_booked": Appointment.objects.filter(grid__in=touched, booked_at__gt=since),
        "visits_recorded": Visit.objects.filter(grid__in=touched, received_at__gt=since),
    }
    for reason, rows in done.items():
        count = rows.count()
        if count:
            raise NotUndoable(
                "work has been done under this division; draw a new one instead", reason=reason, count=count
            )
