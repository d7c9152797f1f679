"""What the console is told of duty."""

from datetime import datetime
from typing import Any

from backend.accounts.actor import Actor
from backend.areas.duty.calendar import Calendar, DayCell, GridRow
from backend.areas.duty.chain import DutyLine
from backend.areas.models import Area, DeskShift, DutyAlarm, DutyChange
from backend.cases.handover import Move
from backend.cases.models import Case
from backend.dispatch.models import DepartmentDuty
from backend.inspections.staff_sheets import SheetEffect
from backend.inspections.staffing import Effect
from maps.console.case_facts import department_ref, person_ref
from mobile_api.common.localised import localised

MOST_ERRORS = 200


def area_ref(area: Area) -> dict[str, str]:
    return {"code": area.code, "name": area.name}


def line_facts(line: DutyLine | None) -> dict[str, Any] | None:
    """The content of `ChainLine`."""
    if line is None:
        return None
    return {
        "worker": person_ref(line.worker),
        "post": line.post,
        "reason": line.reason,
        "absent": line.is_absent,
        "away_kind": line.away_kind,
        "away_since": line.away_since,
        "away_until": line.away_until,
    }


def department_facts(duty: DepartmentDuty) -> dict[str, Any]:
    """The content of `DepartmentDutyOut`."""
    matter = duty.matter
    return {
        "id": duty.pk,
        "department": department_ref(duty.department),
        "area": area_ref(duty.area),
        "matter": {"id": matter.pk, "name": localised(matter.name_zh, matter.name_en)} if matter else None,
        "weekdays": duty.weekdays,
        "hours_from": duty.hours_from,
        "hours_until": duty.hours_until,
        "person": duty.person,
        "phone": duty.phone,
        "starts_at": duty.valid.lower,
        "ends_at": duty.valid.upper,
    }


def calendar_facts(calendar: Calendar, *, days: int, now: datetime) -> dict[str, Any]:
    """The content of `DutyCalendar`."""
    return {
        "community": area_ref(calendar.community),
        "start": calendar.start,
        "days": days,
        "rows": [_row_facts(row) for row in calendar.rows],
        "shifts": [_shift_facts(shift) for shift in calendar.shifts],
        "changes": [_change_facts(change, now) for change in calendar.changes],
        "people": [
            {
                "id": line.worker.pk,
                "name": str(line.worker.name),
                "role": line.role,
                "part_time": line.employment == "part_time",
                "grids": [{"code": code, "name": name} for code, name in line.grids],
            }
            for line in calendar.people
        ],
    }


def _row_facts(row: GridRow) -> dict[str, Any]:
    return {
        "grid": area_ref(row.grid),
        "team": [line_facts(line) for line in row.team],
        "days": [_cell_facts(cell) for cell in row.days],
    }


def _cell_facts(cell: DayCell) -> dict[str, Any]:
    return {
        "day": cell.day,
        "spans": [
            {"starts_at": span.start, "ends_at": span.end, "first": line_facts(span.first)} for span in cell.spans
        ],
        "away": [line_facts(line) for line in cell.away],
    }


def _shift_facts(shift: DeskShift) -> dict[str, Any]:
    return {
        "id": shift.pk,
        "change_id": shift.change_id,
        "worker": person_ref(shift.worker),
        "starts_at": shift.period.lower,
        "ends_at": shift.period.upper,
        "phone": shift.phone,
    }


def _change_facts(change: DutyChange, now: datetime) -> dict[str, Any]:
    facts = change.facts
    return {
        "id": change.pk,
        "kind": change.kind,
        "worker": person_ref(change.worker),
        "starts_at": change.starts_at,
        "ends_at": change.ends_at,
        "absence_kind": facts.get("kind", "") if change.kind == DutyChange.Kind.ABSENCE else "",
        "grid_codes": facts.get("grid_codes")
        or [facts[name] for name in ("from", "to") if len(facts.get(name, "")) > 9],
        "made_by": str(change.made_by.name) if change.made_by else "",
        "can_be_ended": change.kind != DutyChange.Kind.TRANSFER and not change.is_over(now),
    }


def alarm_facts(alarm: DutyAlarm) -> dict[str, Any]:
    """The content of `DutyAlarmOut`."""
    return {
        "id": alarm.pk,
        "grid": area_ref(alarm.grid),
        "community": area_ref(alarm.grid.parent or alarm.grid),
        "starts_at": alarm.period.lower,
        "ends_at": alarm.period.upper,
    }


def case_facts(case: Case) -> dict[str, Any]:
    """The content of `DutyCase`."""
    return {
        "id": case.pk,
        "number": case.number,
        "matter": localised(case.matter.name_zh, case.matter.name_en),
        "state": case.state,
        "grid": area_ref(case.grid) if case.grid else None,
        "owner": person_ref(case.responsible),
    }


def effect_facts(effect: Effect, actor: Actor) -> dict[str, Any]:
    """The content of `DutyEffect`; cases outside the actor's areas are counted, not shown."""
    moves = [move for move in effect.moves if actor.covers(move.case.area_path)]
    to_decide = [case for case in effect.to_decide if actor.covers(case.area_path)]
    return {
        "version": effect.version,
        "begins_now": effect.begins_now,
        "moves": [_move_facts(move) for move in moves],
        "to_decide": [case_facts(case) for case in to_decide],
        "elsewhere": len(effect.moves) + len(effect.to_decide) - len(moves) - len(to_decide),
        "appointments": [
            {
                "id": one.pk,
                "grid": area_ref(one.grid),
                "matter": localised(one.case.matter.name_zh, one.case.matter.name_en),
                "starts_at": one.window.lower,
                "ends_at": one.window.upper,
            }
            for one in effect.appointments
            if actor.covers(one.grid.path)
        ],
        "stops": len(effect.stops),
        "weeks": sorted({stop.route.plan.week_start for stop in effect.stops}),
        "moved": effect.moved,
    }


def _move_facts(move: Move) -> dict[str, Any]:
    department = move.verdict.department
    return {
        "case": {**case_facts(move.case), "owner": person_ref(move.former)},
        "to": person_ref(move.verdict.worker),
        "to_department": localised(department.name_zh, department.name_en) if department else None,
        "rule": move.verdict.rule,
    }


def sheet_facts(effect: SheetEffect, actor: Actor) -> dict[str, Any]:
    """The content of `DutySheetOut`."""
    errors = effect.report.errors
    return {
        "kept": effect.is_kept,
        "version": effect.version,
        "counts": {name.replace(" ", "_"): count for name, count in effect.report.counts.items()},
        "error_count": len(errors),
        "refused": [
            {"sheet": error.file, "row": error.row, "column": error.field, "reason": error.reason}
            for error in errors[:MOST_ERRORS]
        ],
        "moves": [_move_facts(move) for move in effect.moves if actor.covers(move.case.area_path)],
        "to_decide": [case_facts(case) for case in effect.to_decide if actor.covers(case.area_path)],
    }
