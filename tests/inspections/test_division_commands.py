"""A division from draft to undo by commands alone: tables, JSON, exit codes, refusals in words."""

import doctest
import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import shapely
import time_machine
from django.core.management import CommandError, call_command

from backend.areas import drafts, edits
from backend.areas.models import Division
from backend.inspections import division_commands
from tests.inspections.test_divisions import COMMUNITY, FIRST, SECOND, THIRD, edited, half_split, reported
from tests.world import SIDE, SOUTH, WEST, World

pytestmark = pytest.mark.usefixtures("time_machine_at_noon")


def ran(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def facts(*words: str) -> Any:
    return json.loads(ran(*words, "--json"))


@pytest.fixture
def draft(world: World) -> Division:
    return Division.objects.get(pk=facts("draft_division", "--under", COMMUNITY, "--name", "秋季调整")["id"])


def test_from_draft_to_undo(world: World, draft: Division, now: datetime) -> None:
    goes = reported(world, WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE, now)
    half_split(world, draft, now)
    pk = str(draft.pk)
    assert "no fault" in ran("check_division", pk)
    assert facts("preview_division", pk)["totals"]["cases"] == 1
    assert f"{SECOND}  {COMMUNITY}004  split" in ran("preview_division", pk)
    assert "2026-11-30 00:00" in ran("publish_division", pk, "--at", "2026-11-30 00:00")
    draft.refresh_from_db()
    assert draft.effective_at is not None
    assert draft.effective_at.isoformat() == "2026-11-29T16:00:00+00:00"
    assert "scheduled" in ran("list_divisions", "--under", COMMUNITY)
    assert "undone" in ran("undo_division", pk)

    second = facts("draft_division", "--from", pk)["id"]
    assert Division.objects.get(pk=second).drawn.count() == 4
    ran("check_division", second)
    assert "1 cases" in ran("publish_division", second, "--now")
    goes.refresh_from_db()
    assert goes.grid is not None
    assert goes.grid.code == f"{COMMUNITY}005", "a number that was once given is not given again"
    with time_machine.travel(now + timedelta(minutes=5), tick=False):
        assert facts("undo_division", second)["state"] == "undone"
    goes.refresh_from_db()
    assert goes.grid.code == SECOND


def test_faults_are_listed_and_repaired(world: World, draft: Division) -> None:
    sheet = drafts.Sheet(draft)
    sheet.reshape({SECOND: shapely.box(WEST + SIDE, SOUTH, WEST + 2 * SIDE - 1e-4, SOUTH + SIDE)})
    sheet.save()
    pk = str(draft.pk)
    out = StringIO()
    with pytest.raises(CommandError, match="1 faults stand in the way") as refused:
        call_command("check_division", pk, stdout=out)
    assert refused.value.returncode == 2
    assert "gap" in out.getvalue()
    assert f"to {SECOND}" in out.getvalue()
    with pytest.raises(CommandError, match="no proposed repair"):
        ran("check_division", pk, "--repair", "7")
    with pytest.raises(CommandError, match="--repair 'x'"):
        ran("check_division", pk, "--repair", "x")
    assert facts("check_division", pk, "--repair", "1")["blocking"] == 0
    assert "no fault" in ran("check_division", pk, "--repair", "all")


def test_refusals_are_told_in_words(world: World, draft: Division, now: datetime) -> None:
    pk = str(draft.pk)
    for words, said in (
        (("publish_division", pk, "--now"), "check this version first"),
        (("publish_division", str(uuid4()), "--now"), "no such division"),
        (("draft_division", "--under", "330281009"), "no such area"),
        (("list_divisions", "--under", "330281009"), "no such area"),
        (("undo_division", pk), "only a published division can be undone"),
        (("preview_division", "one"), "list_divisions shows them"),
        (("publish_division", pk, "--at", "30.11.2026"), "YYYY-MM-DD HH:MM"),
        (("draft_division", "--under", COMMUNITY, "--name", "名" * 121), "--name"),
    ):
        with pytest.raises(CommandError, match=said):
            ran(*words)
    ran("check_division", pk)
    with pytest.raises(CommandError, match="lies in the past"):
        ran("publish_division", pk, "--at", "2026-11-01 00:00")
    edited(world, draft, edits.Merge((FIRST, SECOND)), now)
    with pytest.raises(CommandError, match="check this version first"):
        ran("publish_division", pk, "--now")
    assert THIRD in {row.code for row in draft.drawn.all()}


def test_examples_hold() -> None:
    assert doctest.testmod(division_commands).failed == 0
