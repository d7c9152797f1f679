"""The command plans many grids in processes, once, and says what came of it."""

import io
import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from backend.inspections.models import WeeklyPlan
from tests.inspections.conftest import GRID
from tests.streets import spot_in
from tests.world import World


def run(*options: str) -> dict[str, object]:
    out = io.StringIO()
    call_command("plan_week", "--week", "2026-11-18", "--json", *options, stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_all_grids_are_planned_and_published_once(request: pytest.FixtureRequest, workers: str) -> None:
    town: World = request.getfixturevalue("town")
    town.add_place("Q1", grid="002012001", at=spot_in(town, "002012001"))
    first = run("--workers", workers)
    assert (first["grids"], first["planned"], first["stops"], first["unserved"]) == (8, 8, 6, 0)
    assert WeeklyPlan.objects.filter(state="published", week_start=date(2026, 11, 16)).count() == 8
    again = run("--workers", workers)
    assert (again["planned"], again["unchanged"], again["stops"]) == (0, 8, 6)
    assert WeeklyPlan.objects.count() == 8


@pytest.mark.django_db(transaction=True)
def test_drafts_on_request_and_named_grids_only(request: pytest.FixtureRequest) -> None:
    town: World = request.getfixturevalue("town")
    done = run("--no-publish", "--grid", town.grid(GRID).code, "--workers", "1")
    assert (done["grids"], done["planned"]) == (1, 1)
    assert WeeklyPlan.objects.get().state == "draft"
    with pytest.raises(CommandError, match="no such grid: 999"):
        run("--grid", "999")


@pytest.mark.django_db(transaction=True)
def test_without_a_network_the_command_says_what_to_do(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("world")
    with pytest.raises(CommandError, match="import_network"):
        run("--workers", "1")
