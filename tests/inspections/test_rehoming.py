"""Open work on its way to new boundaries: many rows a statement, the same as row by row, and nothing left behind."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from backend.accounts.actor import SYSTEM
from backend.areas import edits, queries
from backend.areas.models import Area, Division
from backend.cases import intake
from backend.cases.models import Case, CaseEvent, Dispute
from backend.cases.rehoming import rehome_cases
from backend.cases.services import Step, act
from backend.cases.workflow import Action
from backend.core.models import OutboxMessage
from backend.dispatch import services as dispatch
from backend.dispatch.models import Decision
from backend.dispatch.services import Ask
from backend.inspections import dividing, rehoming
from benchmarks.peers.rehoming import rehome_one_by_one
from tests.cases.test_disputes import AT_BORDER, OWN, case_at, returned, ruled
from tests.dispatch.wishes import grid_wish, made, river, wish
from tests.inspections.test_divisions import (
    COMMUNITY,
    SECOND,
    THIRD,
    checked,
    draft_of,
    edited,
    half_split,
    published,
    reported,
)
from tests.world import SIDE, SOUTH, WEST, World, make_world

EAST = (WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE)
STATES = ("reported", "filed", "pending_handle", "handling", "suspended", "pending_check")
Rehome = Callable[..., list[UUID]]


def town_of_cases(world: World, now: datetime) -> list[UUID]:
    """Cases of every open state, all over the community, on borders and beside them, of precise and of poor fixes."""
    chance = random.Random(11)
    ids = []
    for number in range(90):
        lon = WEST + chance.choice([chance.uniform(-0.05, 3.05), chance.randint(0, 3), 1.6]) * SIDE
        lat = SOUTH + chance.choice([chance.uniform(-0.3, 1.1), 0.5, 1.0]) * SIDE
        case = reported(world, round(lon, 7), round(lat, 7), now)
        matter = world.matters[chance.choice(["exposed_garbage", "dirty_road", "graffiti_removal"])]
        Case.objects.filter(pk=case.pk).update(
            state=STATES[number % len(STATES)], matter=matter,
            accuracy_m=chance.choice([None, 3.0, 25.0, 80.0]),
            dispatched_at=None if number % len(STATES) < 2 else now, due_at=None,
            responsible=None if number % 4 == 0 else world.people["leader:002011002"],
        )  # fmt: skip
        ids.append(case.pk)
    Case.objects.filter(pk=ids[-1]).update(state="closed")
    return ids


def written(rehome: Rehome, ids: Collection[UUID], division: Division, at: datetime) -> dict[str, Any]:
    """What the way writes, without the ids that it makes; taken back afterwards."""
    events = set(CaseEvent.objects.values_list("pk", flat=True))
    decisions = set(Decision.objects.values_list("pk", flat=True))
    owed = OutboxMessage.objects.order_by("-id").values_list("pk", flat=True).first() or 0
    with transaction.atomic():
        moved = rehome(ids, change_id=division.pk, now=at)
        rows = {
            "moved": moved,
            "cases": list(Case.objects.order_by("pk").values()),
            "disputes": list(Dispute.objects.order_by("pk").values()),
            "lines": [
                {**row, "facts": {k: v for k, v in row["facts"].items() if k != "decision_id"}, "id": None}
                for row in CaseEvent.objects.exclude(pk__in=events).order_by("case", "n").values()
            ],
            "decisions": [
                {**row, "id": None} for row in Decision.objects.exclude(pk__in=decisions).order_by("case").values()
            ],
            "linked": CaseEvent.objects.exclude(pk__in=events)
            .filter(facts__decision_id__in=[str(pk) for pk in Decision.objects.values_list("pk", flat=True)])
            .count(),
            "owed": [
                {**row, "id": None, "payload": {k: v for k, v in row["payload"].items() if k != "event_id"}}
                for row in OutboxMessage.objects.filter(pk__gt=owed).order_by("id").values()
            ],
        }
        transaction.set_rollback(True)
    return rows


def town_of_rules(world: World, now: datetime) -> None:
    """A river that a grid answers for, a matter that a department takes, and one of the same priority that loses."""
    street = world.actor("street:002")
    made(street, grid_wish(world, "002011001", shape=river(), reach_m=30), now)
    made(street, wish(world, matter_id=world.matters["graffiti_removal"].pk, priority=300), now)
    made(street, wish(world, name_zh="让位", matter_id=world.matters["graffiti_removal"].pk), now)


def same_both_ways(ids: Collection[UUID], division: Division, at: datetime) -> dict[str, Any]:
    """What both ways write, once they are found to write the same."""
    wanted, found = (written(way, ids, division, at) for way in (rehome_one_by_one, rehome_cases))
    assert wanted["linked"] == len(wanted["moved"])
    for kind, rows in wanted.items():
        assert found[kind] == rows, kind
    return wanted


def test_many_at_once_are_what_one_by_one_would_be(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.cases.rehoming.AT_A_TIME", 40)
    town_of_cases(world, now)
    draft = draft_of(world, now)
    half_split(world, draft, now)
    moment = now + timedelta(days=2)
    returned(world, reported(world, *EAST, now), now, by="leader:002011002")
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    town_of_rules(world, now)
    ids = list(Case.objects.values_list("pk", flat=True))
    division = published(world, draft, now, at=moment)
    wanted = same_both_ways(ids, division, moment)
    assert len(wanted["moved"]) > 20
    assert [one["state"] for one in wanted["disputes"]].count("withdrawn") == 1
    rules = Counter(one["rule"] for one in wanted["decisions"])
    assert rules["rule_grid"] > 0
    assert rules["rule_department"] > 0
    assert all(one["rule_version_id"] for one in wanted["decisions"] if one["rule"].startswith("rule_"))
    assert any(one["beaten"] for one in wanted["decisions"])


def test_rulings_under_the_new_boundaries_are_told_and_held_both_ways(world: World, now: datetime) -> None:
    """One case was ruled on and stays with its ruling; its neighbours hear of it in their decisions."""
    division = published(world, half_split(world, draft_of(world, now), now), now)
    dispute = returned(world, case_at(world, AT_BORDER, now), now)
    ruled(world, dispute, now)
    near = [case_at(world, AT_BORDER, now).pk for _ in range(3)]
    ids = [dispute.case_id, *near]
    far = Area.objects.get(code=THIRD)
    Case.objects.filter(pk__in=ids).update(grid=far, area_path=far.path)
    wanted = same_both_ways(ids, division, now)
    assert wanted["moved"] == sorted(ids)
    told = {one["case_id"]: (one["rule"] == "dispute_ruling", bool(one["rulings"])) for one in wanted["decisions"]}
    assert told == {dispute.case_id: (True, False), **dict.fromkeys(near, (False, True))}


def test_a_second_run_writes_nothing(world: World, now: datetime) -> None:
    ids = town_of_cases(world, now)
    division = published(world, half_split(world, draft_of(world, now), now), now)
    before = CaseEvent.objects.count(), Decision.objects.count(), OutboxMessage.objects.count()
    assert rehome_cases(ids, change_id=division.pk, now=now) == []
    assert (CaseEvent.objects.count(), Decision.objects.count(), OutboxMessage.objects.count()) == before


def test_the_number_of_statements_does_not_grow_with_the_cases(
    world: World, now: datetime, django_assert_max_num_queries: Any
) -> None:
    ids = town_of_cases(world, now)
    moment = now + timedelta(days=2)
    division = published(world, half_split(world, draft_of(world, now), now), now, at=moment)
    near = list(Case.objects.filter(pk__in=ids, grid__isnull=False).values_list("pk", flat=True))
    with django_assert_max_num_queries(21):
        assert len(rehome_cases(near, change_id=division.pk, now=moment)) > 10


def test_many_decisions_at_once_tell_of_earlier_rulings_too(world: World, now: datetime) -> None:
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    inside = case_at(world, world.middle_of(OWN), now, matter="dirty_road")
    own = world.grid(OWN).code
    dispute = returned(world, inside, now, by="department:sanitation", grid_code=own)
    ruled(world, dispute, now, by="street:002", grid_code=own)
    chance, asks = random.Random(3), []
    for matter in ("exposed_garbage", "dirty_road", "graffiti_removal"):
        spots = [AT_BORDER, world.middle_of(OWN), (121.17172, 30.0510), (121.17166, 30.0510), (121.17195, 30.0518)]
        spots += [(WEST + chance.uniform(-0.3, 3) * SIDE, SOUTH + chance.uniform(-0.3, 3) * SIDE) for _ in range(40)]
        asks += [Ask(*spot, chance.choice([None, 30.0]), world.matters[matter]) for spot in spots]
    found = dispatch.decide_many(asks, now=now)
    assert sum(bool(one and one.rulings) for one in found) > 6
    assert found == [
        dispatch.decide(lon=one.lon, lat=one.lat, accuracy_m=one.accuracy_m, matter=one.matter, now=now) for one in asks
    ]


def in_thread(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """The running thread and where its result (or error) will be."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def publish_now(division: Division, now: datetime) -> Division:
    return dividing.publish_division(
        actor=SYSTEM, division_id=division.pk, version=division.version, effective_at=None, now=now
    )


