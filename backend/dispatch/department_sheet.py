"""The sheet 部门值班 of the duty workbook: the directory of departments, read and written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from datetime import time as day_time
from itertools import combinations
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import Actor
from backend.accounts.models import Department
from backend.areas.duty.sheets import areas_by_code, begin_text, end_text, read_clock, read_period
from backend.areas.models import Area
from backend.core.ids import uuid7
from backend.core.imports import Report, Row
from backend.core.workbooks import Column, Sheet
from backend.dispatch.department_duty import listed
from backend.dispatch.models import DepartmentDuty
from backend.matters.models import Matter

DEPARTMENTS: Final = Sheet("部门值班", ("departments",), (
    Column("department_code", "部门编码", width=16),
    Column("department_name", "部门", needed=False, width=20),
    Column("area_code", "区域编码", width=16),
    Column("area_name", "区域", needed=False, width=16),
    Column("matter_code", "事项编码", needed=False, width=16),
    Column("weekdays", "星期", needed=False, width=12),
    Column("hours_from", "时起", needed=False, width=8),
    Column("hours_until", "时止", needed=False, width=8),
    Column("person", "值班人", width=12),
    Column("phone", "电话", width=16),
    Column("starts", "起", ("开始", "starts"), width=17),
    Column("ends", "止", ("结束", "ends"), width=17),
))  # fmt: skip
_LEVELS: Final = (Area.Level.CITY, Area.Level.COUNTY, Area.Level.STREET, Area.Level.COMMUNITY, Area.Level.GRID)
_DAY_MINUTES: Final = 1440
_WEEKDAYS: Final = range(1, 8)
# What a list begins or ends counts as not yet followed: the sweep of the directory tells the open work.
_UNSEEN: Final = timedelta(seconds=1)


def read_directory(rows: Sequence[Row], actor: Actor) -> list[DepartmentDuty]:
    """The rows as they shall stand; what is wrong is refused with sheet, row and column, also two at one time."""
    if not rows:
        return []
    departments = {one.code: one for one in Department.objects.filter(is_active=True)}
    areas = areas_by_code(actor, *_LEVELS)
    found = [(row, duty) for row in rows if (duty := _duty(row, departments, areas)) is not None]
    _refuse_two_at_a_time(found)
    return [duty for _, duty in found]


def _duty(row: Row, departments: Mapping[str, Department], areas: Mapping[str, Area]) -> DepartmentDuty | None:
    department = departments.get(row.text("department_code", most=30))
    if department is None and row.text("department_code", needed=False):
        row.refuse("department_code", f"no department {row.text('department_code')}")
    area = areas.get(row.text("area_code", most=30))
    if area is None and row.text("area_code", needed=False):
        row.refuse("area_code", f"no area {row.text('area_code')} among yours")
    matter = _matter(row)
    weekdays = _weekdays(row)
    hours = [read_clock(row, name) if row.text(name, needed=False) else None for name in ("hours_from", "hours_until")]
    if (hours[0] is None) != (hours[1] is None) or (hours[0] is not None and hours[0] == hours[1]):
        row.refuse("hours_until", "begin and end of the hours belong together and differ; leave both empty for all day")
    person, phone = row.text("person", most=60), row.text("phone", most=30)
    valid = read_period(row, needs_end=False)
    if department is None or area is None or valid is None or row.is_bad:
        return None
    return DepartmentDuty(
        id=uuid7(), department=department, area=area, matter=matter, weekdays=weekdays, hours_from=hours[0],
        hours_until=hours[1], person=person, phone=phone, valid=valid,
    )  # fmt: skip


def _matter(row: Row) -> Matter | None:
    code = row.text("matter_code", needed=False, most=40)
    if not code:
        return None
    found = list(Matter.objects.filter(code=code)[:2])
    if len(found) != 1:
        row.refuse("matter_code", f"{len(found)} matters have the code {code}")
        return None
    return found[0]


def _weekdays(row: Row) -> list[int]:
    """`1-5`, `6,7`, empty for every day; Monday is 1."""
    days: set[int] = set()
    text = row.text("weekdays", needed=False, most=20)
    for part in text.replace("，", ",").replace("、", ",").split(","):
        first, _, last = part.strip().partition("-")
        if not part.strip():
            continue
        if not (first.isdecimal() and (last or first).isdecimal()) or not {int(first), int(last or first)} <= set(
            _WEEKDAYS
        ):
            row.refuse("weekdays", f"{part!r} is no weekday like 1 or 1-5; Monday is 1")
            return []
        days |= set(range(int(first), int(last or first) + 1))
    return [] if len(days) == len(_WEEKDAYS) else sorted(days)


def _refuse_two_at_a_time(wanted: Sequence[tuple[Row, DepartmentDuty]]) -> None:
    groups: dict[tuple[UUID, UUID, UUID | None], list[tuple[Row, DepartmentDuty]]] = defaultdict(list)
    for row, duty in wanted:
        groups[duty.department_id, duty.area_id, duty.matter_id].append((row, duty))
    for group in groups.values():
        for (first, before), (row, duty) in combinations(group, 2):
            if _meet(before.valid, duty.valid) and minutes_of(before) & minutes_of(duty):
                row.refuse("starts", f"two people are on duty at one time, see row {first.number}")


def _meet(one: DateTimeTZRange, other: DateTimeTZRange) -> bool:
    ends_before = one.upper is not None and one.upper <= other.lower
    return not ends_before and not (other.upper is not None and other.upper <= one.lower)


def minutes_of(duty: DepartmentDuty) -> set[int]:
    """Minutes of the week, from Monday midnight, as the column `week` has them."""
    found: set[int] = set()
    for day in duty.weekdays or _WEEKDAYS:
        begin = (day - 1) * _DAY_MINUTES
        since, until = _minute(duty.hours_from, 0), _minute(duty.hours_until, _DAY_MINUTES)
        if since < until:
            found |= set(range(begin + since, begin + until))
        else:
            found |= set(range(begin + since, begin + _DAY_MINUTES))
            following = day % len(_WEEKDAYS) * _DAY_MINUTES
            found |= set(range(following, following + until))
    return found


def _minute(at: day_time | None, otherwise: int) -> int:
    return otherwise if at is None else at.hour * 60 + at.minute


def settle_directory(wanted: Sequence[DepartmentDuty], *, now: datetime) -> int:
    """The listed departments and areas have from now on what the list says, and nothing else; how many are new."""
    pairs = {(duty.department_id, duty.area_id) for duty in wanted}
    held = [
        duty
        for duty in DepartmentDuty.objects.filter(department__in={pair[0] for pair in pairs})
        if (duty.department_id, duty.area_id) in pairs and (duty.valid.upper is None or duty.valid.upper > now)
    ]
    keys, kept = {_key(duty) for duty in wanted}, {_key(duty) for duty in held}
    for duty in held:
        if _key(duty) in keys:
            continue
        if duty.valid.lower >= now:
            duty.delete()
        else:
            duty.valid, duty.version = DateTimeTZRange(duty.valid.lower, now), duty.version + 1
            duty.looked_at = now - _UNSEEN
            duty.save(update_fields=["valid", "version", "looked_at"])
    fresh = [duty for duty in wanted if _key(duty) not in kept and (duty.valid.upper is None or duty.valid.upper > now)]
    for duty in fresh:
        if held and duty.valid.lower < now:
            duty.valid = DateTimeTZRange(now, duty.valid.upper)
        duty.looked_at = min(duty.valid.lower, now) - _UNSEEN
    DepartmentDuty.objects.bulk_create(fresh)
    return len(fresh)


def _key(duty: DepartmentDuty) -> tuple[object, ...]:
    return (
        duty.department_id, duty.area_id, duty.matter_id, tuple(duty.weekdays), duty.hours_from, duty.hours_until,
        duty.person, duty.phone, duty.valid.lower, duty.valid.upper,
    )  # fmt: skip


def import_directory(report: Report, *, wanted: Sequence[DepartmentDuty], now: datetime) -> None:
    """Settles what `read_directory` gave and counts it."""
    report.counts |= {"department duties": len(wanted), "new department duties": settle_directory(wanted, now=now)}


def directory_sheet(actor: Actor, *, now: datetime, path: str = "") -> Sheet:
    """The directory of the actor's own areas (below `path`), as it is read back without any change."""
    rows = [duty for duty in listed(actor, at=now, path=path) if actor.covers(duty.area.path)]
    return Sheet(DEPARTMENTS.name, (), DEPARTMENTS.columns, list(_rows(rows)))


def _rows(duties: Sequence[DepartmentDuty]) -> Iterable[dict[str, str]]:
    for duty in duties:
        yield {
            "department_code": duty.department.code,
            "department_name": duty.department.name_zh,
            "area_code": duty.area.code,
            "area_name": duty.area.name,
            "matter_code": duty.matter.code if duty.matter else "",
            "weekdays": ",".join(str(day) for day in duty.weekdays),
            "hours_from": f"{duty.hours_from:%H:%M}" if duty.hours_from else "",
            "hours_until": f"{duty.hours_until:%H:%M}" if duty.hours_until else "",
            "person": duty.person,
            "phone": duty.phone,
            "starts": begin_text(duty.valid.lower),
            "ends": end_text(duty.valid.upper),
        }
