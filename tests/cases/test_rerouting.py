"""A change of the rule table moves open cases by preview, once, and leaves to people what people have touched."""

import threading
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from backend.accounts.actor import Actor
from backend.cases import rule_effects, services
from backend.cases.models import Case, CaseEvent, Reroute
from backend.cases.rerouting import Cause, reroute
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core.errors import DomainError, StaleVersion
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.dispatch import rules
from backend.dispatch import services as dispatch
from backend.dispatch.models import Decision, Rule, RuleVersion
from backend.dispatch.rules import RuleChange
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import NOON
from tests.dispatch.wishes import creation, grid_wish, wish
from tests.inspections.test_races import at_once
from tests.world import World, make_world

GRID = "002011001"


@pytest.fixture
def street(world: World) -> Actor:
    return world.actor("street:002")


def reported(world: World, now: datetime, **more: str) -> Case:
    return services.report_case(actor=ANONYMOUS, report=report(world, **more), now=now).case


def test_preview_and_apply_say_the_same_and_history_names_both(world: World, now: datetime, street: Actor) -> None:
    waiting, begun, elsewhere = (reported(world, now, grid=grid) for grid in (GRID, GRID, "003001001"))
    services.act(actor=world.actor(f"leader:{GRID}"), case_id=begun.pk, step=Step(Action.ACCEPT), now=now)
    change = creation(grid_wish(world, "002012001"))
    seen = rule_effects.preview(actor=street, change=change, now=now)
    assert [move.case.pk for move in seen.moves] == [waiting.pk]
    assert [move.case.pk for move in seen.to_decide] == [begun.pk]
    assert not Rule.objects.exists()
    assert Decision.objects.filter(cause="rule").count() == 0

    done = rule_effects.apply(actor=street, change=change, now=now, move_open=True, stamp=seen.stamp)
    assert done.moved == 1
    waiting.refresh_from_db()
    assert (waiting.grid, waiting.responsible) == (world.grid("002012001"), world.people["leader:002012001"])
    line = CaseEvent.objects.get(case=waiting, action="route")
    assert (line.facts["from_grid"], line.facts["to_grid"]) == ("330281002011001", "330281002012001")
    assert (line.facts["cause"], line.facts["change_id"]) == ("rule", str(done.version.pk if done.version else None))
    assert OutboxMessage.objects.filter(topic="case_handed_over", key=str(waiting.pk)).count() == 1
    for untouched in (begun, elsewhere):
        assert not untouched.events.filter(action="route").exists()


def test_a_repeat_of_the_change_moves_nothing_twice(world: World, now: datetime, street: Actor) -> None:
    case = reported(world, now)
    change = creation(wish(world))
    stamp = rule_effects.preview(actor=street, change=change, now=now).stamp
    for _ in range(2):
        rule_effects.apply(actor=street, change=change, now=now, move_open=True, stamp=stamp)
    assert Reroute.objects.count() == CaseEvent.objects.filter(case=case, action="route").count() == 1


def test_what_a_person_gave_to_somebody_stays(world: World, now: datetime, street: Actor) -> None:
    case = reported(world, now)
    given = Step(Action.ASSIGN, worker_id=world.people["worker:002011001"].pk)
    services.act(actor=street, case_id=case.pk, step=given, now=now)
    effect = rule_effects.apply(actor=street, change=creation(wish(world)), now=now, move_open=True)
    assert (effect.moves, [one.case.pk for one in effect.to_decide]) == ([], [case.pk])
    case.refresh_from_db()
    assert case.responsible == world.people["worker:002011001"]


def test_switching_off_brings_the_cases_back(world: World, now: datetime, street: Actor) -> None:
    change = creation(wish(world))
    rule_effects.apply(actor=street, change=change, now=now, move_open=True)
    case = reported(world, now)
    assert case.department == world.departments["sanitation"]
    off = RuleChange(RuleVersion.Action.SWITCHED_OFF, change.rule_id, 1)
    assert rule_effects.apply(actor=street, change=off, now=now, move_open=True).moved == 1
    case.refresh_from_db()
    assert (case.department, case.responsible) == (None, world.people[f"leader:{GRID}"])


