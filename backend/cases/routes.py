"""The step `route` for many cases at once, in SQL: what `history.record_step` writes for one of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from backend.accounts.actor import SYSTEM
from backend.cases import workflow
from backend.cases.history import PRIVATE_ACTIONS
from backend.cases.workflow import OPEN_STATES, UNDER_WAY, Action
from backend.core import outbox
from backend.core.ids import uuid7_texts
from backend.core.rows import array

# A case that somebody is busy with keeps its person and department; one that was never sent out has none.
_PLACE: Final = """
    UPDATE cases_case AS one SET
        version = one.version + 1, grid_id = wanted.grid_id, area_path = wanted.area_path,
        responsible_id = CASE WHEN {follows} THEN wanted.worker_id ELSE one.responsible_id END,
        department_id = CASE WHEN {follows} THEN wanted.department_id ELSE one.department_id END
    FROM unnest(%(ids)s::uuid[], %(grids)s::uuid[], %(paths)s::varchar[], %(workers)s::uuid[], %(departments)s::uuid[])
        AS wanted (id, grid_id, area_path, worker_id, department_id)
    WHERE one.id = wanted.id""".format(follows="one.state <> ALL(%(under_way)s) AND one.dispatched_at IS NOT NULL")
_TELL: Final = """
    INSERT INTO cases_caseevent (
        id, case_id, n, at, action, type, from_state, to_state, actor_id, actor_role, note, facts, is_public,
        was_overdue)
    SELECT said.id, one.id, coalesce(last.n, 0) + 1, %(now)s, %(action)s, %(types)s::jsonb ->> one.state, one.state,
        one.state, NULL, %(role)s, '',
        jsonb_build_object(
            'cause', %(cause)s::text, 'change_id', %(change)s::text, 'decision_id', said.decision_id,
            'from_grid', said.from_grid, 'to_grid', said.to_grid),
        %(is_public)s, coalesce(%(now)s > one.due_at, false)
    FROM unnest(%(events)s::uuid[], %(ids)s::uuid[], %(decisions)s::text[], %(former)s::text[], %(codes)s::text[])
        AS said (id, case_id, decision_id, from_grid, to_grid)
    JOIN cases_case AS one ON one.id = said.case_id
    CROSS JOIN LATERAL (SELECT max(n) AS n FROM cases_caseevent AS line WHERE line.case_id = one.id) AS last
    ORDER BY one.id"""
_OWE: Final = """
    INSERT INTO core_outboxmessage (topic, key, area_path, payload, created_at, attempts, last_error)
    SELECT 'case_changed', one.id::text, one.area_path,
        jsonb_build_object(
            'event_id', said.id, 'action', %(action)s::text, 'state', one.state, 'version', one.version,
            'responsible_id', one.responsible_id, 'reporter_id', one.reporter_id),
        %(now)s, 0, ''
    FROM unnest(%(events)s::text[], %(ids)s::uuid[]) AS said (id, case_id)
    JOIN cases_case AS one ON one.id = said.case_id
    ORDER BY one.id"""


@dataclass(frozen=True, slots=True)
class Route:
    """A locked case on its way to another grid; ids as they stand in the database, None for nobody and none."""

    case_id: str
    decision_id: str
    from_code: str | None
    to_code: str | None
    grid_id: UUID | None
    area_path: str
    worker_id: UUID | None
    department_id: UUID | None


def record_routes(routes: Sequence[Route], *, cause: str, change_id: UUID, now: datetime) -> None:
    """Places each case, writes its line and owes the news, in the order of the routes' ids. The rows are locked."""
    parameters: dict[str, Any] = {
        "now": now, "cause": cause, "change": str(change_id), "action": Action.ROUTE.value, "role": SYSTEM.role.value,
        "is_public": Action.ROUTE not in PRIVATE_ACTIONS, "under_way": [state.value for state in UNDER_WAY],
        "types": json.dumps({state.value: workflow.type_of(state, Action.ROUTE) for state in OPEN_STATES}),
        "events": array(uuid7_texts(len(routes))), "ids": array(one.case_id for one in routes),
        "decisions": array(one.decision_id for one in routes), "former": array(one.from_code for one in routes),
        "codes": array(one.to_code for one in routes), "grids": array(one.grid_id for one in routes),
        "paths": array(one.area_path for one in routes), "workers": array(one.worker_id for one in routes),
        "departments": array(one.department_id for one in routes),
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in (_PLACE, _TELL, _OWE):
            cursor.execute(statement, parameters)
    outbox.nudge_after_commit()
