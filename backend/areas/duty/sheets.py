"""The workbook that offices keep: 网格值守 (who serves which grid), 请假 (who is away), 社区值班 (who is on desk)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as day_time
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.models import Membership, User
from backend.accounts.roles import FIELD_ROLES, Role
from backend.areas.duty.absences import KIND_NAMES, kind_of_absence, settle_absences
from backend.areas.duty.rosters import refuse_overlaps, settle_duties
from backend.areas.models import Absence, Area, DeskShift, Duty, within
from backend.core.clock import LOCAL
from backend.core.ids import uuid7
from backend.core.imports import Report, Row
from backend.core.workbooks import Column, Sheet, write_workbook

ROSTER: Final = Sheet("网格值守", ("roster",), (
    Column("grid_code", "网格编码", width=18),
    Column("grid_name", "网格名称", needed=False, width=16),
    Column("leader", "网格长", width=20),
    Column("phone", "电话", ("值守电话",), needed=False),
    Column("full_time", "专职网格员", width=26),
    Column("part_time", "兼职网格员", width=26),
    Column("deputy_a", "A岗代理", ("A 岗代理",), width=20),
    Column("deputy_b", "B岗代理", ("B 岗代理",), width=20),
    Column("starts", "起", ("开始", "starts"), width=17),
    Column("ends", "止", ("结束", "ends"), width=17),
))  # fmt: skip
ABSENCES: Final = Sheet("请假", ("absences",), (
    Column("name", "姓名"),
    Column("username", "工号"),
    Column("kind", "类型", width=10),
    Column("starts", "起", ("开始", "starts"), width=17),
    Column("ends", "止", ("结束", "ends"), width=17),
    Column("reason", "事由", needed=False, width=30),
))  # fmt: skip
DESK: Final = Sheet("社区值班", ("desk",), (
    Column("desk_code", "社区编码", width=16),
    Column("desk_name", "社区", needed=False),
    Column("day", "日期", width=12),
    Column("starts", "起", ("开始", "starts"), width=8),
    Column("ends", "止", ("结束", "ends"), width=8),
    Column("name", "姓名"),
    Column("username", "工号"),
    Column("phone", "电话", needed=False),
))  # fmt: skip
FORMS: Final = (ROSTER, ABSENCES, DESK)
_NAMED: Final = re.compile(r"^(?P<name>.*?)\s*[（(]\s*(?P<username>[^（）()]+?)\s*[）)]$")
_BETWEEN: Final = re.compile(r"[、,，;；\n]+")
_DESK_ROLES: Final = (Role.COMMUNITY, Role.STREET)
# How far ahead desk shifts are written.
_DESK_AHEAD: Final = timedelta(days=62)


@dataclass
class Imported:
    """What a workbook changed: whose work has to be looked over, and the grids that it names."""

    workers: set[UUID] = field(default_factory=set)
    grids: set[UUID] = field(default_factory=set)


class _People:
    """The staff of the actor's areas, found by number, or by a name that only one of them has."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        roles = [role.value for role in (*FIELD_ROLES, *_DESK_ROLES)]
        held = Membership.objects.filter(role__in=roles, valid__contains=now, user__is_active=True)
        if actor != SYSTEM:
            held = held.filter(within(actor.area_paths, "area__path"))
        self._by_username: dict[str, User] = {}
        self._by_name: dict[str, list[User]] = defaultdict(list)
        for membership in held.select_related("user"):
            if membership.user.username not in self._by_username:
                self._by_username[membership.user.username] = membership.user
                self._by_name[str(membership.user.name)].append(membership.user)

    def find(self, row: Row, column: str, text: str) -> User | None:
        """`张三（leader001）`, `leader001`, or `张三` where only one is called so."""
        named = _NAMED.match(text)
        username = named["username"] if named else text
        found = self._by_username.get(username)
        if found is not None:
            if named and named["name"] and named["name"] != str(found.name):
                row.refuse(column, f"{username} is not {named['name']}; correct the name or the number")
                return None
            return found
        called = self._by_name.get(text, [])
        if len(called) == 1:
            return called[0]
        reason = f"{len(called)} people are called {text}; write 姓名（工号）" if called else f"nobody here is {text}"
        row.refuse(column, reason)
        return None


