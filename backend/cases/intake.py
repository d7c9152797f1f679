"""The one way in: whatever the channel, a report becomes a located, routed, dated case in one transaction."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import connection, transaction

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.roles import FIELD_ROLES
from backend.areas import switching
from backend.cases import access, photos, routing
from backend.cases.errors import BadPoint, EvidenceMissing, NotInOwnGrid
from backend.cases.flows.holding import flow_for, state_after
from backend.cases.history import record_step
from backend.cases.models import Case, NumberSeries, Photo
from backend.cases.photos import PhotoClaim
from backend.cases.rehoming import follow_boundaries
from backend.cases.workflow import Action, State
from backend.core.clock import LOCAL
from backend.core.crypto import blind_index
from backend.core.errors import IdReused
from backend.core.ids import digest_of
from backend.dispatch import services as dispatch
from backend.dispatch.services import Verdict
from backend.matters import queries as matters
from gis.coordinates import CoordinateError, to_wgs84


@dataclass(frozen=True, slots=True)
class PointIn:
    """A position as it came: degrees in the declared system, radius of the fix in metres when the phone knew it."""

    lon: float
    lat: float
    crs: str
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class SelfHandled:
    """The worker dealt with it on the spot: what was done, with pictures before and after."""

    note: str
    photos_before: Sequence[PhotoClaim]
    photos_after: Sequence[PhotoClaim]


@dataclass(frozen=True, slots=True)
class NewReport:
    """What somebody reports. `id` is the client's UUIDv7: the same id again is the same report."""

    id: UUID
    matter_id: UUID
    point: PointIn
    channel: str
    description: str = ""
    condition_id: UUID | None = None
    address_text: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    photo_claims: Sequence[PhotoClaim] = ()
    answers: dict[str, Any] = field(default_factory=dict)
    self_handled: SelfHandled | None = None

    def digest(self) -> bytes:
        """Tells a repeat from another content under the same id."""
        said = [
            self.matter_id,
            self.condition_id,
            self.point.lon,
            self.point.lat,
            self.point.crs,
            self.point.accuracy_m,
            self.channel,
            self.description,
            self.address_text,
            self.contact_name,
            self.contact_phone,
            self.answers,
            [str(claim.photo_id) for claim in self.photo_claims],
            self.self_handled is not None,
        ]
        return digest_of([str(part) if isinstance(part, UUID) else part for part in said])


@dataclass(frozen=True, slots=True)
class Reported:
    """The case, the code to follow it with, and whether this call opened it."""

    case: Case
    tracking_code: str
    is_new: bool


@transaction.atomic
def report_case(*, actor: Actor, report: NewReport, now: datetime) -> Reported:
    """Opens a case: grid, rules, responsible and deadline are decided before this returns.

    The same report again answers with the stored case. Raises IdReused for another content under the id, BadPoint,
    OutsideServedArea, UnknownMatter, UnknownCondition, PhotoNotYours, EvidenceMissing, NotInOwnGrid.
    """
    _queue_up(report.id)
    if Case.objects.filter(pk=report.id).exists():
        return _repeated(actor, Case.objects.get(pk=report.id), report)
    lon, lat = converted(report.point)
    matter = matters.get_matter(report.matter_id, public_only=actor.role not in FIELD_ROLES and not actor.is_console)
    condition = matters.condition_for(matter, report.condition_id)
    mark = switching.switch_mark()
    verdict = dispatch.decide(lon=lon, lat=lat, accuracy_m=report.point.accuracy_m, matter=matter, now=now)
    case = Case(
        id=report.id,
        version=0,
        matter=matter,
        matter_version=matter.version,
        condition=condition,
        state=State.REPORTED.value,
        channel=report.channel,
        description=report.description,
        answers=report.answers,
        location=Point(lon, lat, srid=4326),
        raw_lon=report.point.lon,
        raw_lat=report.point.lat,
        raw_crs=report.point.crs,
        accuracy_m=report.point.accuracy_m,
        address_text=report.address_text,
        grid=verdict.grid,
        area_path=verdict.area_path,
        reporter_id=actor.user_id,
        contact_name=report.contact_name,
        contact_phone=report.contact_phone,
        contact_phone_index=blind_index(report.contact_phone) if report.contact_phone else None,
        tracking_digest=access.tracking_digest(access.tracking_code(report.id)),
        payload_digest=report.digest(),
        reported_at=now,
    )
    case.number = _unnumbered(report.id)
    case.save(force_insert=True)
    _open(case, actor=actor, report=report, verdict=verdict, now=now)
    follow_boundaries(case, mark, now=now)
    # Last of all: until the commit nobody else in the county gets a number.
    case.number = _next_number(verdict, now)
    case.save(update_fields=["number"])
    return Reported(case, access.tracking_code(case.pk), is_new=True)


