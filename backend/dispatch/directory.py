"""Changes of the duty directory of departments, one entry at a time: added, changed, ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import time as day_time
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.models import Department
from backend.areas.errors import DutyOverlaps
from backend.areas.models import Area
from backend.core import audit, outbox
from backend.core.errors import IdReused, StaleVersion
from backend.core.ids import uuid7
from backend.dispatch.errors import BadEntry, EntryEnded, EntryNotFound, EntryOfOthers
from backend.dispatch.models import DepartmentDuty
from backend.matters.models import Matter

_WEEK: Final = 7
# What names one reach: a change of anything else than the end begins a new entry, so that the past stays as it was.
_CONTENT: Final = ("department_id", "area_id", "matter_id", "weekdays", "hours_from", "hours_until", "person", "phone")


class Step(StrEnum):
    """What is done with an entry."""

    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class EntryWish:
    """An entry as it is to be. No matter: all; no weekdays: every day; no hours: all day; no end: until it is ended."""

    department_id: UUID
    area_code: str
    person: str
    phone: str
    starts: datetime
    ends: datetime | None = None
    matter_id: UUID | None = None
    weekdays: list[int] = field(default_factory=list)
    hours_from: day_time | None = None
    hours_until: day_time | None = None


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """One change. `entry_id` of an addition is the client's UUIDv7; `version` is the one that was seen."""

    step: Step
    entry_id: UUID
    version: int | None = None
    wish: EntryWish | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """What a change left: the entry as it now stands (None: it never begins), what the change touched, and when it
    takes hold. `is_new` False: this addition had been made before.
    """

    entry: DepartmentDuty | None
    touched: list[DepartmentDuty]
    at: datetime
    is_new: bool = True


def get_entry(actor: Actor, entry_id: UUID, *, lock: bool = False) -> DepartmentDuty:
    """An entry that holds in the actor's areas. Raises EntryNotFound, also for one of others."""
    found = DepartmentDuty.objects.all() if actor == SYSTEM else DepartmentDuty.objects.visible_to(actor)
    if lock:
        found = found.select_for_update(of=("self",))
    entry = found.select_related("area", "department", "matter").filter(pk=entry_id).first()
    if entry is None:
        raise EntryNotFound("no such entry in your areas")
    return entry


def may_change(actor: Actor, entry: DepartmentDuty) -> bool:
    """Whether the entry is one of the actor's own areas, not of an area above."""
    return actor == SYSTEM or actor.covers(entry.area.path)


@transaction.atomic
def write(*, actor: Actor, change: DirectoryChange, now: datetime) -> Entered:
    """Makes one change, with its line in the audit trail. A repeat of an addition answers with the first.

    What has begun is never rewritten: it ends now, and a new entry begins. Raises BadEntry, EntryNotFound,
    EntryOfOthers, EntryEnded, StaleVersion (with the `present` entry), DutyOverlaps, IdReused.
    """
    with _overlaps_named():
        done = _add(actor, change, now) if change.step is Step.ADDED else _alter(actor, change, now)
    if not done.is_new:
        return done
    subject = done.entry or done.touched[0]
    audit.record(
        f"department_duty_{change.step}", actor_id=actor.user_id, role=actor.role.value,
        subject_kind="department_duty", subject_id=subject.pk, now=now,
        area=subject.area.code, department=subject.department.code, version=subject.version, of=str(change.entry_id),
    )  # fmt: skip
    outbox.owe("duty_changed", subject.pk, now=now, area_path=subject.area.path)
    return done


def _add(actor: Actor, change: DirectoryChange, now: datetime) -> Entered:
    entry = DepartmentDuty(id=change.entry_id, looked_at=now)
    _fill(entry, actor, change.wish, now)
    known = DepartmentDuty.objects.select_related("area", "department", "matter").filter(pk=entry.pk).first()
    if known is None:
        entry.save(force_insert=True)
        return Entered(entry, [entry], max(now, entry.valid.lower))
    if content_of(known) != content_of(entry) or not may_change(actor, known):
        raise IdReused("this id names another entry; take a new id", field="id")
    return Entered(known, [known], known.valid.lower, is_new=False)


def _alter(actor: Actor, change: DirectoryChange, now: datetime) -> Entered:
    held = get_entry(actor, change.entry_id, lock=True)
    if not may_change(actor, held):
        raise EntryOfOthers("this entry is changed by the area above that made it", area=held.area.code)
    if change.version != held.version:
        raise StaleVersion("somebody was faster; look at the entry again", present=content_of(held))
    if held.valid.upper is not None and held.valid.upper <= now:
        raise EntryEnded("this entry has ended; make a new one", present=content_of(held))
    has_begun = held.valid.lower < now
    if change.step is Step.ENDED:
        return _end(held, now) if has_begun else _drop(held, now)
    wished = DepartmentDuty(id=held.pk, looked_at=now, version=held.version + 1)
    _fill(wished, actor, change.wish, now, begun=held.valid.lower if has_begun else None)
    if has_begun and any(getattr(held, name) != getattr(wished, name) for name in _CONTENT):
        _end(held, now)
        wished.id, wished.valid = uuid7(), DateTimeTZRange(now, wished.valid.upper)
        wished.save(force_insert=True)
        return Entered(wished, [held, wished], now)
    wished.save(force_update=True)
    return Entered(wished, [held, wished], max(now, min(held.valid.lower, wished.valid.lower)))


