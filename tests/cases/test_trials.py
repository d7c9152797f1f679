"""A change of the rules tried on the past: each case as of its own moment, nothing kept, few statements."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext

from backend.accounts.actor import Actor
from backend.areas.models import Absence
from backend.cases import services, trials
from backend.cases.errors import BadPeriod
from backend.cases.models import Case
from backend.cases.rule_tables import RulesOf
from backend.dispatch.errors import BadRule
from backend.dispatch.models import Decision, Rule, RuleVersion
from backend.dispatch.rules import RuleChange
from tests.cases.test_spine import ANONYMOUS, report
from tests.dispatch.wishes import creation, grid_wish, made, river, wish
from tests.world import World

GRID = "002011001"
DAY = timedelta(days=1)


@pytest.fixture
def street(world: World) -> Actor:
    return world.actor("street:002")


def reported(world: World, at: datetime, *, grid: str = GRID) -> Case:
    return services.report_case(actor=ANONYMOUS, report=report(world, grid=grid), now=at).case


def test_the_figures_say_who_gets_more_and_who_less(world: World, now: datetime, street: Actor) -> None:
    inside = [reported(world, now - DAY * n, grid="002011002") for n in (1, 2, 3)]
    reported(world, now - DAY, grid="002012001")
    reported(world, now - DAY * 9, grid="002011002")
    change = creation(grid_wish(world, "002012001", shape=river(), reach_m=30))
    trial = trials.try_out(actor=street, change=change, start=now - DAY * 4, end=now, now=now)
    assert trial.cases == 4
    assert [move.case.pk for move in trial.elsewhere] == [case.pk for case in reversed(inside)]
    assert {(load.kind, load.code[6:], load.before, load.after) for load in trial.loads} == {
        ("grid", "002011002", 3, 0),
        ("grid", "002012001", 1, 4),
    }
    assert not Rule.objects.exists()
    assert not Decision.objects.exclude(cause="intake").exists()


@pytest.mark.parametrize(("code", "desk"), [("330281002", "330281002"), ("330281002011", "330281002011")])
def test_the_load_of_a_desk_is_told_by_the_desk_that_bears_it(
    world: World, now: datetime, street: Actor, code: str, desk: str
) -> None:
    reported(world, now - DAY)
    change = creation(wish(world, target="desk", department_id=None, target_code=code))
    trial = trials.try_out(actor=street, change=change, start=now - 2 * DAY, end=now, now=now)
    assert [(load.code, load.after) for load in trial.loads if load.kind == "desk"] == [(desk, 1)]


def test_a_case_is_decided_by_the_duty_of_its_own_moment(world: World, now: datetime, street: Actor) -> None:
    early, late = reported(world, now - DAY * 5), reported(world, now - DAY)
    Absence.objects.create(
        worker=world.people["leader:002011002"], period=DateTimeTZRange(now - DAY * 2, None), kind="sick"
    )
    trial = trials.try_out(
        actor=street, change=creation(grid_wish(world, "002011002")), start=now - DAY * 6, end=now, now=now
    )
    owners = {move.case.pk: move.after.owner.value for move in trial.elsewhere}
    assert owners == {early.pk: "worker", late.pk: "community_desk"}


@pytest.mark.parametrize("action", [RuleVersion.Action.SWITCHED_OFF, RuleVersion.Action.ENDED])
def test_taking_a_rule_away_is_tried_on_a_past_that_it_never_held_in(
    world: World, now: datetime, street: Actor, action: RuleVersion.Action
) -> None:
    case = reported(world, now - DAY)
    rule = made(street, wish(world, valid_from=now), now)
    trial = trials.try_out(
        actor=street, change=RuleChange(action, rule.pk, 1), start=now - DAY * 2, end=now, now=now + DAY
    )
    assert [(move.case.pk, move.before.rule, move.after.rule) for move in trial.elsewhere] == [
        (case.pk, "rule_department", "duty_leader")
    ]
    rule.refresh_from_db()
    assert (rule.enabled, rule.version, rule.valid.lower) == (True, 1, now)


def test_the_other_rules_are_those_of_today_or_those_of_then(world: World, now: datetime, street: Actor) -> None:
    """A stronger rule that came in between hides the change from then on, or, by today's table, all the time."""
    early, late = reported(world, now - DAY * 5), reported(world, now - DAY)
    stronger = made(street, wish(world, priority=900, name_zh="强"), now - DAY * 3)
    tried = creation(wish(world, target="desk", department_id=None, target_code="330281002"))
    for rules_of, elsewhere in ((RulesOf.TODAY, []), (RulesOf.THEN, [early.pk])):
        trial = trials.try_out(actor=street, change=tried, start=now - DAY * 6, end=now, now=now, rules_of=rules_of)
        assert ([move.case.pk for move in trial.elsewhere], trial.rules_of) == (elsewhere, rules_of)
    # The tried rule itself is the one of today on both sides, however young it is.
    off = RuleChange(RuleVersion.Action.SWITCHED_OFF, stronger.pk, 1)
    trial = trials.try_out(actor=street, change=off, start=now - DAY * 6, end=now, now=now, rules_of=RulesOf.THEN)
    assert [move.case.pk for move in trial.elsewhere] == [early.pk, late.pk]
    stronger.refresh_from_db()
    assert (stronger.version, stronger.enabled, stronger.valid.lower) == (1, True, wish(world).valid_from)


