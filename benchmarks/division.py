"""A division into grids: the engine against what one would pick from PyPI, on the same atoms, in the same run."""

import json
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_env import peers_python
from benchmarks.division_ground import extract_ground, town_ground
from benchmarks.division_peers import GRACE, PEERS
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.stage import ROOT, Stage, say
from fixtures.town import write_town
from gis.division import Figures, Ground, Wish, propose
from gis.division.atoms import Atoms
from gis.division.laying import lay_atoms
from gis.division.proposing import proposal_of

HOUSEHOLDS = 350.0
# Seconds of wall time for a CPU second of a peer before it is given up, and for its start.
PATIENCE, START_S = 20.0, 120.0

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
    Column("compounds", "compounds split"),
    Column("cpu_s", "CPU s", 1),
    Column("seconds", "s", 1),
)


@dataclass(frozen=True, slots=True)
class Task:
    """A ground, how many grids it shall have, and the CPU seconds that every peer gets."""

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
    for task in _tasks(stage, facts):
        rows += _measure(stage, task, python, facts)
    return Table("division", "grids from land: balance, border, shape", _COLUMNS, rows, facts)


def _tasks(stage: Stage, facts: dict[str, Any]) -> list[Task]:
    scales = {0.1: (8, 3.0)} if stage.quick else {1.0: (84, 30.0), 10.0: (1000, 240.0)}
    if stage.options.town_only:
        scales = dict(list(scales.items())[:1])
    tasks = []
    for scale, (grids, seconds) in scales.items():
        say(f"division: the demo town times {scale:g}")
        folder = stage.folder / f"town-{scale:g}"
        write_town(folder, scale=scale, today=date(2026, 11, 23))
        limit = stage.options.peer_seconds or seconds
        tasks.append(Task(f"town x{scale:g}", town_ground(folder), grids, limit))
    for file in stage.options.osm or ():
        name = file.name.split(".")[0]
        grids = 8 if stage.quick else 84
        extract = extract_ground(file, grids=grids, households=HOUSEHOLDS)
        facts[f"homes_{name}"] = f"from {extract.homes}"
        if extract.grids < grids:
            facts[f"grids_{name}"] = f"{extract.grids}: the extract holds too few homes for {grids}"
            say(f"division: {name}: {facts[f'grids_{name}']}")
        limit = stage.options.peer_seconds or (3.0 if stage.quick else 30.0)
        tasks.append(Task(name, extract.ground, extract.grids, limit))
    return tasks


def _measure(stage: Stage, task: Task, python: Path | None, facts: dict[str, Any]) -> list[dict[str, Any]]:
    wish = Wish(grids=task.grids)
    propose(task.ground, Wish(grids=min(2, task.grids), effort=0.01))  # compiles, or loads what was compiled
    started, began = time.monotonic(), time.process_time()
    proposal = propose(task.ground, wish)
    spent = time.process_time() - began, time.monotonic() - started
    figures = proposal.figures
    if figures.buildings_cut or not figures.is_contiguous:
        raise CheckFailed(f"{task.name}: {figures.buildings_cut} buildings cut, contiguous: {figures.is_contiguous}")
    rows = [_row(task, "Gridward", figures, spent)]
    atoms = lay_atoms(task.ground, wish)
    facts[f"atoms_{task.name}"] = atoms.count
    facts[f"peers_{task.name}"] = f"{task.seconds:g} CPU s each"
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
        program = ROOT / "benchmarks" / "division_peers.py"
        argv = [str(python), "-W", "ignore", str(program), name, str(file), str(task.seconds), str(out)]
        try:
            limit = task.seconds * PATIENCE + START_S
            done = subprocess.run(argv, capture_output=True, text=True, timeout=limit, check=False)
            note = _said(done, name, task)
        except subprocess.TimeoutExpired:
            note = f"no end in {limit:.0f} s"
    if not out.is_file():
        empty = dict.fromkeys((column.key for column in _COLUMNS), None)
        return {**empty, "ground": task.name, "contiguous": "–", "method": f"{name}: {note}"}
    with np.load(out) as held:
        home, spent = held["home"].astype(np.int64), (float(held["cpu_s"]), float(held["seconds"]))
    _, home = np.unique(home, return_inverse=True)
    figures = proposal_of(task.ground, atoms, home, int(home.max()) + 1).figures
    return _row(task, f"{name} ({note})", figures, spent)


def _said(done: subprocess.CompletedProcess[str], name: str, task: Task) -> str:
    """Package and tries of a peer that came to an end, or why it did not."""
    if done.returncode == 0:
        told = json.loads(done.stdout.splitlines()[-1])
        return f"{told['package']}, {told['tries']} tries"
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"stopped after {GRACE * task.seconds:g} CPU s"
    say(f"division: {name}: {' '.join(done.stderr.strip().splitlines()[-1:])}")
    return "failed" if done.stderr.strip() else "no division with so many connected grids"


def _row(task: Task, method: str, figures: Figures, spent: tuple[float, float]) -> dict[str, Any]:
    return {
        "ground": task.name, "method": method, "grids": figures.grids,
        "households_worst": 100 * figures.households_worst,
        "minutes_worst": None if figures.minutes_worst is None else 100 * figures.minutes_worst,
        "cut_km": figures.cut_m / 1000, "compactness": figures.compactness_mean, "least": figures.compactness_least,
        "contiguous": "yes" if figures.is_contiguous else "no", "street": 100 * figures.street_share,
        "buildings": figures.buildings_cut, "compounds": f"{figures.compounds_cut} of {figures.compounds}",
        "cpu_s": spent[0], "seconds": spent[1],
    }  # fmt: skip