def import_sheets(report: Report, *, rows: Mapping[str, Sequence[Row]], actor: Actor, now: datetime) -> Imported:
    """Brings duty in line with the rows of FORMS, as `read_workbook` gave them, whole or not at all.

    Each sheet may be left out. Bad rows end in ImportRefused, named by sheet, row and column.
    """
    people = _People(actor, now)
    grids = areas_by_code(actor, Area.Level.GRID)
    desks = areas_by_code(actor, Area.Level.COMMUNITY, Area.Level.STREET)
    phones: dict[str, str] = {}
    duties = [found for row in rows[ROSTER.name] for found in _duties(row, people, grids, phones)]
    refuse_overlaps(duties, field="starts")
    absences = [one for row in rows[ABSENCES.name] if (one := _absence(row, people)) is not None]
    _refuse_double_absences(absences)
    shifts = [it for row in rows[DESK.name] if (it := _shift(row, people, desks)) is not None]
    _refuse_double_shifts(shifts)
    report.stop_if_bad()
    imported = Imported(grids={duty.grid_id for _, duty in duties})
    imported.workers |= settle_duties([duty for _, duty in duties], now=now)
    _set_phones(grids, phones)
    new_absences = settle_absences([absence for _, absence in absences], now=now)
    imported.workers |= {absence.worker_id for _, absence in absences if absence.change_id is not None}
    _settle_shifts([shift for _, shift in shifts])
    report.counts |= {
        "duties": len(duties), "absences": len(absences), "new absences": new_absences, "desk shifts": len(shifts),
        "people whose duty ended": len(imported.workers),
    }  # fmt: skip
    return imported


def areas_by_code(actor: Actor, *levels: str) -> dict[str, Area]:
    found = Area.objects.filter(level__in=levels, closed_at=None).select_related("parent")
    if actor != SYSTEM:
        found = found.visible_to(actor)
    return {area.code: area for area in found}


def _duties(row: Row, people: _People, grids: Mapping[str, Area], phones: dict[str, str]) -> list[tuple[Row, Duty]]:
    grid = grids.get(row.text("grid_code", most=30))
    if grid is None and row.text("grid_code", needed=False):
        row.refuse("grid_code", f"no grid {row.text('grid_code')} in your areas")
    valid = read_period(row, needs_end=False)
    phone = row.text("phone", needed=False, most=30)
    if grid is None or valid is None:
        return []
    if phone and phone != (grid.duty_phone or (grid.parent.duty_phone if grid.parent else "")):
        phones[grid.code] = phone
    found = []
    for column, post, rank, part_time in (
        ("leader", Duty.Post.LEADER, 0, False),
        ("full_time", Duty.Post.WORKER, 0, False),
        ("part_time", Duty.Post.WORKER, 0, True),
        ("deputy_a", Duty.Post.DEPUTY, 1, False),
        ("deputy_b", Duty.Post.DEPUTY, 2, False),
    ):
        names = [name for name in _BETWEEN.split(row.text(column, needed=False, most=400)) if name.strip()]
        if len(names) > 1 and post != Duty.Post.WORKER:
            row.refuse(column, "one person holds this post")
            continue
        for name in names:
            worker = people.find(row, column, name.strip())
            if worker is not None:
                duty = Duty(
                    id=uuid7(), grid=grid, worker=worker, post=post, rank=rank, part_time=part_time, valid=valid
                )
                found.append((row, duty))
    return found


def read_period(row: Row, *, needs_end: bool) -> DateTimeTZRange | None:
    """From 起 to 止: whole days, the last one included, or to the minute where a time is written."""
    starts, ends = row.text("starts"), row.text("ends", needed=needs_end)
    lower = read_moment(row, "starts", starts)
    upper = read_moment(row, "ends", ends, is_end=True) if ends else None
    if lower is None or (ends and upper is None):
        return None
    if upper is not None and upper <= lower:
        row.refuse("ends", "lies not after the begin")
        return None
    return None if row.is_bad else DateTimeTZRange(lower, upper)


def read_moment(row: Row, column: str, text: str, *, is_end: bool = False) -> datetime | None:
    said = text.replace("/", "-").replace("T", " ")
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"):
        try:
            found = datetime.strptime(said, form).replace(tzinfo=LOCAL)
        except ValueError:
            continue
        return found + timedelta(days=1) if is_end and form == "%Y-%m-%d" else found
    if text:
        row.refuse(column, f"{text!r} is not a date like 2026-11-23 or a time like 2026-11-23 14:00")
    return None