def await_lock_queue() -> None:
    """Until somebody waits for an advisory lock."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.django_db(transaction=True)
def test_a_report_decided_before_a_publish_and_stored_after_it_follows(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(now)
    division = checked(world, half_split(world, draft_of(world, now), now), now)
    decided, go_on = threading.Event(), threading.Event()
    keep = intake._open

    def waits(*words: Any, **more: Any) -> None:
        decided.set()
        assert go_on.wait(20)
        keep(*words, **more)

    monkeypatch.setattr(intake, "_open", waits)
    thread, results = in_thread(lambda: reported(world, *EAST, now - timedelta(seconds=1)))
    assert decided.wait(20)
    publish_now(division, now)
    go_on.set()
    thread.join()
    case = Case.objects.get(pk=results[0].pk)
    assert case.grid is not None
    assert (case.grid.code, results[0].grid.code) == (f"{COMMUNITY}004",) * 2
    line = CaseEvent.objects.filter(case=case, action="route").get()
    assert (line.facts["from_grid"], line.facts["to_grid"]) == (SECOND, f"{COMMUNITY}004")
    assert line.facts["change_id"] == str(division.pk)


@pytest.mark.django_db(transaction=True)
def test_a_report_stored_while_a_publish_ends_is_taken_along(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has passed its last look; the publish, done with everything else, waits for it and looks once more."""
    world = make_world(now)
    division = checked(world, half_split(world, draft_of(world, now), now), now)
    held, go_on = threading.Event(), threading.Event()
    number = intake._next_number

    def waits(*words: Any) -> str:
        held.set()
        assert go_on.wait(20)
        return number(*words)

    monkeypatch.setattr(intake, "_next_number", waits)
    thread, results = in_thread(lambda: reported(world, *EAST, now - timedelta(seconds=1)))
    assert held.wait(20)
    publishing, published_one = in_thread(lambda: publish_now(division, now))
    await_lock_queue()
    go_on.set()
    thread.join(), publishing.join()
    assert published_one[0].moved["cases"] == 1
    case = Case.objects.get(pk=results[0].pk)
    assert case.grid is not None
    assert case.grid.code == f"{COMMUNITY}004"
    assert CaseEvent.objects.filter(case=case, action="route").count() == 1