def _end(held: DepartmentDuty, now: datetime) -> Entered:
    held.valid, held.version, held.looked_at = DateTimeTZRange(held.valid.lower, now), held.version + 1, now
    held.save(update_fields=["valid", "version", "looked_at"])
    return Entered(held, [held], now)


def _drop(held: DepartmentDuty, now: datetime) -> Entered:
    """What has not begun never held, and leaves only its line in the audit trail."""
    DepartmentDuty.objects.filter(pk=held.pk).delete()
    return Entered(None, [held], max(now, held.valid.lower))


@contextmanager
def _overlaps_named() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""))
        if name != "department_duty_once":
            raise
        raise DutyOverlaps(
            "somebody of this department answers for this area and matter in these hours already;"
            " end that entry first, or choose other hours",
            field="entry.starts",
        ) from error


@dataclass
class _Faults:
    """What is wrong with a wish, field by field."""

    found: list[dict[str, str]] = field(default_factory=list)

    def add(self, name: str, reason: str, detail: str) -> None:
        self.found.append({"pointer": f"#/entry/{name}", "code": reason, "detail": detail})

    def refuse(self) -> None:
        if self.found:
            raise BadEntry(self.found[0]["detail"], errors=self.found)


def _fill(
    entry: DepartmentDuty, actor: Actor, wish: EntryWish | None, now: datetime, begun: datetime | None = None
) -> None:
    """Puts the wish into the row. What has `begun` keeps its begin. Raises BadEntry with every fault named."""
    if wish is None:
        raise BadEntry("say what the entry is to be", field="entry")
    faults = _Faults()
    department = Department.objects.filter(pk=wish.department_id, is_active=True).first()
    if department is None:
        faults.add("department_id", "unknown", "name a department that is active")
    area = Area.objects.filter(code=wish.area_code, closed_at=None).first()
    if area is None or not (actor == SYSTEM or actor.covers(area.path)):
        faults.add("area_code", "unknown", "no such area in your areas")
    matter = Matter.objects.filter(pk=wish.matter_id).first() if wish.matter_id else None
    if wish.matter_id and matter is None:
        faults.add("matter_id", "unknown", "there is no such matter")
    _check_plain(wish, faults)
    starts = begun or wish.starts
    if wish.ends is not None and wish.ends <= max(starts, now):
        faults.add("ends", "not_after", "the end lies after the begin and after now; to end it now, end the entry")
    faults.refuse()
    assert department is not None and area is not None  # noqa: S101, PT018  (refused above)
    entry.department, entry.area, entry.matter = department, area, matter
    days = sorted(set(wish.weekdays))
    entry.weekdays = [] if len(days) == _WEEK else days
    entry.hours_from, entry.hours_until = wish.hours_from, wish.hours_until
    entry.person, entry.phone = wish.person.strip(), wish.phone.strip()
    entry.valid = DateTimeTZRange(starts, wish.ends)


def _check_plain(wish: EntryWish, faults: _Faults) -> None:
    if not wish.person.strip():
        faults.add("person", "required", "name the person")
    if sum(sign.isdigit() for sign in wish.phone) < 3:
        faults.add("phone", "no_phone", "give a phone number that can be called")
    if any(day not in range(1, _WEEK + 1) for day in wish.weekdays):
        faults.add("weekdays", "out_of_range", "weekdays are 1 (Monday) to 7 (Sunday)")
    if (wish.hours_from is None) != (wish.hours_until is None):
        missing = "hours_until" if wish.hours_until is None else "hours_from"
        faults.add(missing, "required", "hours need a begin and an end; leave both out for all day")
    elif wish.hours_from is not None and wish.hours_from == wish.hours_until:
        faults.add("hours_until", "same", "begin and end are the same; leave both out for all day")


def content_of(entry: DepartmentDuty) -> dict[str, Any]:
    """An entry as plain values, for comparing and for whoever was too late."""
    return {
        "id": str(entry.pk),
        "version": entry.version,
        "department_code": entry.department.code,
        "area_code": entry.area.code,
        "matter_code": entry.matter.code if entry.matter else "",
        "weekdays": list(entry.weekdays),
        "hours_from": f"{entry.hours_from:%H:%M}" if entry.hours_from else None,
        "hours_until": f"{entry.hours_until:%H:%M}" if entry.hours_until else None,
        "person": entry.person,
        "phone": entry.phone,
        "starts_at": entry.valid.lower.astimezone(UTC).isoformat(),
        "ends_at": entry.valid.upper.astimezone(UTC).isoformat() if entry.valid.upper else None,
    }
