"""Loading a town's own table: checked, and refused while open cases stand where the new table has nothing."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Q

from backend.areas.models import Area, within
from backend.cases.flows.holding import forget_flows
from backend.cases.flows.table import COLUMNS, Flow, TableRefused, read_flow
from backend.cases.models import Case, FlowVersion
from backend.core import audit
from backend.core.ids import digest_of, uuid7
from backend.core.imports import Report, read_table

WAIT_MS: Final = 10_000
_CELL_MOST: Final = 400


def load_flow(report: Report, file: Path, *, area_code: str, now: datetime) -> FlowVersion | None:
    """Makes the table in `file` hold in an area and below, or everywhere without one; inside a transaction.

    None when that very table holds there already. Faults are named in the report by row and column.
    Raises ImportRefused.
    """
    area = _area(report, file, area_code)
    lines = _lines(report, file)
    report.stop_if_bad()
    flow = _checked(report, file, lines)
    _stop_the_steps(report, file)
    newest = FlowVersion.objects.filter(area=area).order_by("-n").first()
    digest = digest_of([cells for _, cells in lines])
    report.counts = {"rows": len(lines), "states": len(flow.states), "versions": 0}
    if newest is not None and bytes(newest.digest) == digest:
        report.notes.append(f"this table holds there already, as version {newest.n}")
        return None
    _refuse_stranded(report, file, flow, area)
    version = FlowVersion.objects.create(
        id=uuid7(),
        area=area,
        n=newest.n + 1 if newest else 1,
        rows=[{"line": line, "cells": cells} for line, cells in lines],
        digest=digest,
        source=file.name[:120],
        at=now,
    )
    report.counts["versions"] = 1
    audit.record(
        "load_workflow", actor_id=None, role="system", subject_kind="workflow", subject_id=version.pk, now=now,
        area=area.code if area else "", n=version.n, source=version.source,
    )  # fmt: skip
    transaction.on_commit(forget_flows, robust=True)
    return version


def _area(report: Report, file: Path, code: str) -> Area | None:
    if not code:
        return None
    area = Area.objects.filter(code=code, closed_at=None).exclude(level=Area.Level.GRID).first()
    if area is None:
        report.refuse(file=file, row=0, field="--area", reason=f"no community or larger area has the code {code}")
    return area


def _lines(report: Report, file: Path) -> list[tuple[int, dict[str, str]]]:
    rows = read_table(report, file, COLUMNS)
    if not rows and not report.errors:
        report.refuse(file=file, row=1, field="", reason="has no rows")
    return [(row.number, {one: row.text(one, needed=False, most=_CELL_MOST) for one in COLUMNS}) for row in rows]


def _checked(report: Report, file: Path, lines: list[tuple[int, dict[str, str]]]) -> Flow:
    try:
        return read_flow(lines)
    except TableRefused as refused:
        for fault in refused.faults:
            report.refuse(file=file, row=fault.row, field=fault.column, reason=fault.reason)
        report.stop_if_bad()
        raise


def _stop_the_steps(report: Report, file: Path) -> None:
    """Waits for the steps under way and holds back new ones until the commit: who locks a case waits for this."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {WAIT_MS}")
            cursor.execute(f"LOCK TABLE {Case._meta.db_table} IN EXCLUSIVE MODE")
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    except OperationalError:
        report.refuse(file=file, row=0, field="", reason="steps on cases do not end; try again in a quiet moment")
        report.stop_if_bad()


def _refuse_stranded(report: Report, file: Path, flow: Flow, area: Area | None) -> None:
    """Names the states that the table lacks and how many open cases stand in each."""
    reach = Q() if area is None else within([area.path], "area_path")
    inner = FlowVersion.objects.exclude(area=None).exclude(area=area).values_list("area__path", flat=True)
    for path in set(inner):
        # A table below that area, of its own, holds there still.
        if path.startswith(area.path if area else ""):
            reach &= ~within([path], "area_path")
    standing = Counter(dict(Case.objects.open().filter(reach).values_list("state").annotate(Count("pk"))))
    for state, number in sorted(standing.items()):
        if state not in flow.states:
            report.refuse(
                file=file, row=1, field="from",
                reason=f"has no row for {state}, where {number} open cases stand; bring them on first",
            )  # fmt: skip
    report.stop_if_bad()