def test_a_street_tries_on_its_own_cases_only(world: World, now: datetime) -> None:
    reported(world, now - DAY, grid="003001001")
    mine = reported(world, now - DAY)
    wished = wish(world, area_code="330281")
    for name, expected in (("district", 2), ("street:002", None)):
        if expected is None:
            with pytest.raises(BadRule):
                trials.try_out(actor=world.actor(name), change=creation(wished), start=now - DAY * 2, end=now, now=now)
        else:
            trial = trials.try_out(
                actor=world.actor(name), change=creation(wished), start=now - DAY * 2, end=now, now=now
            )
            assert trial.cases == expected
    assert Case.objects.get(pk=mine.pk).responsible == world.people[f"leader:{GRID}"]


def test_many_cases_need_no_more_statements(world: World, now: datetime, street: Actor) -> None:
    counts = []
    for _ in range(2):
        for hour in range(6):
            reported(world, now - timedelta(hours=hour + 1))
        with CaptureQueriesContext(connection) as caught:
            trials.try_out(actor=street, change=creation(wish(world)), start=now - DAY, end=now, now=now)
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_an_empty_period_is_refused(world: World, now: datetime, street: Actor) -> None:
    with pytest.raises(BadPeriod):
        trials.try_out(actor=street, change=creation(wish(world)), start=now, end=now, now=now)


def test_the_command_says_the_same_as_table_and_json(
    world: World, now: datetime, street: Actor, tmp_path: Path
) -> None:
    case = reported(world, now - DAY)
    file = tmp_path / "rule.json"
    wished = {
        "name_zh": "环卫代管", "area_code": "330281002", "target": "department",
        "department_id": str(world.departments["sanitation"].pk), "valid_from": now.isoformat(), "hours_from": "08:00",
        "hours_until": "18:00",
    }  # fmt: skip
    file.write_text(json.dumps(wished), "utf-8")
    period = {"start": (now - DAY * 2).date(), "end": now.date()}
    out = StringIO()
    call_command("try_rules", file=file, json=True, stdout=out, **period)
    said = json.loads(out.getvalue())
    assert (said["cases"], said["elsewhere"]) == (1, 1)
    assert said["moved"][0]["number"] == case.number
    assert said["moved"][0]["after"] == ["department", "sanitation"]
    out = StringIO()
    call_command("try_rules", file=file, stdout=out, **period)
    assert "other rules of today: 1 cases, 1 would have gone elsewhere" in out.getvalue()
    assert case.number in out.getvalue()
    file.write_text(json.dumps({**wished, "colour": "red"}), "utf-8")
    with pytest.raises(CommandError, match="colour"):
        call_command("try_rules", file=file, **period)
