"""A division into grids: the engine against what one would pick from PyPI, on the same atoms, in the same run."""

import json
import subprocess
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_env import peers_python
from benchmarks.division_ground import extract_ground, town_ground
from benchmarks.division_peers import PEERS
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.stage import ROOT, Stage, say
from fixtures.town import write_town
from gis.division import Figures, Ground, Wish, propose
from gis.division.atoms import Atoms
from gis.division.laying import lay_atoms
from gis.division.proposing import proposal_of

HOUSEHOLDS = 350.0
# A peer that starts a step just before its time is over may end it; then it is stopped. Starting takes time too.
GRACE, START_S = 4.0, 60.0

_COLUMNS = (
    Column("ground", "ground"),
    Column("method", "method"),
    Column("grids", "grids"),
    Column("households_worst", "worst imbalance %", 1),
    Column("minutes_worst", "of minutes %", 1),
    Column("cut_km", "cut km", 2),
    Column("compactness", "mean Polsby-Popper", 3),
    Column("least", "least", 3),
    Column("contiguous", "connected"),
    Column("street", "along streets %", 1),
    Column("buildings", "buildings cut"),
    Column("seconds", "s", 1),
)


@dataclass(frozen=True, slots=True)
class Task:
    """A ground, how many grids it shall have, and the seconds that every peer gets."""

    name: str
    ground: Ground
    grids: int
    seconds: float


def run(stage: Stage) -> Table:
    """Raises CheckFailed when the engine cuts a building or leaves a grid in pieces."""
    python = peers_python("division")
    rows: list[dict[str, Any]] = []
    facts: dict[str, Any] = {
        "tolerance": "10 % for everybody",
        "peers_missing": "none" if python else "all: no packages",
    }
    for task in _tasks(stage):
        rows += _measure(stage, task, python, facts)
    return Table("division", "grids from land: balance, border, shape", _COLUMNS, rows, facts)


def _tasks(stage: Stage) -> list[Task]:
    scales = {0.1: (8, 3.0)} if stage.quick else {1.0: (84, 30.0), 10.0: (1000, 600.0)}
    if stage.options.town_only:
        scales = dict(list(scales.items())[:1])
    tasks = []
    for scale, (grids, seconds) in scales.items():
        say(f"division: the demo town times {scale:g}")
        folder = stage.folder / f"town-{scale:g}"
        write_town(folder, scale=scale, today=date(2026, 11, 23))
        limit = stage.options.peer_seconds or seconds
        tasks.append(Task(f"town x{scale:g}", town_ground(folder), grids, limit))
    if stage.options.osm is not None:
        grids = 8 if stage.quick else 84
        ground = extract_ground(stage.options.osm, households=HOUSEHOLDS * grids)
        limit = stage.options.peer_seconds or (3.0 if stage.quick else 30.0)
        tasks.append(Task(stage.options.osm.name.split(".")[0], ground, grids, limit))
    return tasks


def _measure(stage: Stage, task: Task, python: Path | None, facts: dict[str, Any]) -> list[dict[str, Any]]:
    wish = Wish(grids=task.grids)
    propose(task.ground, Wish(grids=min(2, task.grids), effort=0.01))  # compiles, or loads what was compiled
    started = time.monotonic()
    proposal = propose(task.ground, wish)
    seconds = time.monotonic() - started
    figures = proposal.figures
    if figures.buildings_cut or not figures.is_contiguous:
        raise CheckFailed(f"{task.name}: {figures.buildings_cut} buildings cut, contiguous: {figures.is_contiguous}")
    rows = [_row(task, "Gridward", figures, seconds)]
    atoms = lay_atoms(task.ground, wish)
    facts[f"atoms_{task.name}"] = atoms.count
    file = stage.folder / "task.npz"
    np.savez(
        file, start=atoms.start, other=atoms.other, shared=atoms.shared_m, weight=atoms.households,
        minutes=atoms.minutes, xy=np.column_stack([atoms.x, atoms.y]), count=task.grids, tolerance=wish.tolerance,
    )  # fmt: skip
    for name in PEERS:
        say(f"division: {task.name}: {name}")
        rows.append(_peer(name, task, atoms, python=python, file=file))
    return rows


def _peer(name: str, task: Task, atoms: Atoms, *, python: Path | None, file: Path) -> dict[str, Any]:
    out = file.with_name("home.npz")
    out.unlink(missing_ok=True)
    note = "missing"
    if python is not None:
        argv = [
            str(python),
            str(ROOT / "benchmarks" / "division_peers.py"),
            name,
            str(file),
            str(task.seconds),
            str(out),
        ]
        limit = task.seconds * GRACE + START_S
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=limit, check=False)
            note = "failed" if done.returncode else json.loads(done.stdout.splitlines()[-1])["package"]
            if done.returncode:
                say(f"division: {name}: {' '.join(done.stderr.strip().splitlines()[-1:])}")
        except subprocess.TimeoutExpired:
            note = f"nothing in {limit:.0f} s"
    if not out.is_file():
        return {**dict.fromkeys((column.key for column in _COLUMNS), None), "ground": task.name, "contiguous": "–",
                "method": f"{name}: {note}"}  # fmt: skip
    with np.load(out) as held:
        home, seconds = held["home"].astype(np.int64), float(held["seconds"])
    _, home = np.unique(home, return_inverse=True)
    figures = proposal_of(task.ground, atoms, home, int(home.max()) + 1).figures
    return _row(task, f"{name} ({note})" if not note.startswith("nothing") else name, figures, seconds)


def _row(task: Task, method: str, figures: Figures, seconds: float) -> dict[str, Any]:
    return {
        "ground": task.name, "method": method, "grids": figures.grids,
        "households_worst": 100 * figures.households_worst,
        "minutes_worst": None if figures.minutes_worst is None else 100 * figures.minutes_worst,
        "cut_km": figures.cut_m / 1000, "compactness": figures.compactness_mean, "least": figures.compactness_least,
        "contiguous": "yes" if figures.is_contiguous else "no", "street": 100 * figures.street_share,
        "buildings": figures.buildings_cut, "seconds": seconds,
    }  # fmt: skip
