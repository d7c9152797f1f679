"""Nobody on duty is an alarm: finding the gaps of the coming week, storing each once, clearing what is filled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import Actor
from backend.areas.duty.chain import Roster
from backend.areas.models import Area, DutyAlarm
from backend.core import outbox
from backend.core.ids import uuid7

HORIZON: Final = timedelta(days=7)
# How far back the begin of a gap is looked for; an older one keeps the begin that its alarm was stored with.
LOOK_BACK: Final = timedelta(days=30)
_SWEEP_LOCK: Final = 4_210_041


@dataclass(frozen=True, slots=True)
class Gap:
    """A period without anybody; `end` is None where nobody is in sight before the horizon."""

    grid_id: UUID
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep found new and what it cleared."""

    found: int
    cleared: int


def gaps_of(roster: Roster, grid_id: UUID, *, start: datetime, end: datetime) -> list[Gap]:
    """Periods between `start` and `end` in which no present person stands in the grid's chain, in order."""
    moments = roster.moments(grid_id, start=start, end=end)
    gaps: list[Gap] = []
    began: datetime | None = None
    for at in moments[:-1]:
        is_empty = all(line.is_absent for line in roster.lines_at(grid_id, at))
        if is_empty and began is None:
            began = at
        elif not is_empty and began is not None:
            gaps.append(Gap(grid_id, began, at))
            began = None
    if began is not None:
        gaps.append(Gap(grid_id, began, None))
    return gaps


@transaction.atomic
def sweep(*, now: datetime) -> Swept:
    """Brings the standing alarms in line with the rosters from now to the horizon. May run at any time, any number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SWEEP_LOCK])
    grids = {grid.pk: grid for grid in Area.objects.filter(level=Area.Level.GRID, closed_at=None)}
    start, end = now - LOOK_BACK, now + HORIZON
    roster = Roster.read(list(grids), start=start, end=end)
    standing: dict[UUID, list[DutyAlarm]] = {}
    for alarm in DutyAlarm.objects.standing().order_by("period"):
        standing.setdefault(alarm.grid_id, []).append(alarm)
    found = cleared = 0
    for grid_id in sorted(grids.keys() | standing.keys()):
        here = [
            gap
            for gap in (gaps_of(roster, grid_id, start=start, end=end) if grid_id in grids else [])
            if gap.end is None or gap.end > now
        ]
        new, gone = _settle(here, standing.get(grid_id, []), looked_from=start, now=now)
        cleared += gone
        for gap in new:
            _store(gap, grids[grid_id], now=now)
            found += 1
    return Swept(found, cleared)


def _settle(
    gaps: Sequence[Gap], alarms: list[DutyAlarm], *, looked_from: datetime, now: datetime
) -> tuple[list[Gap], int]:
    """Gaps without an alarm, and how many alarms were cleared. An alarm follows the gap that it meets."""
    left, new, kept = list(alarms), [], []
    for gap in gaps:
        met = next((alarm for alarm in left if _meets(alarm.period, gap)), None)
        if met is None:
            new.append(gap)
            continue
        left.remove(met)
        kept.append((met, gap))
    DutyAlarm.objects.filter(pk__in=[alarm.pk for alarm in left]).update(cleared_at=now)
    for alarm, gap in kept:
        is_older = gap.start <= looked_from and alarm.period.lower < gap.start
        period = DateTimeTZRange(alarm.period.lower if is_older else gap.start, gap.end)
        if period != alarm.period:
            alarm.period = period
            alarm.save(update_fields=["period"])
    return new, len(left)


def _meets(period: DateTimeTZRange, gap: Gap) -> bool:
    return (gap.end is None or period.lower < gap.end) and (period.upper is None or gap.start < period.upper)


def _store(gap: Gap, grid: Area, *, now: datetime) -> None:
    alarm = DutyAlarm.objects.create(id=uuid7(), grid=grid, period=DateTimeTZRange(gap.start, gap.end), found_at=now)
    outbox.owe(
        "duty_gap",
        alarm.pk,
        now=now,
        area_path=grid.path,
        grid={"code": grid.code, "name": grid.name, "name_en": grid.name_en},
        starts_at=gap.start.isoformat(),
        ends_at=gap.end.isoformat() if gap.end else None,
    )


def standing_alarms(actor: Actor, *, limit: int = 200) -> list[DutyAlarm]:
    """Alarms of the actor's grids that nobody has answered yet, the nearest first."""
    found = DutyAlarm.objects.visible_to(actor).standing().select_related("grid__parent")
    return list(found.order_by("period", "grid__code")[:limit])
