"""Plans a week for many grids in parallel processes, as the Monday schedule does with tasks."""

import json
import logging
import multiprocessing
import os
import sys
import time
from argparse import BooleanOptionalAction
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils import timezone
from tqdm import tqdm

from backend.accounts.actor import SYSTEM
from backend.areas.models import Area
from backend.core.clock import LOCAL, week_start_of
from backend.core.errors import DomainError
from backend.inspections import access
from backend.inspections.errors import PlanningUnderWay, StaleDraft
from backend.inspections.models import Stop, WeeklyPlan
from backend.inspections.services import plan_week, publish_plan
from backend.places import queries as places
from gis.rounds import warm_up

log = logging.getLogger(__name__)

# The moment of the Monday schedule (see config.celery).
SCHEDULED = clock(4, 30)
# A task that plans the same grid is waited for this often, this long.
WAITS, WAIT_S = 60, 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """One grid to plan, as it goes to a worker process."""

    grid_id: UUID
    code: str
    week_start: date
    seed: int
    publish: bool
    only_ahead: bool


class Command(BaseCommand):
    help = (
        "Plan a week for all grids (or some) and publish the plans. Without a plan yet, a grid's week is planned as "
        "the Monday schedule would have done it; a published week is planned anew from now on when anything changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--week", type=date.fromisoformat, metavar="YYYY-MM-DD", help="any of its days; today")
        parser.add_argument("--grid", nargs="+", default=None, metavar="CODE", help="full codes of grids; default all")
        parser.add_argument("--publish", action=BooleanOptionalAction, default=True, help="put the plans in force")
        parser.add_argument("--only-ahead", action="store_true", help="never plan half days that have passed")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["workers"] < 1:
            raise CommandError("--workers must be 1 or more")
        day = options["week"] or timezone.now().astimezone(LOCAL).date()
        week_start = week_start_of(datetime.combine(day, clock(12), LOCAL))
        orders = [
            Order(grid.pk, grid.code, week_start, options["seed"], options["publish"], options["only_ahead"])
            for grid in _grids(options["grid"])
        ]
        began = time.perf_counter()
        try:
            results = sorted(_run(orders, options["workers"]), key=lambda result: result["grid"])
        except DomainError as error:
            raise CommandError(error.detail) from error
        summary = _summary(week_start, results, time.perf_counter() - began)
        self.stdout.write(json.dumps(summary, ensure_ascii=False) if options["json"] else _told(summary))
        if summary["failed"]:
            raise CommandError(f"{len(summary['failed'])} grids could not be planned")


def _grids(codes: list[str] | None) -> list[Area]:
    grids = Area.objects.open_at(timezone.now()).filter(level=Area.Level.GRID).order_by("code")
    if codes is None:
        return list(grids)
    found = list(grids.filter(code__in=codes))
    missing = sorted(set(codes) - {grid.code for grid in found})
    if missing:
        raise CommandError(f"no such grid: {', '.join(missing)}")
    return found


def _run(orders: list[Order], workers: int) -> Iterator[dict[str, Any]]:
    """Results as they come. The network and the compiled planner are made ready once and shared by the processes."""
    _make_ready()
    connections.close_all()
    quiet = not sys.stderr.isatty()
    if workers == 1 or len(orders) < 2:
        yield from tqdm(map(_plan, orders), total=len(orders), unit="grid", disable=quiet)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        waiting = [pool.submit(_plan, order) for order in orders]
        for done in tqdm(as_completed(waiting), total=len(waiting), unit="grid", disable=quiet):
            yield done.result()


def _make_ready() -> None:
    network = places.walking_network()
    ends = network.snap([float(network.node_lon[0])] * 2, [float(network.node_lat[0])] * 2)
    network.matrix(ends)
    warm_up()


