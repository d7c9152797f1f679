"""Publishing a division: 84 new grids, and everything open on their ground brought to them in the same transaction.

Beside it, in the same run, the way that one would write first: case by case, place by place. Every row changes its
grid, so nothing is skipped. Each publish is taken back, so that both ways find the same town.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

from django.db import connection, transaction
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.areas import drafts
from backend.areas.models import Area, Division
from backend.cases.models import CaseEvent
from backend.inspections import dividing, rehoming
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.peers.rehoming import rehome_ground_one_by_one, rehome_one_by_one
from benchmarks.stage import Stage, say
from benchmarks.street import Street
from benchmarks.turns import interleave, middle

_COLUMNS = (
    Column("rows", "open rows"),
    Column("way", "way"),
    Column("seconds", "seconds", 2),
    Column("cpu_s", "CPU s", 2),
    Column("rows_per_s", "rows/s"),
    Column("times", "× row by row", 1),
)
RULES = 12
SET_BASED, ROW_BY_ROW = "set-based", "row by row"


@dataclass(frozen=True, slots=True)
class Size:
    """Grids as columns × rows; open rows of each step; rounds of the fast way and of the slow one, which is left out
    above `slow_most` rows: it would take most of an hour.
    """

    columns: int
    lines: int
    steps: tuple[int, ...]
    rounds: int
    slow_rounds: int
    slow_most: int


FULL = Size(12, 7, (1_000, 10_000, 50_000), rounds=3, slow_rounds=1, slow_most=10_000)
QUICK = Size(3, 2, (200, 400), rounds=1, slow_rounds=1, slow_most=400)


@dataclass(frozen=True, slots=True)
class Turn:
    """Wall seconds of one publish, CPU seconds of it here and in the database, and what stood where afterwards."""

    seconds: float
    cpu_s: float
    left: tuple[Any, ...]


def run(stage: Stage) -> Table:
    """Raises CheckFailed when a row stays in a closed grid, or the two ways leave anything else behind."""
    size = QUICK if stage.quick else FULL
    stage.tables  # noqa: B018 - the street stands in them
    street = Street.built(size.columns, size.lines, now=timezone.now())
    street.rule(RULES)
    division = _drafted(street)
    rows: list[dict[str, Any]] = []
    facts: dict[str, Any] = {"grids": size.columns * size.lines, "rules": RULES}
    for step in size.steps:
        mix = street.fill(step)
        say(f"publish: {step:,} open rows ({', '.join(f'{count:,} {kind}' for kind, count in mix.items())})")
        rows += _measure(stage, street, division, step, size)
        facts[f"rows_{step}"] = ", ".join(f"{count:,} {kind}" for kind, count in mix.items())
    facts["checked"] = "no open row in a closed grid, one history line a case, both ways leave the same"
    return Table(
        "publish", f"{facts['grids']} grids redrawn at once, with everything open on them", _COLUMNS, rows, facts
    )


def _drafted(street: Street) -> Division:
    """All grids of the street once more, as new ones: nothing keeps its grid."""
    now = timezone.now()
    draft = drafts.create_draft(
        actor=SYSTEM, parent_code=street.area.code, level="grid", name="bench", now=now, drawn=street.redrawn()
    )
    return dividing.check_draft(actor=SYSTEM, division_id=draft.pk, version=draft.version, now=now)


def _measure(stage: Stage, street: Street, division: Division, step: int, size: Size) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    fast: Callable[[], Turn] = partial(_turn, stage, street, division, by_row=False)
    fast()
    turns = interleave({SET_BASED: fast}, rounds=size.rounds)
    if step <= size.slow_most:
        slow = partial(_turn, stage, street, division, by_row=True)
        turns |= interleave({ROW_BY_ROW: slow}, rounds=size.slow_rounds)
    left = {turn.left for found in turns.values() for turn in found}
    if len(left) != 1:
        raise CheckFailed(f"{step} rows: the ways leave different rows: {left}")
    seconds = {way: middle([turn.seconds for turn in found]) for way, found in turns.items()}
    return [
        {
            "rows": step, "way": way, "seconds": took, "cpu_s": middle([turn.cpu_s for turn in turns[way]]),
            "rows_per_s": step / took, "times": seconds[ROW_BY_ROW] / took if ROW_BY_ROW in seconds else None,
        }
        for way, took in seconds.items()
    ]  # fmt: skip


def _turn(stage: Stage, street: Street, division: Division, *, by_row: bool) -> Turn:
    now = timezone.now()
    with transaction.atomic():
        with ExitStack() as ways:
            if by_row:
                ways.enter_context(patch.object(rehoming, "rehome_cases", rehome_one_by_one))
                ways.enter_context(patch.object(rehoming, "rehome_ground", rehome_ground_one_by_one))
            begun, cpu_s = perf_counter(), process_time() + stage.cpu_s(None)
            done = dividing.publish_division(
                actor=SYSTEM, division_id=division.pk, version=division.version, effective_at=None, now=now
            )
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            seconds, cpu_s = perf_counter() - begun, process_time() + stage.cpu_s(None) - cpu_s
        left = _left(street, done, now)
        transaction.set_rollback(True)
    return Turn(seconds, cpu_s, left)


_WHERE = """
    SELECT count(*), count(*) FILTER (WHERE area.closed_at IS NOT NULL),
        md5(string_agg(one.id::text || area.code || {more}, ',' ORDER BY one.id))
    FROM {table} AS one LEFT JOIN areas_area AS area ON area.id = one.grid_id
    WHERE area.path LIKE %s AND {open}"""
_OPEN = {
    "cases_case": ("one.state <> 'closed'", "one.area_path || one.version || coalesce(one.responsible_id::text, '-')"),
    "inspections_appointment": ("one.state = 'booked'", "''"),
    "places_place": ("true", "''"),
    "places_address": ("true", "''"),
}


def _left(street: Street, division: Division, now: datetime) -> tuple[Any, ...]:
    """How many rows stand where. Raises CheckFailed for one in a closed grid, or a case without its history line."""
    found: list[Any] = []
    for table, (is_open, more) in _OPEN.items():
        with connection.cursor() as cursor:
            cursor.execute(_WHERE.format(table=table, open=is_open, more=more), [street.area.path + "%"])
            count, stayed, digest = cursor.fetchone()
        if stayed:
            raise CheckFailed(f"{stayed} of {count} rows of {table} stay in a closed grid")
        found += [count, digest]
    told = CaseEvent.objects.filter(facts__change_id=str(division.pk)).count()
    if told != found[0]:
        raise CheckFailed(f"{told} history lines for {found[0]} cases")
    if Area.objects.filter(path__startswith=street.area.path, level="grid", closed_at=now).count() != street.grids:
        raise CheckFailed("an old grid is still open")
    return tuple(found)