def test_without_the_wish_to_move_open_work_stays(world: World, now: datetime, street: Actor) -> None:
    case = reported(world, now)
    rule_effects.apply(actor=street, change=creation(wish(world)), now=now, move_open=False)
    case.refresh_from_db()
    assert case.responsible == world.people[f"leader:{GRID}"]
    assert reported(world, now).department == world.departments["sanitation"]


def test_a_preview_that_no_longer_holds_is_refused_whole(world: World, now: datetime, street: Actor) -> None:
    change = creation(wish(world))
    stamp = rule_effects.preview(actor=street, change=change, now=now).stamp
    reported(world, now)
    with pytest.raises(StaleVersion):
        rule_effects.apply(actor=street, change=change, now=now, move_open=True, stamp=stamp)
    assert not Rule.objects.exists()


def test_a_case_not_yet_dispatched_gets_its_grid_only(world: World, now: datetime, street: Actor) -> None:
    case = reported(world, now, matter="abandoned_furniture")
    rule_effects.apply(actor=street, change=creation(grid_wish(world, "002012001")), now=now, move_open=True)
    case.refresh_from_db()
    assert (case.grid, case.responsible, case.state) == (world.grid("002012001"), None, "reported")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_turn", range(3))
def test_one_change_that_arrives_from_two_sides_moves_a_case_once(_turn: int) -> None:
    world = make_world(NOON)
    case = reported(world, NOON)
    street = world.actor("street:002")
    change = creation(wish(world))

    def apply() -> object:
        effect = rule_effects.apply(actor=street, change=change, now=NOON, move_open=True)
        return effect.moved, effect.is_new

    assert sorted(at_once(apply, apply), key=str) == [(0, False), (1, True)]
    assert CaseEvent.objects.filter(case=case, action="route").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_turn", range(3))
def test_a_case_that_is_accepted_meanwhile_is_moved_or_begun_never_both(_turn: int) -> None:
    world = make_world(NOON)
    case = reported(world, NOON)
    street, leader = world.actor("street:002"), world.actor(f"leader:{GRID}")
    change = creation(wish(world))
    at_once(
        lambda: rule_effects.apply(actor=street, change=change, now=NOON, move_open=True).moved,
        lambda: services.act(actor=leader, case_id=case.pk, step=Step(Action.ACCEPT), now=NOON).state,
    )
    case.refresh_from_db()
    moved = case.events.filter(action="route").exists()
    assert (case.state, moved) in (("handling", False), ("pending_handle", True))


@pytest.mark.django_db(transaction=True)
def test_nobody_begins_with_a_case_between_the_look_at_it_and_its_move(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(NOON)
    case = reported(world, NOON)
    leader, write = world.actor(f"leader:{GRID}"), rules.write

    def accept() -> None:
        with suppress(DomainError):
            services.act(actor=leader, case_id=case.pk, step=Step(Action.ACCEPT), now=NOON)
        connection.close()

    meanwhile = threading.Thread(target=accept)

    def write_slowly(**given: Any) -> RuleVersion:
        meanwhile.start()
        meanwhile.join(1.0)
        return write(**given)

    monkeypatch.setattr(rules, "write", write_slowly)
    change = creation(wish(world))
    assert rule_effects.apply(actor=world.actor("street:002"), change=change, now=NOON, move_open=True).moved == 1
    meanwhile.join()
    # Whoever accepts comes after the move, and is told that the case is a department's by now.
    case.refresh_from_db()
    steps = [action for action in case.events.order_by("n").values_list("action", flat=True) if action != "dispatch"]
    assert steps == ["report", "file", "route"]
    assert (case.state, case.department) == ("pending_handle", world.departments["sanitation"])


def test_reroute_answers_false_for_the_same_change(world: World, now: datetime) -> None:
    case, change_id = reported(world, now), uuid7()
    verdict = dispatch.decide(lon=case.location.x, lat=case.location.y, accuracy_m=None, matter=case.matter, now=now)
    given = {"verdict": verdict, "cause": Cause.RULE, "change_id": change_id, "actor": ANONYMOUS, "now": now}
    assert [reroute(case, **given) for _ in range(2)] == [True, False]  # type: ignore[arg-type]