def _plan(order: Order) -> dict[str, Any]:
    began = time.perf_counter()
    now = timezone.now()
    result: dict[str, Any] = {"grid": order.code, "state": "failed", "error": ""}
    try:
        plan, is_new = _planned(order, now)
    except DomainError as error:
        result["error"] = f"{error.code}: {error.detail}"
        return result
    except Exception as error:  # what breaks one grid must not cost the others their week
        log.exception("grid %s was not planned", order.code)
        result["error"] = f"{type(error).__name__}: {error}"
        return result
    stops = Stop.objects.filter(route__plan=plan)
    result.update(
        state="planned" if is_new else "unchanged",
        plan_id=str(plan.pk),
        version=plan.version,
        stops=stops.count(),
        appointments=stops.filter(kind=Stop.Kind.APPOINTMENT).count(),
        unserved=len(plan.unserved),
        unserved_required=sum(bool(row["required"]) for row in plan.unserved),
        unserved_appointments=sum(row["kind"] == "appointment" for row in plan.unserved),
        travel_s=sum(plan.routes.values_list("travel_s", flat=True)),
        travel_m=sum(plan.routes.values_list("travel_m", flat=True)),
        seconds=round(time.perf_counter() - began, 3),
    )
    return result


def _planned(order: Order, now: datetime) -> tuple[WeeklyPlan, bool]:
    """The grid's plan, and whether this run has made or published it; waits for a planner that is at it already."""
    for attempt in range(WAITS):
        try:
            plan = plan_week(
                grid_id=order.grid_id,
                week_start=order.week_start,
                now=now,
                seed=order.seed,
                plan_from=_plan_from(order, now),
            )
            is_new = plan.published_at is None
            if order.publish and is_new:
                plan = publish_plan(actor=SYSTEM, plan_id=plan.pk, now=now)
        except (PlanningUnderWay, StaleDraft):
            if attempt == WAITS - 1:
                raise
            time.sleep(WAIT_S)
        else:
            return plan, is_new
    raise AssertionError("the loop above always ends")


def _plan_from(order: Order, now: datetime) -> datetime:
    """From when on the week is planned: now in a published week, else the Monday schedule that was missed."""
    if order.only_ahead or access.published_plan(order.grid_id, order.week_start) is not None:
        return now
    return min(now, datetime.combine(order.week_start, SCHEDULED, LOCAL))


def _summary(week_start: date, results: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    planned = [result for result in results if result["state"] != "failed"]

    def total(name: str) -> int:
        return sum(result[name] for result in planned)

    return {
        "week_start": str(week_start),
        "week_end": str(week_start + timedelta(days=6)),
        "grids": len(results),
        "planned": sum(result["state"] == "planned" for result in results),
        "unchanged": sum(result["state"] == "unchanged" for result in results),
        "failed": [{"grid": row["grid"], "error": row["error"]} for row in results if row["state"] == "failed"],
        "seconds": round(seconds, 2),
        "stops": total("stops"),
        "appointments": total("appointments"),
        "unserved": total("unserved"),
        "unserved_required": total("unserved_required"),
        "unserved_appointments": total("unserved_appointments"),
        "travel_minutes": round(total("travel_s") / 60),
        "travel_km": round(total("travel_m") / 1000, 1),
        "by_grid": results,
    }


def _told(summary: dict[str, Any]) -> str:
    lines = [
        f"Week {summary['week_start']} to {summary['week_end']}: {summary['grids']} grids in {summary['seconds']} s "
        f"({summary['planned']} planned, {summary['unchanged']} unchanged, {len(summary['failed'])} failed)",
        f"{summary['stops']} stops ({summary['appointments']} booked), {summary['travel_minutes']} min and "
        f"{summary['travel_km']} km on foot",
        f"{summary['unserved']} left out: {summary['unserved_required']} of them due, "
        f"{summary['unserved_appointments']} booked",
    ]
    lines += [f"  {row['grid']}: {row['error']}" for row in summary["failed"]]
    return "\n".join(lines)
