"""Absences that come as a list: what is the same stays, what overlaps is replaced, each new one is a change of duty."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from backend.accounts.models import Membership
from backend.accounts.roles import FIELD_ROLES
from backend.areas.models import Absence, Area, Duty, DutyChange
from backend.core.ids import uuid7

# The words that offices write, in the order in which they are looked for.
KIND_NAMES: Final = {
    Absence.Kind.ANNUAL: ("年休假", "年休", "年假", "annual"),
    Absence.Kind.SICK: ("病假", "产假", "sick"),
    Absence.Kind.PERSONAL: ("事假", "婚假", "丧假", "personal"),
    Absence.Kind.TRAINING: ("培训", "学习", "training"),
    Absence.Kind.BUSINESS: ("公差", "出差", "借调", "business"),
    Absence.Kind.OTHER: ("其他", "other"),
}


def kind_of_absence(text: str) -> str:
    """The kind that an office's own word means; OTHER where it says something else."""
    said = text.strip().lower()
    return next((kind.value for kind, names in KIND_NAMES.items() if any(name in said for name in names)), "other")


def settle_absences(wanted: Sequence[Absence], *, now: datetime) -> int:
    """Stores the absences of a list; how many are new. The sweep of changes then moves the work of those away."""
    new: list[Absence] = []
    for absence in wanted:
        held = list(Absence.objects.filter(worker_id=absence.worker_id, period__overlap=absence.period))
        if len(held) == 1 and _said(held[0]) == _said(absence):
            continue
        Absence.objects.filter(pk__in=[one.pk for one in held]).delete()
        new.append(absence)
    employers = _employers([absence.worker_id for absence in new])
    changes = []
    for absence in new:
        area = employers.get(absence.worker_id)
        if area is None:
            continue
        absence.change = DutyChange(
            id=uuid7(),
            kind=DutyChange.Kind.ABSENCE,
            area=area,
            worker_id=absence.worker_id,
            starts_at=absence.period.lower,
            ends_at=absence.period.upper,
            facts={"kind": absence.kind, "from": "list"},
            digest=hashlib.sha256(repr(_said(absence)).encode()).digest(),
            made_at=now,
        )
        changes.append(absence.change)
    DutyChange.objects.bulk_create(changes)
    Absence.objects.bulk_create(new)
    return len(new)


def _said(absence: Absence) -> tuple[object, ...]:
    return absence.period.lower, absence.period.upper, absence.kind, absence.reason


def _employers(worker_ids: Sequence[UUID]) -> dict[UUID, Area]:
    """The community of each worker: the employer's, else that of a grid of theirs."""
    found: dict[UUID, Area] = {}
    for duty in Duty.objects.filter(worker__in=worker_ids).select_related("grid__parent").order_by("-valid"):
        if duty.grid.parent is not None:
            found[duty.worker_id] = duty.grid.parent
    held = Membership.objects.filter(user__in=worker_ids, role__in=[role.value for role in FIELD_ROLES])
    for membership in held.select_related("area").order_by("valid"):
        if membership.area is not None:
            found[membership.user_id] = membership.area
    return found
