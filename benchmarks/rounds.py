"""The planner's search on published problems, against the best plans known."""

import csv
import importlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import mean

from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.stage import Stage, StageFailed, say
from gis.rounds import warm_up
from gis.rounds.instances import InstanceError, check_routes, cost_of, read_instance, solve

BEST_KNOWN = "best_known.csv"
QUICK_SECONDS = 0.2

_COLUMNS = (
    Column("instance", "instance"),
    Column("customers", "customers"),
    Column("days", "days"),
    Column("cost", "cost", 2),
    Column("best_known", "best known", 2),
    Column("gap", "gap %", 2),
    Column("feasible", "feasible"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """One problem solved; `broken` lists the rules that the plan breaks."""

    name: str
    customers: int
    days: int
    cost: float
    broken: list[str]


def run(stage: Stage) -> Table:
    """Every file of the folder for the same CPU time. Raises StageFailed for a folder without problems.

    With `--scale` the teams of the town through the queue instead.
    """
    if stage.options.scale:
        return importlib.import_module("benchmarks.rounds_scale").run(stage)  # type: ignore[no-any-return]
    folder, seconds = stage.options.instances, stage.options.seconds
    if folder is None:
        raise StageFailed("rounds: say where the problems are (--instances DIR), or --scale")
    files = sorted(path for path in folder.glob("*.txt") if path.is_file())
    if not files:
        raise StageFailed(f"rounds: no *.txt in {folder}")
    if seconds <= 0 or stage.options.workers < 1:
        raise StageFailed("rounds: --seconds must be above 0, --workers 1 or more")
    known = _best_known(folder)
    seconds = QUICK_SECONDS if stage.quick else seconds
    work = partial(_solve, seconds=seconds, seed=stage.options.seed)
    results = []
    with ProcessPoolExecutor(stage.options.workers, mp_context=get_context("spawn"), initializer=warm_up) as pool:
        for result in pool.map(work, files):
            results.append(result)
            say(f"{result.name}: {result.cost:,.2f}{''.join(f'; {rule}' for rule in result.broken[:3])}")
    rows = [
        {
            "instance": result.name,
            "customers": result.customers,
            "days": result.days,
            "cost": result.cost,
            "best_known": known.get(result.name),
            "gap": _gap(result, known),
            "feasible": "no" if result.broken else "yes",
        }
        for result in results
    ]
    gaps = [gap for result in results if not result.broken and (gap := _gap(result, known)) is not None]
    facts = {
        "cpu_seconds_a_problem": seconds,
        "seed": stage.options.seed,
        "feasible": f"{sum(not result.broken for result in results)} of {len(results)}",
        "mean_gap_percent": mean(gaps) if gaps else None,
        "worst_gap_percent": max(gaps, default=None),
    }
    return Table("rounds", f"published problems in {folder.name}", _COLUMNS, rows, facts)


def _solve(path: Path, *, seconds: float, seed: int) -> Result:
    try:
        instance = read_instance(path)
    except InstanceError as error:
        raise CheckFailed(f"rounds: {error}") from None
    routes = solve(instance, seed=seed, budget_cpu_s=seconds)
    return Result(
        instance.name,
        len(instance.customers),
        instance.days,
        cost_of(instance, routes),
        check_routes(instance, routes),
    )


def _best_known(folder: Path) -> dict[str, float]:
    """Costs from the folder's table of `instance,best_known`; an empty cost is not known."""
    path = folder / BEST_KNOWN
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["instance"]: float(row["best_known"]) for row in csv.DictReader(file) if row.get("best_known")}


def _gap(result: Result, known: dict[str, float]) -> float | None:
    best = known.get(result.name)
    return None if not best else (result.cost / best - 1) * 100
