"""Two people who say something about one flagged day at once: one word stands, both are in the audit trail."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from backend.core.models import AuditEntry
from backend.patrols import services, suspicions
from backend.patrols.models import TrackLook
from tests.conftest import NOON
from tests.inspections.test_races import at_once
from tests.patrols.test_sessions import LEADER, agree, point, start
from tests.patrols.test_suspicions import judge
from tests.world import World, make_world

WORDS = {"street:002": "talk", "community:002011": "fine"}


def jumped(world: World) -> None:
    agree(world, LEADER, NOON - timedelta(days=9))
    early = NOON - timedelta(minutes=50)
    session = start(world, early, started_at=early)
    points = [point(n, early + timedelta(seconds=10 * n), lon=121.1705 + (n == 10) * 0.1) for n in range(20)]
    services.take_positions(actor=world.actor(LEADER), session_id=session.pk, points=points, now=NOON)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_first_word", [True, False])
def test_two_words_at_once_leave_one(monkeypatch: pytest.MonkeyPatch, is_first_word: bool) -> None:
    world = make_world(NOON)
    jumped(world)
    if not is_first_word:
        judge(world, "street:002", NOON)
    hints_of, gate = suspicions.hints_of, threading.Barrier(2)

    def hints_slowly(*given: Any, **more: Any) -> Any:
        found = hints_of(*given, **more)
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=5)
        return found

    monkeypatch.setattr(suspicions, "hints_of", hints_slowly)

    def saying(who: str, verdict: str) -> Callable[[], str]:
        return lambda: judge(world, who, NOON, verdict=verdict).verdict

    said = at_once(*[saying(who, verdict) for who, verdict in WORDS.items()])
    assert sorted(map(str, said)) == ["fine", "talk"]
    look = TrackLook.objects.get()
    assert look.verdict == WORDS[next(name for name in WORDS if world.people[name].pk == look.looked_by_id)]
    kept = AuditEntry.objects.filter(action="judge_track").order_by("seq")
    assert [entry.facts["verdict"] for entry in kept][-1] == look.verdict
    assert kept.count() == (2 if is_first_word else 3)