def _queue_up(report_id: UUID) -> None:
    """Copies of one report that come at once are taken one after the other; others don't wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(report_id)])


def _repeated(actor: Actor, known: Case, report: NewReport) -> Reported:
    same = hmac.compare_digest(bytes(known.payload_digest), report.digest()) and known.reporter_id == actor.user_id
    if not same:
        raise IdReused("this id was used for another report; take a new id", field="id")
    return Reported(known, access.tracking_code(known.pk), is_new=False)


def converted(point: PointIn) -> tuple[float, float]:
    """WGS84 degrees. Raises BadPoint."""
    try:
        return to_wgs84(point.lon, point.lat, point.crs)
    except CoordinateError as error:
        raise BadPoint(str(error), field=f"location.{error.field}", reason=error.code) from error


def _unnumbered(report_id: UUID) -> str:
    """What stands in the number's place until the end of the transaction; nobody ever sees it."""
    return f"-{report_id.hex[-23:]}"


def _next_number(verdict: Verdict, now: datetime) -> str:
    """`yyyymmdd` + 6-digit county + 5-digit daily serial (domain_standards §2): no hole, no double.

    The lock ends with the transaction, so a report that fails gives its number back.
    """
    county = "".join(verdict.area.path.split(".")[:2])[:6].ljust(6, "0")
    day = now.astimezone(LOCAL).date()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {NumberSeries._meta.db_table} (day, county, last) VALUES (%s, %s, 1) "
            "ON CONFLICT (day, county) DO UPDATE SET last = cases_numberseries.last + 1 RETURNING last",
            [day, county],
        )
        serial = cursor.fetchone()[0]
    return f"{day:%Y%m%d}{county}{serial:05d}"


def _open(case: Case, *, actor: Actor, report: NewReport, verdict: Verdict, now: datetime) -> None:
    begun = flow_for(case.area_path, fresh=True).find(None, Action.REPORT, actor.role).to
    event = record_step(case, action=Action.REPORT, actor=actor, to_state=begun, now=now)
    photos.attach(report.photo_claims, now=now, case=case, event=event, purpose=Photo.Purpose.REPORT)
    dispatch.keep(case_id=case.pk, verdict=verdict, cause="intake", now=now)
    if report.self_handled is not None:
        _close_on_the_spot(case, actor=actor, handled=report.self_handled, verdict=verdict, now=now)
    elif case.matter.auto_file and verdict.grid is not None:
        routing.file_and_dispatch(case, verdict=verdict, actor=SYSTEM, now=now)


def _close_on_the_spot(case: Case, *, actor: Actor, handled: SelfHandled, verdict: Verdict, now: datetime) -> None:
    if verdict.grid is None or not actor.covers(verdict.area_path):
        raise NotInOwnGrid("only what lies in one of your own grids can be closed on the spot", field="location")
    if not handled.photos_before or not handled.photos_after:
        raise EvidenceMissing("a picture before and one after are needed", field="self_handled")
    case.responsible_id = actor.user_id
    case.handled_at = case.closed_at = now
    event = record_step(
        case,
        action=Action.SELF_HANDLE,
        actor=actor,
        to_state=state_after(case, Action.SELF_HANDLE, actor),
        now=now,
        note=handled.note,
        changed=["responsible", "handled_at", "closed_at"],
    )
    photos.attach(handled.photos_before, now=now, case=case, event=event, purpose=Photo.Purpose.BEFORE)
    photos.attach(handled.photos_after, now=now, case=case, event=event, purpose=Photo.Purpose.AFTER)
