"""Closed cases of the past from a table: rows, their history lines, and the number series behind them."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import connection

from backend.accounts.models import User
from backend.accounts.roles import Role
from backend.areas import queries as areas
from backend.areas.models import Area, Boundary
from backend.cases import access, workflow
from backend.cases.history import PRIVATE_ACTIONS
from backend.cases.models import Case, CaseEvent, NumberSeries
from backend.cases.workflow import Action, State
from backend.core.calendar import work_calendar
from backend.core.clock import LOCAL, Unit, deadline
from backend.core.ids import digest_of, uuid7
from backend.core.imports import Report, Row, read_table, refuse_doubles
from backend.matters.models import FilingCondition, Matter

BATCH: Final = 2000
COLUMNS: Final = (
    "number",
    "matter_code",
    "channel",
    "description",
    "lon",
    "lat",
    "crs",
    "reported_at",
    "filed_at",
    "dispatched_at",
    "handled_at",
    "closed_at",
    "responsible_username",
    "outcome",
    "rating",
)
OUTCOMES: Final = {
    "closed": State.CLOSED,
    "self_handled": State.CLOSED,
    "not_accepted": State.NOT_ACCEPTED,
    "forced_close": State.FORCED_CLOSE,
    "cancelled": State.CANCELLED,
}
NUMBER_DIGITS: Final = 19

Step = tuple[Action, State, State, datetime, Role]


class CasesImport:
    """One import of finished cases. Numbers that are known already are left as they are: history is not rewritten."""

    def __init__(self, report: Report, *, now: datetime) -> None:
        self._report, self._now = report, now
        self._index = areas.grid_index(now)
        boundaries = Boundary.objects.filter(pk__in=[shape.id for shape in self._index.grids]).select_related("area")
        by_boundary = {boundary.pk: boundary.area for boundary in boundaries}
        self._grids: list[Area] = [by_boundary[UUID(str(shape.id))] for shape in self._index.grids]
        self._users = {user.username: user for user in User.objects.all()}
        self._matters: dict[str, list[Matter]] = defaultdict(list)
        for matter in Matter.objects.all():
            self._matters[matter.code].append(matter)
        self._conditions: dict[UUID, FilingCondition] = {}
        for condition in FilingCondition.objects.filter(is_active=True).order_by("-position"):
            self._conditions[condition.matter_id] = condition
        self._calendar = work_calendar()

    def run(self, file: Path) -> None:
        """Check all rows, then store what is new."""
        rows = read_table(self._report, file, COLUMNS)
        refuse_doubles(rows, "number")
        held = set(Case.objects.values_list("number", flat=True))
        cases: list[Case] = []
        events: list[CaseEvent] = []
        points = [row.point() for row in rows]
        for row, point, grid in zip(
            self._report.progress(rows, "cases"), points, self._grids_of(rows, points), strict=True
        ):
            case = self._case(row, point, grid)
            if case is not None and case.number not in held:
                cases.append(case)
                events += self._events(case, row.text("outcome"))
        self._report.stop_if_bad()
        Case.objects.bulk_create(cases, batch_size=BATCH)
        CaseEvent.objects.bulk_create(events, batch_size=BATCH)
        _raise_series(cases)
        self._report.counts |= {
            "cases": len(cases),
            "known before": len(rows) - len(cases),
            "history lines": len(events),
        }

    def _grids_of(self, rows: list[Row], points: list[tuple[float, float, float, float, str]]) -> list[Area | None]:
        good = [position for position, row in enumerate(rows) if not row.is_bad]
        owners = self._index.locate_batch([points[one][0] for one in good], [points[one][1] for one in good])
        found: list[Area | None] = [None] * len(rows)
        for position, owner in zip(good, owners.tolist(), strict=True):
            if owner < 0:
                rows[position].refuse("lon", f"{points[position][0]:.6f}, {points[position][1]:.6f} lies in no grid")
            else:
                found[position] = self._grids[owner]
        return found

    def _case(self, row: Row, point: tuple[float, float, float, float, str], grid: Area | None) -> Case | None:
        number = row.text("number", most=24)
        if len(number) != NUMBER_DIGITS or not number.isdigit():
            row.refuse("number", f"{number!r} is not yyyymmdd, county and serial in {NUMBER_DIGITS} digits")
        matter = self._matter(row)
        state = OUTCOMES.get(row.choice("outcome", OUTCOMES))
        reported, closed = row.moment("reported_at"), row.moment("closed_at")
        filed, dispatched = row.moment("filed_at", needed=False), row.moment("dispatched_at", needed=False)
        handled = row.moment("handled_at", needed=False)
        times = [moment for moment in (reported, filed, dispatched, handled, closed) if moment is not None]
        if any(before > after for before, after in pairwise(times)):
            row.refuse("closed_at", "the times do not follow one another: reported, filed, dispatched, handled, closed")
        if closed is not None and closed > self._now:
            row.refuse("closed_at", "lies in the future: only finished cases can be imported")
        rating = row.integer("rating", minimum=1, maximum=5) if row.text("rating", needed=False) else None
        user = self._users.get(row.text("responsible_username"))
        if user is None:
            row.refuse("responsible_username", f"no person {row.text('responsible_username', needed=False)!r}")
        channel = row.choice("channel", Case.Channel.values)
        description = row.text("description", needed=False, most=4000)
        if row.is_bad or matter is None or state is None or reported is None or grid is None:
            return None
        condition = self._conditions.get(matter.pk)
        case = Case(
            id=uuid7(),
            number=number,
            matter=matter,
            matter_version=matter.version,
            condition=condition,
            state=state.value,
            channel=channel,
            description=description,
            location=Point(point[0], point[1], srid=4326),
            raw_lon=point[2],
            raw_lat=point[3],
            raw_crs=point[4],
            grid=grid,
            area_path=grid.path,
            responsible=user,
            department_id=matter.department_id if matter.handler == Matter.Handler.DEPARTMENT else None,
            reported_at=reported,
            filed_at=filed,
            dispatched_at=dispatched,
            handled_at=handled,
            closed_at=closed,
            satisfied=rating,
            responded=True if rating else None,
            solved=rating >= 3 if rating else None,
            rated_at=closed + timedelta(hours=3) if rating and closed else None,
            payload_digest=digest_of(["import", number]),
        )
        case.tracking_digest = access.tracking_digest(access.tracking_code(case.pk))
        if condition is not None and dispatched is not None:
            case.limit_amount, case.limit_unit = condition.limit_amount, condition.limit_unit
            case.due_at = deadline(
                self._calendar, dispatched, float(condition.limit_amount), Unit(condition.limit_unit)
            )
        return case

    def _matter(self, row: Row) -> Matter | None:
        code = row.text("matter_code", most=30)
        found = self._matters.get(code, [])
        if len(found) != 1:
            row.refuse("matter_code", f"{code!r} is {'no matter' if not found else 'a matter in several schemes'}")
            return None
        return found[0]

    def _events(self, case: Case, outcome: str) -> list[CaseEvent]:
        events = [
            CaseEvent(
                id=uuid7(),
                case=case,
                n=n,
                at=at,
                action=action.value,
                type=workflow.type_of(before, action),
                from_state=before.value if action is not Action.REPORT else "",
                to_state=after.value,
                actor_id=case.responsible_id if role not in (Role.SYSTEM, Role.RESIDENT) else None,
                actor_role=role.value,
                facts={"imported": True},
                is_public=action not in PRIVATE_ACTIONS,
                was_overdue=bool(case.due_at and at > case.due_at and after is not State.CLOSED),
            )
            for n, (action, before, after, at, role) in enumerate(_steps(case, outcome), start=1)
        ]
        case.version = len(events)
        return events


def _steps(case: Case, outcome: str) -> list[Step]:
    """The steps that the times of the row tell of; who did each is known by role only."""
    doer = Role.DEPARTMENT if case.department_id else Role.GRID_LEADER
    reporter = doer if case.channel == Case.Channel.WORKER else Role.RESIDENT
    closed = case.closed_at or case.reported_at
    steps: list[Step] = [(Action.REPORT, State.REPORTED, State.REPORTED, case.reported_at, reporter)]
    if outcome == "self_handled":
        return [*steps, (Action.SELF_HANDLE, State.REPORTED, State.CLOSED, closed, Role.GRID_LEADER)]
    if outcome == "not_accepted":
        return [*steps, (Action.REFUSE, State.REPORTED, State.NOT_ACCEPTED, closed, Role.SYSTEM)]
    state = State.REPORTED
    for moment, action, after, role in (
        (case.filed_at, Action.FILE, State.FILED, Role.SYSTEM),
        (case.dispatched_at, Action.DISPATCH, State.PENDING_HANDLE, Role.SYSTEM),
        (case.handled_at, Action.SUBMIT, State.PENDING_CHECK, doer),
    ):
        if moment is not None:
            steps.append((action, state, after, moment, role))
            state = after
    ending = {"closed": Action.CLOSE, "forced_close": Action.FORCE_CLOSE, "cancelled": Action.CANCEL}[outcome]
    steps.append((ending, state, OUTCOMES[outcome], closed, Role.SYSTEM))
    if case.rated_at is not None:
        steps.append((Action.RATE, State.CLOSED, State.CLOSED, case.rated_at, Role.RESIDENT))
    return steps


def _raise_series(cases: list[Case]) -> None:
    """New numbers of the same days go on behind the imported ones."""
    last: dict[tuple[date, str], int] = {}
    for case in cases:
        key = (case.reported_at.astimezone(LOCAL).date(), case.number[8:14])
        if case.number[:8] == f"{key[0]:%Y%m%d}":
            last[key] = max(last.get(key, 0), int(case.number[14:]))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {NumberSeries._meta.db_table} AS series (day, county, last) VALUES (%s, %s, %s) "
            "ON CONFLICT (day, county) DO UPDATE SET last = greatest(series.last, excluded.last)",
            [(day, county, serial) for (day, county), serial in last.items()],
        )
