"""Every benchmark runs in a tiny size, checks what it measures and prints its table; the figures don't count."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import NAMES, RESULTS

ROOT = Path(__file__).resolve().parents[2]
# One process runs them, so that they share one town.
pytestmark = pytest.mark.xdist_group("benchmarks")


def run_benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def quick() -> dict[str, Any]:
    """What a quick run of all benchmarks says to machines."""
    before = RESULTS.read_bytes() if RESULTS.exists() else None
    done = run_benchmarks("--quick", "--json")
    assert done.returncode == 0, done.stderr
    assert (RESULTS.read_bytes() if RESULTS.exists() else None) == before, "a quick run is nothing to keep"
    return dict(json.loads(done.stdout))


def rates(quick: dict[str, Any], name: str, what: str, rate: str) -> dict[str, float]:
    return {row[what]: row[rate] for row in quick["benchmarks"][name]["rows"]}


def test_a_run_says_when_of_what_and_on_which_machine(quick: dict[str, Any]) -> None:
    assert set(quick["benchmarks"]) == set(NAMES)
    assert {"date", "commit", "machine"} <= quick.keys()
    assert quick["machine"]["cores"] >= 1
    assert quick["machine"]["memory_gib"] > 0


def test_locate_compares_the_engine_with_sql_at_every_size(quick: dict[str, Any]) -> None:
    rows = quick["benchmarks"]["locate"]["rows"]
    ours = ["SQL single row", "SQL batch", "engine"]
    assert [(row["grids"], row["method"]) for row in rows if row["method"] in ours] == [
        (grids, method) for grids in (100, 1000) for method in ours
    ]
    assert {row["method"] for row in rows} >= {"ST_Contains, first row", "shapely STRtree"}
    assert all(row["times_single"] > 10 for row in rows if row["method"] == "engine")
    assert "all equal" in quick["benchmarks"]["locate"]["facts"]["points_checked_1000"]


def test_intake_has_its_peers_beside_it(quick: dict[str, Any]) -> None:
    found = rates(quick, "intake", "what", "per_s")
    assert list(found) == [
        "bare Django view", "bare DRF view", "DRF serializer, one row stored", "POST /api/v1/reports",
    ]  # fmt: skip
    assert all(rate > 0 for rate in found.values())


def test_the_planner_meets_every_appointment_and_walks_least(quick: dict[str, Any]) -> None:
    rows = {row["plan"]: row for row in quick["benchmarks"]["plan"]["rows"]}
    met, _, asked = rows["planner"]["appointments"].partition(" of ")
    assert met == asked != "0"
    assert rows["planner"]["walk_min_a_visit"] < min(
        rows[name]["walk_min_a_visit"] for name in ("nearest neighbour", "sweep")
    )


def test_a_replay_adds_no_position(quick: dict[str, Any]) -> None:
    assert quick["benchmarks"]["tracks"]["facts"]["rows_added_by_replay"] == 0
    found = rates(quick, "tracks", "what", "points_per_s")
    assert {"POST positions", "POST positions, replayed", "DRF ListSerializer + bulk_create"} < set(found)
    assert all(rate > 0 for rate in found.values())


def test_tiles_are_asked_for_cold_warm_and_unchanged(quick: dict[str, Any]) -> None:
    rows = quick["benchmarks"]["tiles"]["rows"]
    assert {(row["layer"], row["zoom"]) for row in rows} == {
        (layer, zoom) for layer in ("base", "grids") for zoom in ("13", "14", "15")
    }
    assert all(row["per_s"] > 0 for row in rows)


def test_an_unknown_name_is_refused() -> None:
    done = run_benchmarks("rainbow")
    assert done.returncode == 2
    assert "rainbow" in done.stderr


def test_publish_is_faster_than_row_by_row_and_leaves_the_same(quick: dict[str, Any]) -> None:
    rows = quick["benchmarks"]["publish"]["rows"]
    assert [(row["rows"], row["way"]) for row in rows] == [
        (count, way) for count in (200, 400) for way in ("set-based", "row by row")
    ]
    assert all(row["times"] > 2 for row in rows if row["way"] == "set-based")
    assert "both ways leave the same" in quick["benchmarks"]["publish"]["facts"]["checked"]
