"""Many people at the same cases at once: every history is a chain of rows of the table, nothing is lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from django.db import connections

from backend.accounts.roles import Role
from backend.cases import services
from backend.cases.flows.holding import standard
from backend.cases.models import Case, CaseEvent
from backend.cases.services import Step
from backend.cases.workflow import Action, State
from backend.core.errors import DomainError
from backend.core.models import OutboxMessage
from tests.cases.test_spine import report
from tests.conftest import NOON
from tests.world import World, make_world

CASES, THREADS = 12, 6
WHO = ("leader:002011001", "worker:002011001", "community:002011", "street:002", "resident:1")
STEPS = (
    Action.ACCEPT, Action.ASSIGN, Action.CANCEL, Action.CLOSE, Action.DISPATCH, Action.FORCE_CLOSE, Action.HAND_BACK,
    Action.NOTE, Action.REOPEN, Action.RESUME, Action.RETURN, Action.REWORK, Action.SUBMIT, Action.SUSPEND,
)  # fmt: skip
# What ends a case for good is rare, so that there is something to fight for.
WEIGHTS = [0.02 if step in (Action.CANCEL, Action.FORCE_CLOSE) else 1.0 for step in STEPS]


def _one_of_many(world: World, case_ids: list[object], seed: int, tries: int) -> Counter[str]:
    """What came of so many steps by anybody on any case."""
    random, came = Random(seed), Counter[str]()
    try:
        for n in range(tries):
            (action,) = random.choices(STEPS, WEIGHTS)
            case_id, who = random.choice(case_ids), random.choice(WHO)
            version = None if random.random() < 0.5 else Case.objects.get(pk=case_id).version
            worker = world.people["leader:002011001"].pk if action is Action.ASSIGN else None
            step = Step(action, version=version, note="因故", worker_id=worker)
            try:
                services.act(
                    actor=world.actor(who),
                    case_id=case_id,
                    step=step,
                    now=NOON + timedelta(minutes=n),  # type: ignore[arg-type]
                )
                came["done"] += 1
            except DomainError as refusal:
                came[refusal.code] += 1
    finally:
        connections.close_all()
    return came


@pytest.mark.django_db(transaction=True)
def test_no_history_is_illegal_however_many_act_at_once(pytestconfig: pytest.Config) -> None:
    world, wanted = make_world(NOON), pytestconfig.getoption("transitions")
    resident = world.actor("resident:1")
    ids = [services.report_case(actor=resident, report=report(world), now=NOON).case.pk for _ in range(CASES)]
    before = CaseEvent.objects.count()
    with ThreadPoolExecutor(THREADS) as pool:
        runs = [pool.submit(_one_of_many, world, ids, seed, wanted // THREADS) for seed in range(THREADS)]
        came = sum((run.result() for run in runs), Counter[str]())
    assert came.total() == wanted // THREADS * THREADS
    assert {"done", "transition_not_allowed", "role_may_not"} <= set(came), came

    for case in Case.objects.all():
        lines = list(CaseEvent.objects.filter(case=case).order_by("n"))
        assert [line.n for line in lines] == list(range(1, len(lines) + 1))
        assert case.version == len(lines)
        assert lines[-1].to_state == case.state
        for last, line in pairwise(lines):
            assert line.from_state == last.to_state
            row = standard().find(State(line.from_state), Action(line.action), Role(line.actor_role))
            assert line.to_state == row.to
        told = OutboxMessage.objects.filter(topic="case_changed", key=str(case.pk)).values_list(
            "payload__event_id", flat=True
        )
        assert sorted(told) == sorted(str(line.pk) for line in lines)
    assert CaseEvent.objects.count() - before >= came["done"]
