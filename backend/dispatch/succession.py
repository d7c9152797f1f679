"""Rules and department duty that name an area which a division closes: handed to its one heir, or in the way.

A target is handed over with the ground; a condition ("in this grid", a department's duty there) only to an heir with
hardly any other ground, for it would hold where nobody meant it to. What is in the way is named before the publish and
refuses it: a rule is changed or switched off by whoever answers for it, never guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from backend.accounts.actor import SYSTEM
from backend.areas.heirs import Closing, closings_of
from backend.areas.models import Area, Division
from backend.core import audit
from backend.core.ids import uuid7
from backend.core.rows import array, lock_rows
from backend.dispatch.errors import ClosedAreaNamed
from backend.dispatch.models import DepartmentDuty, Rule, RuleHandover, RuleVersion
from backend.dispatch.rules import content_of


class Reason(StrEnum):
    """Why nobody takes over; empty: somebody does."""

    HANDED = ""
    NO_SINGLE_HEIR = "no_single_heir"
    OTHER_GROUND = "other_ground"
    OTHER_KIND = "other_kind"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Naming:
    """One place where a rule or a row of duty names an area that is closed.

    `kind`: rule or department_duty. `field`: area (a condition) or target_area. `reason`: why nobody does.
    """

    kind: str
    id: UUID
    name_zh: str
    name_en: str
    field: str
    closing: Closing
    reason: Reason
    is_on: bool = True

    @property
    def area(self) -> Area:
        return self.closing.area

    @property
    def heir_code(self) -> str:
        """Who takes over; empty: nobody, for the reason."""
        return "" if self.reason else self.closing.heir_code

    @property
    def is_in_the_way(self) -> bool:
        """A rule that is switched off stands in nobody's way; without an heir it can't be switched on again."""
        return self.reason is not Reason.HANDED and self.is_on

    def facts(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "id": str(self.id), "name_zh": self.name_zh, "name_en": self.name_en,
            "field": self.field, "area_code": self.area.code, "area_name": self.area.name,
            "area_name_en": self.area.name_en, "heir_code": self.heir_code, "takers": list(self.closing.takers),
            "reason": self.reason.value, "is_in_the_way": self.is_in_the_way,
        }  # fmt: skip


def names_closed(closings: Sequence[Closing], *, at: datetime) -> list[Naming]:
    """Everything that names one of the closing areas and holds at `at` or later: what is in the way first."""
    if not closings:
        return []
    by_area = {one.area.pk: one for one in closings}
    found = [*_rules(by_area, at), *_duties(by_area, at)]
    return sorted(found, key=lambda one: (not one.is_in_the_way, one.kind, one.area.code, one.name_zh, one.id))


def _lasting(at: datetime) -> Q:
    return Q(valid__endswith=None) | Q(valid__endswith__gt=at)


def _rules(by_area: Mapping[UUID, Closing], at: datetime) -> Iterable[Naming]:
    coming = {(one.rule_id, one.field): one.to_area_id for one in RuleHandover.objects.filter(_still_named())}
    touched = Q(area__in=by_area) | Q(target_area__in=by_area) | Q(pk__in={rule_id for rule_id, _ in coming})
    for rule in Rule.objects.filter(_lasting(at), touched).order_by("pk"):
        for field in RuleHandover.Field:
            named = getattr(rule, f"{field}_id")
            closing = by_area.get(coming.get((rule.pk, field.value), named))
            if closing is None:
                continue
            reason = _reason(closing, only_alike=field is RuleHandover.Field.AREA)
            yield Naming(
                "rule", rule.pk, rule.name_zh, rule.name_en, field.value, closing, reason, is_on=rule.enabled
            )  # fmt: skip


def _still_named() -> Q:
    """Handovers whose rule still names the closed area: their moment has not come."""
    return Q(field="area", from_area=F("rule__area")) | Q(field="target_area", from_area=F("rule__target_area"))


def _reason(closing: Closing, *, only_alike: bool) -> Reason:
    if not closing.heir_code:
        return Reason.NO_SINGLE_HEIR
    if not closing.is_same_kind:
        return Reason.OTHER_KIND
    return Reason.OTHER_GROUND if only_alike and not closing.is_alike else Reason.HANDED


_TAKEN: Final = """
    SELECT one.id FROM dispatch_departmentduty AS one
    JOIN dispatch_departmentduty AS other ON other.department_id = one.department_id
        AND other.matter_id IS NOT DISTINCT FROM one.matter_id AND other.week && one.week
        AND other.valid && (one.valid * tstzrange(%(at)s, NULL))
    JOIN areas_area AS heir ON heir.id = other.area_id AND heir.code = %(heir)s
    WHERE one.id = ANY(%(ids)s::uuid[])"""


def _duties(by_area: Mapping[UUID, Closing], at: datetime) -> Iterable[Naming]:
    duties = list(_duties_in(by_area, at).select_related("department").order_by("pk"))
    for closing in by_area.values():
        own = [one for one in duties if one.area_id == closing.area.pk]
        with connection.cursor() as cursor:
            cursor.execute(_TAKEN, {"at": at, "heir": closing.heir_code, "ids": array(one.pk for one in own)})
            taken = {pk for (pk,) in cursor.fetchall()}
        for duty in own:
            reason = _reason(closing, only_alike=True) or (Reason.TAKEN if duty.pk in taken else Reason.HANDED)
            department = duty.department
            yield Naming(
                "department_duty", duty.pk, department.name_zh, department.name_en, "area", closing, reason
            )  # fmt: skip


def _duties_in(areas: Iterable[UUID], at: datetime) -> QuerySet[DepartmentDuty]:
    return DepartmentDuty.objects.filter(_lasting(at), area__in=list(areas))


def arrange(division: Division) -> None:
    """Notes for each rule who takes over at the division's moment. In the transaction that publishes it.

    Raises ClosedAreaNamed for what has no heir.
    """
    at = _moment(division)
    named = names_closed(closings_of(division), at=at)
    refuse(named)
    heirs = {one.code: one for one in Area.objects.filter(code__in={one.heir_code for one in named if one.heir_code})}
    RuleHandover.objects.bulk_create(
        RuleHandover(
            id=uuid7(), rule_id=one.id, division=division, field=one.field, from_area=one.area,
            to_area=heirs[one.heir_code], at=at,
        )
        for one in named
        if one.kind == "rule" and one.heir_code
    )  # fmt: skip


def refuse(named: Sequence[Naming]) -> None:
    """Raises ClosedAreaNamed, naming what is in the way."""
    stuck = [one for one in named if one.is_in_the_way]
    if stuck:
        told = ", ".join(f"{one.name_en or one.name_zh} ({one.area.code})" for one in stuck[:10])
        raise ClosedAreaNamed(
            f"rules or rows of department duty name an area that is closed, and no single area takes over: {told}; "
            "change them, switch them off or end them first",
            named=[one.facts() for one in stuck[:100]],
            count=len(stuck),
        )


def hand_over(division: Division, *, now: datetime) -> int:
    """Writes the heirs into the rules and the duty, at the switch; how many. In the transaction that switches.

    A rule that somebody has turned elsewhere since is left as it is.
    """
    written = _write_rules(RuleHandover.objects.filter(_still_named(), division=division), now, back=False)
    return written + _hand_duty(division, now)


def put_back(division: Division, *, now: datetime) -> int:
    """Undoing: rules that name the heir name the reopened area again, and what had not come yet never comes."""
    kept = RuleHandover.objects.filter(division=division)
    handed = Q(field="area", to_area=F("rule__area")) | Q(field="target_area", to_area=F("rule__target_area"))
    written = _write_rules(kept.filter(handed), now, back=True)
    kept.delete()
    return written


def _write_rules(found: QuerySet[RuleHandover], now: datetime, *, back: bool) -> int:
    handed: dict[UUID, list[RuleHandover]] = {}
    for one in found.select_related("from_area", "to_area").order_by("rule_id", "field"):
        handed.setdefault(one.rule_id, []).append(one)
    lock_rows(Rule.objects.filter(pk__in=handed))
    for rule in Rule.objects.filter(pk__in=handed).select_related("area", "matter", "department", "target_area"):
        for one in handed[rule.pk]:
            setattr(rule, one.field, one.from_area if back else one.to_area)
        rule.version += 1
        rule.changed_at, rule.changed_by_id = now, None
        rule.save(update_fields=["area", "target_area", "version", "changed_at", "changed_by"])
        _tell(rule, handed[rule.pk], now)
    return len(handed)


def _tell(rule: Rule, handed: Sequence[RuleHandover], now: datetime) -> None:
    action = RuleVersion.Action.HANDED_OVER
    RuleVersion.objects.create(
        id=uuid7(), rule=rule, n=rule.version, at=now, actor_id=None, actor_role=SYSTEM.role.value, action=action,
        content=content_of(rule),
    )  # fmt: skip
    audit.record(
        f"rule_{action}", actor_id=None, role=SYSTEM.role.value, subject_kind="rule", subject_id=rule.pk, now=now,
        version=rule.version, division=str(handed[0].division_id),
    )  # fmt: skip


def _hand_duty(division: Division, now: datetime) -> int:
    """Rows of a closed area end at the moment; the heir has them from then on.

    One that was entered since the publish and has no heir just ends.
    """
    at, count = _moment(division), 0
    for closing in closings_of(division):
        duties = list(_duties_in([closing.area.pk], at).order_by("pk"))
        named = {one.id: one for one in _duties({closing.area.pk: closing}, at)} if duties else {}
        heir = Area.objects.filter(code=closing.heir_code).first()
        for duty in duties:
            _hand_row(duty, heir if not named[duty.pk].reason else None, at)
            audit.record(
                "department_duty_handed_over", actor_id=None, role=SYSTEM.role.value, subject_kind="department_duty",
                subject_id=duty.pk, now=now, division=str(division.pk), from_area=closing.area.code,
                to_area=named[duty.pk].heir_code,
            )  # fmt: skip
            count += 1
    return count


def _hand_row(duty: DepartmentDuty, heir: Area | None, at: datetime) -> None:
    held_before = duty.valid.lower is None or duty.valid.lower < at
    if heir is not None:
        fresh = DepartmentDuty.objects.get(pk=duty.pk)
        fresh.pk, fresh.area, fresh.version, fresh.looked_at = uuid7(), heir, 1, at
        fresh.valid = type(duty.valid)(at if held_before else duty.valid.lower, duty.valid.upper)
        fresh.save(force_insert=True)
    if held_before:
        duty.valid = type(duty.valid)(duty.valid.lower, at)
        duty.version, duty.looked_at = duty.version + 1, at
        duty.save(update_fields=["valid", "version", "looked_at"])
    else:
        duty.delete()


def _moment(division: Division) -> datetime:
    if division.effective_at is None:
        raise ValueError(f"division {division.pk} is not published")
    return division.effective_at