def _person(row: Row, people: _People) -> User | None:
    """The person of a row that has both 姓名 and 工号."""
    name, username = row.text("name", needed=False, most=60), row.text("username", needed=False, most=60)
    if not name and not username:
        row.refuse("username", "is empty")
        return None
    return people.find(row, "username", f"{name}（{username}）" if name and username else username or name)


def _absence(row: Row, people: _People) -> tuple[Row, Absence] | None:
    worker = _person(row, people)
    said = row.text("kind", most=20)
    kind = kind_of_absence(said)
    if said and kind == Absence.Kind.OTHER and said.lower() not in KIND_NAMES[Absence.Kind.OTHER]:
        row.refuse("kind", f"{said!r} is none of {'、'.join(names[0] for names in KIND_NAMES.values())}")
    period = read_period(row, needs_end=False)
    reason = row.text("reason", needed=False, most=40)
    if worker is None or period is None or row.is_bad:
        return None
    return row, Absence(id=uuid7(), worker=worker, period=period, kind=kind, reason=reason)


def _refuse_double_absences(absences: Sequence[tuple[Row, Absence]]) -> None:
    last: dict[UUID, tuple[Row, Absence]] = {}
    for row, absence in sorted(absences, key=lambda item: item[1].period.lower):
        before = last.get(absence.worker_id)
        if before and (before[1].period.upper is None or before[1].period.upper > absence.period.lower):
            row.refuse("starts", f"overlaps the absence in row {before[0].number}")
        last[absence.worker_id] = (row, absence)


def _shift(row: Row, people: _People, desks: Mapping[str, Area]) -> tuple[Row, DeskShift] | None:
    code = row.text("desk_code", most=30)
    desk = desks.get(code)
    if code and desk is None:
        row.refuse("desk_code", f"no community or street {code} in your areas")
    worker = _person(row, people)
    day = read_moment(row, "day", row.text("day"))
    starts, ends = read_clock(row, "starts"), read_clock(row, "ends")
    phone = row.text("phone", needed=False, most=30)
    if desk is None or worker is None or day is None or starts is None or ends is None or row.is_bad:
        return None
    lower = day + timedelta(hours=starts.hour, minutes=starts.minute)
    upper = day + timedelta(hours=ends.hour, minutes=ends.minute)
    if upper <= lower:
        upper += timedelta(days=1)
    return row, DeskShift(id=uuid7(), desk=desk, worker=worker, period=DateTimeTZRange(lower, upper), phone=phone)


def read_clock(row: Row, column: str) -> day_time | None:
    text = row.text(column)
    try:
        return day_time(0) if text == "24:00" else day_time.fromisoformat(text.zfill(5)) if text else None
    except ValueError:
        row.refuse(column, f"{text!r} is not a time like 08:30")
        return None


def _refuse_double_shifts(shifts: Sequence[tuple[Row, DeskShift]]) -> None:
    last: dict[UUID, tuple[Row, DeskShift]] = {}
    for row, shift in sorted(shifts, key=lambda item: item[1].period.lower):
        before = last.get(shift.worker_id)
        if before and before[1].period.upper > shift.period.lower:
            row.refuse("starts", f"overlaps the shift in row {before[0].number}")
        last[shift.worker_id] = (row, shift)


def _settle_shifts(shifts: Sequence[DeskShift]) -> None:
    """The desks' days that the list names hold what it says and nothing else."""
    days: dict[UUID, set[date]] = defaultdict(set)
    for shift in shifts:
        days[shift.desk_id].add(shift.period.lower.astimezone(LOCAL).date())
    held = {_shift_key(one): one for one in DeskShift.objects.filter(desk__in=days)}
    wanted = {_shift_key(one) for one in shifts}
    gone = [
        one.pk
        for key, one in held.items()
        if key not in wanted and one.period.lower.astimezone(LOCAL).date() in days[one.desk_id]
    ]
    DeskShift.objects.filter(pk__in=gone).delete()
    DeskShift.objects.bulk_create(one for one in shifts if _shift_key(one) not in held)


def _shift_key(shift: DeskShift) -> tuple[object, ...]:
    return shift.desk_id, shift.worker_id, shift.period.lower, shift.period.upper, shift.phone


def _set_phones(grids: Mapping[str, Area], phones: Mapping[str, str]) -> None:
    for code, phone in phones.items():
        Area.objects.filter(pk=grids[code].pk).update(duty_phone=phone)


