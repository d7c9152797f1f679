"""Bringing open cases to the grids of new boundaries: decided again, stored and told in the history, many a statement.

What one case gets is what `dispatch.decide` and `record_step` would give it; only the statements are fewer.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from backend.accounts.actor import SYSTEM
from backend.areas import queries as areas
from backend.areas import switching
from backend.areas.switching import Mark
from backend.cases.disputes.closing import drop_all_open
from backend.cases.models import Case
from backend.cases.routes import Route, record_routes
from backend.cases.routing import verdict_for
from backend.cases.workflow import OPEN_STATES
from backend.core.rows import array
from backend.dispatch import rulings
from backend.dispatch import services as dispatch
from backend.dispatch.errors import OutsideServedArea
from backend.dispatch.services import Ask, Verdict
from backend.matters import queries as matters

# Cases a statement: bounds the memory, and keeps the rows locked in the order of their ids.
AT_A_TIME: Final = 5_000
# Ids as text: fifty thousand cases would spend a second on UUID objects that nobody looks at.
_LOCK: Final = """
    SELECT id::text, grid_id::text, area_path, ST_X(location), ST_Y(location), accuracy_m, matter_id::text
    FROM cases_case WHERE id = ANY(%s::uuid[]) AND state = ANY(%s) ORDER BY id FOR UPDATE"""


@transaction.atomic
def rehome_cases(case_ids: Collection[UUID | str], *, change_id: UUID, now: datetime) -> list[UUID]:
    """Decides again for these open cases under the boundaries of `now`; answers with those whose grid is another.

    Ids may come as text, as the database writes them.
    """
    ordered = sorted(map(str, case_ids))
    moved: list[UUID] = []
    for begin in range(0, len(ordered), AT_A_TIME):
        moves = _moves(ordered[begin : begin + AT_A_TIME], now)
        if moves:
            record_routes(_routes(moves, now), cause="boundary", change_id=change_id, now=now)
            ids = [case_id for case_id, _, _ in moves]
            drop_all_open(ids, actor=SYSTEM, now=now)
            moved += map(UUID, ids)
    return moved


def follow_boundaries(case: Case, mark: Mark, *, now: datetime) -> None:
    """The last act of whoever decided a case after reading `mark`: where open work was brought to new boundaries since,
    this case goes there too.
    """
    switching.hold_boundaries()
    found = switching.switch_mark()
    if found == mark or found.division_id is None or found.effective_at is None:
        return
    if rehome_cases([case.pk], change_id=found.division_id, now=max(now, found.effective_at)):
        case.refresh_from_db()


def _moves(case_ids: Sequence[str], now: datetime) -> list[tuple[str, str | None, Verdict]]:
    """The locked cases that belong elsewhere, by id: which, in which grid until now, and the new verdict."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [array(case_ids), [state.value for state in OPEN_STATES]])
        rows = cursor.fetchall()
    verdicts = _verdicts(rows, case_ids, now)
    return [
        (case_id, grid_id, verdict)
        for (case_id, grid_id, path, *_), verdict in zip(rows, verdicts, strict=True)
        if verdict is not None
        and (str(verdict.grid.pk) if verdict.grid else None, verdict.area_path) != (grid_id, path)
    ]


def _verdicts(rows: Sequence[tuple[Any, ...]], case_ids: Sequence[str], now: datetime) -> list[Verdict | None]:
    """What `routing.verdict_for` says of each: the few that were ruled on are looked at one by one."""
    known = {str(pk): matter for pk, matter in matters.matters_by_id({row[6] for row in rows}).items()}
    asks = [Ask(lon, lat, accuracy_m, known[matter_id]) for _, _, _, lon, lat, accuracy_m, matter_id in rows]
    verdicts = dispatch.decide_many(asks, now=now)
    ruled = {str(pk) for pk in rulings.ruled_on(case_ids)}
    for place, row in enumerate(rows):
        if row[0] in ruled:
            verdicts[place] = _ruled(row[0], now)
    return verdicts


def _ruled(case_id: str, now: datetime) -> Verdict | None:
    case = Case.objects.select_related("matter__department").get(pk=case_id)
    try:
        return verdict_for(case, now=now)
    except OutsideServedArea:
        return None


def _routes(moves: Sequence[tuple[str, str | None, Verdict]], now: datetime) -> list[Route]:
    codes = {
        str(pk): code
        for pk, code in areas.codes_of({UUID(one) for one in {grid_id for _, grid_id, _ in moves} if one}).items()
    }
    decisions = dispatch.keep_many([(case_id, verdict) for case_id, _, verdict in moves], cause="boundary", now=now)
    return [
        Route(
            case_id=case_id,
            decision_id=decision_id,
            from_code=codes[grid_id] if grid_id else None,
            to_code=verdict.grid.code if verdict.grid else None,
            grid_id=verdict.grid.pk if verdict.grid else None,
            area_path=verdict.area_path,
            worker_id=verdict.worker.pk if verdict.worker else None,
            department_id=verdict.department.pk if verdict.department else None,
        )
        for (case_id, grid_id, verdict), decision_id in zip(moves, decisions, strict=True)
    ]
