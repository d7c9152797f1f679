"""Correcting where a case lies or what it is about: decided anew, dated anew, told to all, once a correction."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from backend.accounts.actor import SYSTEM, Actor
from backend.areas import switching
from backend.cases import access, routing
from backend.cases.disputes.closing import drop_open
from backend.cases.errors import NoteNeeded, NothingToCorrect, VisitBooked
from backend.cases.flows.holding import state_after
from backend.cases.history import record_step
from backend.cases.intake import PointIn, converted
from backend.cases.limits import restate_limit
from backend.cases.models import Case, CaseEvent, Reroute
from backend.cases.rehoming import follow_boundaries
from backend.cases.rerouting import Cause, Standing, tell_of_move
from backend.cases.workflow import UNDER_WAY, Action, State
from backend.core import outbox
from backend.core.errors import StaleVersion
from backend.core.ids import uuid7
from backend.dispatch import services as dispatch
from backend.dispatch.models import Decision
from backend.dispatch.services import Verdict
from backend.matters import queries as matters
from gis.coordinates import geodesic_m

# Two pins closer than this are one place: it is about what seven decimals of a degree can tell apart.
SAME_PLACE_M = 0.05


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody found to be otherwise, and why; `id` is theirs, and counts once. `version` is the one they saw.

    `point` or `matter_id` (or both) says what is right; `address_text` None leaves the address as it is.
    """

    id: UUID
    version: int
    note: str
    point: PointIn | None = None
    address_text: str | None = None
    matter_id: UUID | None = None
    condition_id: UUID | None = None


@transaction.atomic
def correct_case(
    *,
    actor: Actor,
    case_id: UUID,
    correction: Correction,
    now: datetime,
    captured_at: datetime | None = None,
    visit_id: UUID | None = None,
) -> Case:
    """Sets the right place or matter; grid, owner and deadline follow at once.

    What waits for its owner goes to the new one. What somebody has begun keeps its person, and a person of the desk
    decides (`handover.awaiting_decision`). The same correction again changes nothing. `visit_id`: the booked visit that
    the caller takes care of (`inspections.correcting` is the door that does). Raises CaseNotFound,
    CaseMovedAway, TransitionNotAllowed, RoleMayNot, StaleVersion, NoteNeeded, NothingToCorrect, VisitBooked, BadPoint,
    OutsideServedArea, UnknownMatter, UnknownCondition.
    """
    mark = switching.switch_mark()
    case = access.get_case(actor, case_id, lock=True)
    if is_corrected(case_id=case.pk, correction_id=correction.id):
        return case
    to_state = state_after(case, Action.CORRECT, actor)
    if correction.version != case.version:
        raise StaleVersion("somebody was faster; look at the case again", version=case.version, state=case.state)
    if not correction.note.strip():
        raise NoteNeeded("say why", field="note")
    if set(case.appointments.filter(state="booked").values_list("pk", flat=True)) - {visit_id}:
        raise VisitBooked("a visit was booked for this case just now; look at it again")
    before = Standing.of(case)
    said, place_moved = _take_over(case, correction)
    cause = Cause.LOCATION if place_moved else Cause.MATTER
    verdict = _verdict(case, place_moved=place_moved, now=now)
    Reroute.objects.create(id=uuid7(), case=case, change_id=correction.id, cause=cause.value, at=now)
    keeps = _keeps_owner(case, verdict)
    changed = [*said.changed, *routing.place_in(case, verdict)]
    if not keeps and case.state == State.PENDING_HANDLE:
        case.responsible, case.department = verdict.worker, verdict.department
        changed += ["responsible", "department"]
    due_before = case.due_at
    if said.matter_changed and case.dispatched_at is not None:
        changed += restate_limit(case, now=now)
    decision = dispatch.keep(case_id=case.pk, verdict=verdict, cause=cause.value, now=now)
    facts: dict[str, Any] = {
        **said.facts,
        **before.facts(case),
        "cause": cause.value,
        "change_id": str(correction.id),
        "decision_id": str(decision.pk),
        "rule": verdict.rule,
        "from_due": _iso(due_before),
        "to_due": _iso(case.due_at),
    }
    record_step(
        case, action=Action.CORRECT, actor=actor, to_state=to_state, now=now, note=correction.note.strip(),
        changed=changed, captured_at=captured_at, facts=facts,
    )  # fmt: skip
    drop_open(case, actor=actor, now=now)
    tell_of_move(case, before, cause=cause, now=now)
    if awaits_decision(case):
        outbox.owe("case_to_decide", case.pk, now=now, area_path=case.area_path)
    if case.state == State.REPORTED and case.matter.auto_file and verdict.grid is not None:
        routing.file_and_dispatch(case, verdict=verdict, actor=SYSTEM, now=now)
        restated = restate_limit(case, now=now)
        case.save(update_fields=restated)
    follow_boundaries(case, mark, now=now)
    return case