def export_sheets(*, actor: Actor, now: datetime, community: Area | None = None, more: Sequence[Sheet] = ()) -> bytes:
    """The workbook of the actor's areas, or of one community in them, as it is read back without any change; `more`
    are sheets of other rooms.
    """
    grids = sorted(areas_by_code(actor, Area.Level.GRID).values(), key=lambda grid: grid.code)
    desks = list(areas_by_code(actor, Area.Level.COMMUNITY, Area.Level.STREET).values())
    if community is not None:
        grids = [grid for grid in grids if grid.parent_id == community.pk]
        desks = [desk for desk in desks if desk.pk == community.pk]
    return write_workbook(
        [
            Sheet(ROSTER.name, (), ROSTER.columns, list(_roster_rows(grids, now))),
            Sheet(ABSENCES.name, (), ABSENCES.columns, list(_absence_rows(grids, now))),
            Sheet(DESK.name, (), DESK.columns, list(_desk_rows(desks, now))),
            *more,
        ]
    )


def _roster_rows(grids: Sequence[Area], now: datetime) -> Iterable[dict[str, str]]:
    """One row a grid and period; people with other periods stand in rows of their own."""
    found = Duty.objects.filter(grid__in=grids).exclude(post=Duty.Post.COVER).select_related("worker")
    teams: dict[tuple[UUID, str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for duty in found.order_by("valid", "worker__username"):
        if duty.valid.upper is not None and duty.valid.upper <= now:
            continue
        starts, ends = begin_text(duty.valid.lower), end_text(duty.valid.upper)
        teams[duty.grid_id, starts, ends][_column_of(duty)].append(_name_of(duty.worker))
    for grid in grids:
        for (_, starts, ends), team in ((key, team) for key, team in teams.items() if key[0] == grid.pk):
            yield {
                "grid_code": grid.code,
                "grid_name": grid.name,
                "phone": grid.duty_phone or (grid.parent.duty_phone if grid.parent else ""),
                "starts": starts,
                "ends": ends,
                **{column: "、".join(names) for column, names in team.items()},
            }


def _column_of(duty: Duty) -> str:
    if duty.post == Duty.Post.DEPUTY:
        return "deputy_a" if duty.rank == 1 else "deputy_b"
    if duty.post == Duty.Post.WORKER:
        return "part_time" if duty.part_time else "full_time"
    return "leader"


def _name_of(user: User) -> str:
    return f"{user.name}（{user.username}）"


def begin_text(at: datetime) -> str:
    local = at.astimezone(LOCAL).replace(tzinfo=None)
    return f"{local:%Y-%m-%d}" if local.time() == day_time(0) else local.isoformat(sep=" ")


def end_text(at: datetime | None) -> str:
    """A bound at midnight is written as the last whole day before it."""
    if at is None:
        return ""
    local = at.astimezone(LOCAL).replace(tzinfo=None)
    return f"{local - timedelta(days=1):%Y-%m-%d}" if local.time() == day_time(0) else local.isoformat(sep=" ")


def _absence_rows(grids: Sequence[Area], now: datetime) -> Iterable[dict[str, str]]:
    workers = Duty.objects.filter(grid__in=grids, valid__overlap=DateTimeTZRange(now, None)).values("worker")
    found = Absence.objects.filter(worker__in=workers, period__overlap=DateTimeTZRange(now, None))
    for absence in found.select_related("worker").order_by("period", "worker__username"):
        yield {
            "name": str(absence.worker.name),
            "username": absence.worker.username,
            "kind": KIND_NAMES[Absence.Kind(absence.kind)][0],
            "starts": begin_text(absence.period.lower),
            "ends": end_text(absence.period.upper),
            "reason": absence.reason,
        }


def _desk_rows(desks: Sequence[Area], now: datetime) -> Iterable[dict[str, str]]:
    today = now.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    found = DeskShift.objects.filter(desk__in=desks, period__startswith__gte=today)
    found = found.filter(period__startswith__lt=today + _DESK_AHEAD).select_related("worker", "desk")
    for shift in found.order_by("desk__code", "period", "worker__username"):
        starts, ends = shift.period.lower.astimezone(LOCAL), shift.period.upper.astimezone(LOCAL)
        yield {
            "desk_code": shift.desk.code,
            "desk_name": shift.desk.name,
            "day": f"{starts:%Y-%m-%d}",
            "starts": f"{starts:%H:%M}",
            "ends": f"{ends:%H:%M}",
            "name": str(shift.worker.name),
            "username": shift.worker.username,
            "phone": shift.phone,
        }