@pytest.mark.django_db(transaction=True)
def test_reports_and_steps_at_once_with_publishes_neither_deadlock_nor_stay_behind(now: datetime) -> None:
    world = make_world(now)
    leader = world.actor("leader:002011002")
    waiting = [reported(world, *EAST, now) for _ in range(12)]
    stop = threading.Event()
    chance = random.Random(5)

    def report() -> int:
        count = 0
        while not stop.is_set():
            lon, lat = WEST + chance.uniform(0.05, 2.95) * SIDE, SOUTH + chance.uniform(0.05, 0.95) * SIDE
            reported(world, round(lon, 7), round(lat, 7), now)
            count += 1
        return count

    def accept() -> int:
        for case in waiting:
            act(actor=leader, case_id=case.pk, step=Step(Action.ACCEPT), now=now)
        return len(waiting)

    threads = [in_thread(call) for call in (report, report, accept)]
    changes = (None, edits.Merge((THIRD, f"{COMMUNITY}004")), edits.Merge((f"{COMMUNITY}001", SECOND)))
    moments = [now + timedelta(seconds=number) for number in range(3)]
    try:
        for at, change in zip(moments, changes, strict=True):
            draft = draft_of(world, at)
            published(world, edited(world, draft, change, at) if change else half_split(world, draft, at), at)
    finally:
        stop.set()
        for thread, _ in threads:
            thread.join()
    assert [type(results[0]) for _, results in threads] == [int, int, int], [results for _, results in threads]
    rehoming.switch_due(now=moments[-1])
    for case in Case.objects.select_related("grid"):
        home = queries.locate(case.location.x, case.location.y, accuracy_m=None, snap_m=25, now=moments[-1])
        assert case.grid is not None
        assert case.grid.code == home.code
        for line in CaseEvent.objects.filter(case=case, facts__cause="boundary"):
            assert line.facts["from_grid"] != line.facts["to_grid"]
    assert Area.objects.filter(parent__code=COMMUNITY, closed_at=None).count() == 2