def is_corrected(*, case_id: UUID, correction_id: UUID) -> bool:
    """Whether this very correction was made before."""
    return Reroute.objects.filter(case=case_id, change_id=correction_id).exists()


def foreseen(case: Case, correction: Correction, *, now: datetime) -> Verdict:
    """Where the case would go, looked up beforehand; changes nothing, the case's row and object neither.

    Raises NothingToCorrect, BadPoint, OutsideServedArea, UnknownMatter, UnknownCondition.
    """
    imagined = copy(case)
    _, place_moved = _take_over(imagined, correction)
    return _verdict(imagined, place_moved=place_moved, now=now)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the correction changed on the row, and what the history says of it."""

    changed: list[str]
    facts: dict[str, Any]
    matter_changed: bool


def _take_over(case: Case, correction: Correction) -> tuple[_Said, bool]:
    """Puts place and matter onto the row; says whether the place is another. Raises NothingToCorrect."""
    facts: dict[str, Any] = {}
    place = _move(case, correction.point, facts) if correction.point is not None else []
    matter = (
        _rename(case, correction.matter_id, correction.condition_id, facts) if correction.matter_id is not None else []
    )
    if not place and not matter:
        raise NothingToCorrect("the case lies there and is of this matter already; name what is otherwise")
    changed = [*place, *matter]
    if correction.address_text is not None and correction.address_text.strip() != case.address_text:
        case.address_text = correction.address_text.strip()
        changed.append("address_text")
    return _Said(changed, facts, bool(matter)), bool(place)


def _move(case: Case, point: PointIn, facts: dict[str, Any]) -> list[str]:
    lon, lat = converted(point)
    old_lon, old_lat = case.location.coords
    away_m = geodesic_m((old_lon, old_lat), (lon, lat))
    if away_m < SAME_PLACE_M:
        return []
    facts |= {"from_place": [old_lon, old_lat], "to_place": [lon, lat], "moved_m": round(away_m, 1)}
    case.location = Point(lon, lat, srid=4326)
    case.raw_lon, case.raw_lat, case.raw_crs = point.lon, point.lat, point.crs
    case.accuracy_m, case.place = point.accuracy_m, None
    return ["location", "raw_lon", "raw_lat", "raw_crs", "accuracy_m", "place"]


def _rename(case: Case, matter_id: UUID, condition_id: UUID | None, facts: dict[str, Any]) -> list[str]:
    matter = matters.get_matter(matter_id, public_only=False)
    condition = matters.condition_for(matter, condition_id)
    if matter.pk == case.matter_id and (condition_id is None or condition == case.condition):
        return []
    facts["from_matter"] = {"zh": case.matter.name_zh, "en": case.matter.name_en}
    facts["to_matter"] = {"zh": matter.name_zh, "en": matter.name_en}
    case.matter, case.matter_version, case.condition = matter, matter.version, condition
    return ["matter", "matter_version", "condition"]


def _verdict(case: Case, *, place_moved: bool, now: datetime) -> Verdict:
    """A ruling on this case binds only where it was ruled on."""
    if not place_moved:
        return routing.verdict_for(case, now=now)
    lon, lat = case.location.coords
    return dispatch.decide(lon=lon, lat=lat, accuracy_m=case.accuracy_m, matter=case.matter, now=now)


def _keeps_owner(case: Case, verdict: Verdict) -> bool:
    """Whoever is busy with it keeps it; so does whom a person chose, where dispatch sends it to the same as before."""
    if case.state in UNDER_WAY:
        return True
    standing = dispatch.latest(case.pk)
    return standing is not None and (standing.grid_id, standing.worker_id, standing.department_id) == (
        verdict.grid.pk if verdict.grid else None,
        verdict.worker.pk if verdict.worker else None,
        verdict.department.pk if verdict.department else None,
    )


def awaits_decision(case: Case) -> bool:
    """Whether somebody is busy with a case that, as corrected, is another's: a person of the desk decides."""
    return Case.objects.filter(corrected_to_another(), pk=case.pk, state__in=UNDER_WAY).exists()


def corrected_to_another() -> Exists:
    """Of a case: its decision in force was made by a correction, names another owner, and nobody was assigned since."""
    newest = Decision.objects.filter(case=OuterRef("case")).order_by("-at", "-id").values("pk")[:1]
    assigned = CaseEvent.objects.filter(case=OuterRef("case"), action=Action.ASSIGN, at__gte=OuterRef("at"))
    same_worker = Q(worker=OuterRef("responsible")) | Q(worker=None, case__responsible=None)
    same_department = Q(department=OuterRef("department")) | Q(department=None, case__department=None)
    by_correction = Decision.objects.filter(
        case=OuterRef("pk"), pk=Subquery(newest), cause__in=(Cause.LOCATION, Cause.MATTER)
    )
    return Exists(by_correction.exclude(same_worker & same_department).filter(~Exists(assigned)))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
