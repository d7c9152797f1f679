"""Two editors of one entry of the directory at the same time: one counts, the other sees what is there now."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from backend.core.ids import uuid7
from backend.dispatch import directory
from backend.dispatch.directory import DirectoryChange, EntryWish, Step
from backend.dispatch.models import DepartmentDuty
from tests.conftest import NOON
from tests.dispatch.test_department_duty import enter
from tests.inspections.test_races import at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def both_at_the_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each editor waits for the other where both could have read the same version; under a lock only one gets there."""
    fill, gate = directory._fill, threading.Barrier(2)

    def fill_slowly(*given: Any, **more: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=1.5)
        fill(*given, **more)

    monkeypatch.setattr(directory, "_fill", fill_slowly)


def editing(world: World, entry: DepartmentDuty, who: str, person: str) -> Callable[[], str]:
    wish = EntryWish(
        entry.department_id, "330281002", person, "0574-9", entry.valid.lower, ends=NOON + timedelta(days=9)
    )
    change = DirectoryChange(Step.CHANGED, entry.pk, version=entry.version, wish=wish)

    def edit() -> str:
        done = directory.write(actor=world.actor(who), change=change, now=NOON).entry
        return done.person if done else ""

    return edit


@pytest.mark.parametrize("begins_in_days", [-1, 1])
def test_of_two_editors_at_once_one_counts(monkeypatch: pytest.MonkeyPatch, begins_in_days: int) -> None:
    world = make_world(NOON)
    valid = (NOON + timedelta(days=begins_in_days), None)
    entry = enter(world, NOON, id=uuid7(), area=world.areas["330281002"], valid=valid)
    entry.refresh_from_db()
    both_at_the_writing(monkeypatch)
    results = at_once(editing(world, entry, "street:002", "甲"), editing(world, entry, "district", "乙"))
    refused = [one for one in results if one not in ("甲", "乙")]
    assert refused == ["stale_version"]
    (winner,) = set(results) - {"stale_version"}
    assert DepartmentDuty.objects.filter(person__in=("甲", "乙")).get().person == winner
