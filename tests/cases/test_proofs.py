"""Proof by history: decisions follow from their own moment, whatever has changed since; a forged one is found."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from rest_framework.test import APIClient

from backend.accounts.actor import SYSTEM
from backend.areas.models import Absence, DutyChange
from backend.cases.errors import BadPeriod
from backend.cases.models import Case
from backend.cases.proofs import Proof, SetAside, prove
from backend.cases.services import PointIn, Step, act, report_case
from backend.cases.workflow import Action
from backend.dispatch import rules
from backend.dispatch.models import Rule, RuleVersion
from backend.dispatch.rules import RuleChange
from backend.matters.models import Matter
from tests.cases.test_disputes import AT_BORDER, case_at, returned, ruled
from tests.cases.test_division_trials import EAST, INSIDE
from tests.cases.test_spine import ANONYMOUS, report
from tests.dispatch.wishes import grid_wish, made
from tests.inspections.test_divisions import draft_of, half_split, published, reported
from tests.world import World

DAY = timedelta(days=1)


def proven(now: datetime, *, days: int = 30) -> Proof:
    return prove(actor=SYSTEM, start=now - days * DAY, end=now + DAY)


def test_decisions_follow_from_their_moment_after_boundaries_rules_and_duty_have_changed(
    world: World, now: datetime
) -> None:
    reported(world, *EAST, now - 6 * DAY)
    rule = made(SYSTEM, grid_wish(world, "002011001"), now - 5 * DAY)
    reported(world, *EAST, now - 4 * DAY)
    change = RuleChange(RuleVersion.Action.ENDED, rule.pk, version=rule.version)
    rules.write(actor=SYSTEM, change=change, now=now - 3 * DAY)
    reported(world, *INSIDE, now - 3 * DAY + timedelta(hours=1))
    Absence.objects.create(
        worker=world.people["leader:002011002"], period=DateTimeTZRange(now - 2 * DAY, now - DAY), reason="假"
    )
    reported(world, *INSIDE, now - 2 * DAY + timedelta(hours=1))
    published(world, half_split(world, draft_of(world, now), now), now)
    proof = proven(now)
    assert proof.decisions >= 4
    assert proof.disagreements == []
    assert proof.agreed + sum(proof.set_aside.values()) == proof.decisions
    assert Rule.objects.get().version == 2  # put back only inside


def test_a_forged_decision_is_found_and_named(world: World, now: datetime) -> None:
    case = reported(world, *INSIDE, now - DAY)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE dispatch_decision DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE dispatch_decision SET worker_id = %s WHERE case_id = %s",
            [world.people["leader:002011001"].pk, case.pk],
        )
        cursor.execute("ALTER TABLE dispatch_decision ENABLE TRIGGER USER")
    (found,) = proven(now).disagreements
    assert (found.decision.case_id, found.parts) == (case.pk, ["worker"])
    out = StringIO()
    day = str((now - DAY).date())
    with pytest.raises(CommandError) as refused:
        call_command("prove_routing", f"--from={day}", f"--to={now.date()}", "--json", stdout=out)
    assert refused.value.returncode == 2
    assert json.loads(out.getvalue())["disagreements"][0]["case"] == case.number


def test_what_a_person_ruled_is_set_aside(world: World, now: datetime) -> None:
    case = case_at(world, AT_BORDER, now)
    ruled(world, returned(world, case, now), now)
    proof = proven(now + DAY)
    assert proof.set_aside[SetAside.RULED] >= 1
    assert proof.disagreements == []


def test_a_matter_that_the_desk_changed_while_filing_is_set_aside_as_corrected(world: World, now: datetime) -> None:
    desk, garbage = world.actor("street:002"), world.matters["exposed_garbage"]
    waiting = world.matters["graffiti_removal"]
    Matter.objects.filter(pk=waiting.pk).update(auto_file=False)
    changed, same = (
        report_case(actor=ANONYMOUS, report=report(world, matter=waiting.slug), now=now - DAY).case for _ in range(2)
    )
    step = Step(Action.FILE, matter_id=garbage.pk)
    act(actor=desk, case_id=changed.pk, step=step, now=now)
    leader = world.people["leader:002011001"].pk
    act(actor=desk, case_id=same.pk, step=Step(Action.FILE, worker_id=leader), now=now)
    assert changed.events.get(action="file").facts == {"former_matter": str(waiting.pk)}
    assert same.events.get(action="file").facts == {}
    proof = proven(now)
    assert proof.set_aside == {SetAside.CORRECTED: changed.decisions.filter(at__lt=now).count()}
    assert proof.agreed == proof.decisions - 1


def test_others_cases_are_not_in_the_proof(world: World, now: datetime) -> None:
    report_case(actor=ANONYMOUS, report=report(world, point=PointIn(*INSIDE, "wgs84")), now=now)
    own, others = (
        prove(actor=world.actor(f"street:{code}"), start=now - DAY, end=now + DAY) for code in ("002", "003")
    )
    assert (own.decisions, others.decisions) == (Case.objects.count(), 0)
    with pytest.raises(BadPeriod):
        prove(actor=SYSTEM, start=now, end=now)


def test_the_console_shows_the_proof(world: World, now: datetime) -> None:

    case = reported(world, *INSIDE, now)
    client = APIClient(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(world.people["street:002"])
    told = client.get("/api/v1/console/proof", {"since": str(now.date()), "until": str(now.date())})
    assert told.status_code == 200
    assert (told.json()["decisions"], told.json()["agreed"], told.json()["disagreeing"]) == (1, 1, 0)
    assert told.json()["causes"] == {"intake": 1}
    assert case.decisions.count() == 1
    assert client.get("/api/v1/console/proof", {"since": str(now.date())}).status_code == 422


def test_an_absence_that_was_entered_afterwards_is_no_disagreement(world: World, now: datetime) -> None:
    reported(world, *INSIDE, now - DAY)
    leader = world.people["leader:002011002"]
    away = DateTimeTZRange(now - 2 * DAY, now + DAY)
    Absence.objects.create(worker=leader, period=away, reason="假")
    assert len(proven(now).disagreements) == 1
    DutyChange.objects.create(
        kind="absence", area=world.areas["330281002011"], worker=leader, starts_at=away.lower, ends_at=away.upper,
        digest=b"x", made_at=now,
    )  # fmt: skip
    proof = proven(now)
    assert (proof.disagreements, proof.set_aside) == ([], {SetAside.TOLD_LATER: 1})
